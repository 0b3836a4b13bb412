"""Three people find what they need on the pages, in a real browser."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_kit import chromium, needs_chromium
from evidence_world import START
from pages_kit import BOB, CARL, FORMULA, MFA, SCRIPT, TARGET, VERSIONS, serving
from playwright.sync_api import expect

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("pages") / "home"


@pytest.fixture(scope="module")
def address(home):
    with serving(home) as address:
        yield address


@pytest.fixture
def told(home, address):
    """The folder of the world, when it is told."""
    assert address
    return home


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, address):
    """A page of a new browser: whatever its console or its policy complains of is a failure."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints


PAGES = (
    "/",
    "/controls",
    "/controls/multi-factor",
    "/controls/weaknesses-reported",
    "/rules",
    f"/rules/{MFA}",
    "/findings",
    f"/finding?rule={MFA}&target={TARGET}&resource={BOB}",
    f"/resource?id={BOB}",
    "/deviations?from=2026-01-01",
    "/unseen",
    "/people",
    "/runs",
    "/runs/9",
    "/log",
    "/log/9",
    "/reports",
    "/runbooks",
    "/runbooks/SeriesReduced",
    "/controls/nothing",
)


def test_axe_finds_no_fault_on_any_page_and_none_is_wider_than_a_telephone(browser, address):
    context = browser.new_context(base_url=address, viewport={"width": 375, "height": 800})
    page = context.new_page()
    faults = {}
    for path in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        found = _faults(page, {"resultTypes": ["violations"]})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than 375 pixels")
        page.emulate_media(color_scheme="dark")  # the same page: nothing but its colours differs
        found += _faults(page, {"runOnly": ["color-contrast"], "resultTypes": ["violations"]})
        if found:
            faults[path] = found
    context.close()
    assert not faults


def _faults(page, options):
    return [
        (fault["id"], fault["nodes"][0]["html"][:200], fault["nodes"][0]["failureSummary"])
        for fault in Axe().run(page, options=options).response["violations"]
    ]


def test_an_engineer_who_is_woken_finds_the_resource_the_reason_and_what_to_do(page):
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 rules fail")
    page.get_by_role("link", name="IAM users with a console password have MFA").click()
    page.get_by_role("region", name="Findings that do not pass").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "IAM users with a console password have MFA"
    )
    main = page.get_by_role("main")
    expect(main).to_contain_text("bob can sign in with a password alone")
    expect(main).to_contain_text("IAM > Users > bob > Security credentials")
    expect(main).to_contain_text("2026-02-20 00:02:00")
    expect(page.get_by_label("Values that the rule read")).to_contain_text('"mfa_active": false')
    page.get_by_role("link", name="its runbook").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(
        ["Meaning", "Impact", "Diagnosis", "Mitigation", "About this page"]
    )
    page.go_back()
    page.get_by_role("link", name=BOB).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(BOB)


def test_an_engineer_sees_what_could_not_be_seen_and_what_to_grant(page):
    page.goto("/")
    page.get_by_role("link", name="All of it, with its reasons").click()
    errors = page.get_by_role("region", name="Findings that are errors")
    expect(errors).to_contain_text("not authorized to perform ec2:DescribeSecurityGroups")
    expect(errors).to_contain_text("ec2:DescribeSecurityGroups")
    unknown = page.get_by_role("region", name="Rules whose state is unknown")
    expect(unknown).to_contain_text("azure:sub-1")
    missing = page.get_by_role("region", name="Slots without a run")
    expect(missing).to_contain_text("agent down")


def test_a_compliance_lead_sees_what_is_due_and_waived_and_takes_a_report(page):
    page.goto("/")
    page.get_by_role("link", name="All that is due, and the waivers").click()
    waiver = page.get_by_role("row").filter(has_text="old-bills")
    expect(waiver).to_contain_text("in force")
    expect(waiver).to_contain_text("SEC-1")
    expect(waiver).to_contain_text(FORMULA)
    recorded = page.get_by_role("region", name="Attestations recorded in the last 90 days")
    expect(recorded).to_contain_text("Ana Lopez, reviewed by Bob Ito")
    expect(page.get_by_role("region", name="Attestations that are due next")).to_be_visible()
    page.get_by_role("link", name="Reports", exact=True).click()
    form = page.get_by_role("region", name="Type II")
    form.get_by_label("From (UTC)").fill("2026-01-01")
    with page.expect_download() as download:
        form.get_by_role("button", name="Download HTML").click()
    assert download.value.suggested_filename == "type2-2026-01-01-to-2026-03-01.html"
    text = Path(download.value.path()).read_text()
    assert "SOC 2 Type II" in text
    assert CARL in text


def test_an_auditor_goes_from_a_control_to_the_entry_and_verifies_it_in_the_browser(page):
    page.goto("/controls/multi-factor")
    expect(page.get_by_role("main")).to_contain_text("Failing on")
    page.get_by_label("From").fill("2026-01-05")
    page.get_by_label("To, not in it").fill("2026-01-25")
    page.get_by_role("button", name="Show").click()
    deviations = page.get_by_role("region", name="Deviations of the control")
    expect(deviations.get_by_role("row")).to_have_count(2)
    deviations.get_by_role("link", name=CARL).click()
    page.get_by_role("row").filter(has_text="failing").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Entry")
    page.get_by_role("button", name="Verify in your browser").click()
    expect(page.get_by_role("status")).to_contain_text("Valid: example.com/log")
    steps = page.locator("#steps")
    expect(steps).to_contain_text("leads to the root")
    expect(steps).to_contain_text("is signed by the key that the log names")
    expect(page.locator("#entry-text")).to_contain_text('"kind": "run"')


def test_an_auditor_compares_the_log_with_the_checkpoint_and_key_that_he_holds(page, told):
    with sqlite3.connect(f"file:{told / 'evidence.db'}?mode=ro", uri=True) as store:
        notes = store.execute("SELECT note FROM checkpoint WHERE size IN (7, 8, 40)").fetchall()
    key = page.request.get("/log").text().split('id="vkey">')[1].split("<")[0].replace("&#43;", "+")
    for (note,) in notes:
        page.goto("/log")
        page.get_by_label("Checkpoint that you hold").fill(note.decode())
        page.get_by_label("Verifier key that you expect").fill(key)
        page.get_by_role("button", name="Verify in your browser").click()
        expect(page.get_by_role("status")).to_contain_text("Valid")
        expect(page.locator("#steps")).to_contain_text("signed by the key that you expect")
        expect(page.locator("#steps")).to_contain_text("contains the checkpoint that you hold")
    expect(page.locator("#steps")).to_contain_text("extends what this browser saw before")
    page.get_by_label("Verifier key that you expect").fill("example.com/log+00000000+AAAA")
    page.get_by_role("button", name="Verify in your browser").click()
    expect(page.get_by_role("status")).to_contain_text("Invalid: the id of the verifier key")


def _tampered(home, folder, sql, *values):
    """Copy a store and change it, as somebody would who can write the file."""
    shutil.copytree(home, folder)
    with sqlite3.connect(folder / "evidence.db") as store:
        for (name,) in store.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            store.execute(f"DROP TRIGGER {name}")
        assert store.execute(sql, values).rowcount
    store.close()
    return serving(folder)


def _verdict(browser, address, path, held=""):
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(path)
    if held:
        page.get_by_label("Checkpoint that you hold").fill(held)
    page.get_by_role("button", name="Verify in your browser").click()
    expect(page.get_by_role("status")).not_to_be_empty()
    said = page.get_by_role("status").inner_text()
    context.close()
    return said


def test_a_byte_that_was_changed_in_an_entry_is_found_by_the_browser(told, browser, tmp_path):
    change = (
        "UPDATE entry SET body = CAST(replace(body, 'role/assay', 'role/other') AS BLOB)"
        " WHERE idx = 20"
    )
    with _tampered(told, tmp_path / "home", change) as other:
        assert _verdict(browser, other, "/log/20").startswith("Invalid: these")
        assert _verdict(browser, other, "/log/21").startswith("Valid")


def test_a_checkpoint_that_the_key_did_not_sign_is_found_by_the_browser(told, browser, tmp_path):
    change = (
        "UPDATE checkpoint SET note = CAST(replace(note, substr(note, -20, 4), 'AAAA') AS BLOB)"
        " WHERE size = (SELECT max(size) FROM checkpoint)"
    )
    with _tampered(told, tmp_path / "home", change) as other:
        assert _verdict(browser, other, "/log").startswith("Invalid: the signature of")


def test_a_log_that_was_written_anew_does_not_contain_the_checkpoint_that_one_holds(
    told, browser, tmp_path
):
    with sqlite3.connect(f"file:{told / 'evidence.db'}?mode=ro", uri=True) as store:
        ((held,),) = store.execute("SELECT note FROM checkpoint WHERE size = 8").fetchall()
    with serving(tmp_path / "home", start=START + timedelta(minutes=1), days=8) as other:
        said = _verdict(browser, other, "/log", held.decode())
    assert said.startswith("Invalid: this log does not extend the checkpoint that you hold")


def test_what_a_cloud_calls_its_things_is_shown_and_not_run(page):
    page.goto("/findings?outcome=fail")
    expect(page.get_by_role("link", name=SCRIPT)).to_be_visible()
    assert page.title() == "Findings - Assay"
    page.get_by_role("link", name=SCRIPT).click()
    expect(page.get_by_role("main")).to_contain_text(f"{SCRIPT} does not keep earlier versions")
    page.goto("/findings?outcome=waived")
    page.get_by_role("link", name=FORMULA).click()
    expect(page.get_by_role("main")).to_contain_text(FORMULA)
    assert VERSIONS in page.url
    assert TARGET.replace(":", "%3A") in page.url
    assert MFA not in page.url


def test_everything_is_reached_by_keyboard_alone(page):
    page.goto("/findings")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("bob")
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings?q=bob*")
    expect(
        page.get_by_role("region", name="Findings by target, rule and resource")
    ).to_contain_text(BOB)
    expect(page.get_by_role("row")).to_have_count(2)
