"""What the pages answer: what is not known, escaped, kept, asked wrongly, and as it once stood."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from pages_kit import BOB, CARL, DAY, FORMULA, MFA, NOW, SCRIPT, SSH, START, TARGET, serving

from agent.web.pages.address import address, read_moment

RUNBOOKS = sorted((Path(__file__).parents[1] / "docs/runbooks").glob("*.md"))
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(where, path, **headers):
    """The status, headers and text of an answer."""
    request = urllib.request.Request(where + path, headers=headers)
    try:
        answer = OPENER.open(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read().decode()


def words(text):
    """The text of a page without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("pages") / "home"


@pytest.fixture(scope="module")
def served(home):
    with serving(home) as where:
        yield where


def test_every_page_says_as_of_when_from_what_by_which_question_and_how_complete(served):
    for path in (
        "/",
        "/controls",
        "/rules",
        "/findings",
        f"/rules/{MFA}",
        "/unseen",
        "/deviations",
    ):
        _, _, text = get(served, path)
        said = words(text)
        assert "As of 2026-03-01" in said, path
        assert "Source the sealed log example.com/log" in said, path
        for name in ("Query", "Completeness", "Integrity"):
            assert f" {name} " in said, path


def test_a_state_that_is_too_old_is_unknown_and_no_page_calls_it_passing(home, served):
    assert "2 rules fail" in words(get(served, "/")[2])
    with serving(home, now=NOW + 3 * DAY) as later:
        _, _, text = get(later, "/")
        assert "not everything was seen" in words(text)
        assert "passing" not in words(text)
        assert "2 rules fail" not in words(text)
        _, _, text = get(later, f"/finding?rule={MFA}&target={TARGET}&resource={CARL}")
        assert "Its state is unknown" in words(text)
        rules = words(get(later, "/rules")[2])
        assert "unknown critical IAM users with a console password have MFA" in rules


def test_a_rule_that_could_not_see_is_not_passing(served):
    _, _, text = get(served, f"/rules/{SSH}")
    assert "ec2:DescribeSecurityGroups" in text
    assert "not seen" in words(text)
    _, _, text = get(served, "/rules?status=pass")
    assert SSH not in text


def test_the_past_is_shown_as_it_was_known_then(served):
    then = "2026-01-13T12:00:00Z"
    said = words(get(served, f"/?at={then}")[2])
    assert "As it stood at 2026-01-13 12:00:00 UTC" in said
    _, _, text = get(served, f"/findings?outcome=fail&at={then}")
    assert CARL in text
    assert BOB not in text
    assert f"at={quote(then, safe='')}" in text  # what it links to is of the same instant
    _, _, text = get(served, "/findings?outcome=fail")
    assert BOB in text
    assert CARL not in text


def test_filters_choose_by_cloud_criterion_severity_and_part_of_a_name(served):
    assert "bob" in get(served, "/findings?q=USER/BOB")[2]
    assert "No finding is chosen" in words(get(served, "/findings?q=nobody")[2])
    assert BOB not in get(served, "/findings?severity=medium")[2]
    assert BOB not in get(served, "/findings?criterion=A1.2")[2]
    assert BOB in get(served, "/findings?criterion=CC6.1")[2]
    assert BOB not in get(served, "/findings?cloud=azure")[2]


def test_nothing_observed_becomes_markup(served):
    for path in ("/findings", "/runs/9", "/deviations?from=2026-01-01", "/log/9"):
        _, _, text = get(served, path)
        assert "<script>document" not in text, path
    _, _, text = get(served, "/resource?id=" + quote(SCRIPT))
    assert "&lt;script&gt;document" in text
    assert "<script" not in text
    _, _, text = get(served, "/resource?id=" + quote(FORMULA))
    assert "HYPERLINK(&#34;http://evil.example" in text
    assert 'href="http://evil' not in text


def test_no_page_holds_a_script_or_a_style_of_its_own(served):
    for path in ("/", "/log", "/log/9", f"/rules/{MFA}", "/controls/multi-factor"):
        _, _, text = get(served, path)
        assert " style=" not in text, path
        assert "<style" not in text, path
        assert not re.findall(r"<script(?! src=\"/static/)", text), path
        assert not re.findall(r"\son[a-z]+=", text), path
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', text), path


def test_files_are_kept_for_ever_under_the_digest_of_their_content(served):
    _, headers, text = get(served, "/log")
    assert headers["Cache-Control"] == "no-store"
    for path in re.findall(r'"(/static/[^"]+)"', text):
        status, headers, _ = get(served, path)
        assert (status, headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        assert re.search(r"\.[0-9a-f]{16}\.", path)
    assert get(served, "/static/pages.css")[0] == 404


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/controls/nothing", 404, "There is no control nothing in scope."),
        ("/rules/nothing", 404, "There is no rule nothing"),
        ("/runbooks/nothing", 404, "There is no runbook nothing: see /runbooks."),
        ("/runs/0", 404, "Entry 0 of the log is no run."),
        ("/runs/x", 404, "x is not the number of an entry."),
        ("/log/99999", 404, "The log has no entry 99999: it has"),
        ("/resource?id=nothing", 404, "No rule ever judged nothing."),
        ("/finding?rule=a&target=b&resource=c", 404, "a never judged c on b."),
        ("/reports/audit.html", 404, "There is no report audit.html."),
        ("/?at=yesterday", 400, "at must be a date or a time"),
        ("/?at=2999-01-01", 400, "at is in the future"),
        ("/findings?outcome=good", 400, "outcome must be one of fail, error"),
        ("/findings?start=-1", 400, "start must be a whole number"),
        ("/deviations?from=2026-03-01&to=2026-02-01", 400, "the period must begin before it ends"),
        ("/deviations?from=2001-01-01", 400, "a period of more than 731 days"),
        ("/log?kind=secret", 400, "kind must be one of agent"),
        ("/reports/type2.html", 400, "from must be before to, and in the past"),
    ],
)
def test_an_address_that_asks_for_what_is_not_is_answered_in_words(served, path, status, said):
    answered, headers, text = get(served, path)
    assert answered == status
    assert said in words(text)
    assert headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("file", RUNBOOKS, ids=lambda file: file.stem)
def test_every_runbook_is_a_page_with_all_its_words(served, file):
    status, _, text = get(served, f"/runbooks/{file.stem}")
    assert status == 200
    body = file.read_text().partition("\n")[2]
    for mark, shown in ((r"^## ", ""), (r"`", ""), (r"\[([^]]*)\]\(\.\./(.*?)\)", r"\1 (docs/\2)")):
        body = re.sub(mark, shown, body, flags=re.MULTILINE)
    said = words(text[text.index("<section") : text.index("<footer")])
    assert "".join(said.split()) == "".join(body.split())
    assert f'href="/runbooks/{file.stem}"' in get(served, "/runbooks")[2]


def test_a_proof_of_consistency_is_given_for_what_the_log_was_and_refused_for_what_it_was_not(
    served,
):
    assert get(served, "/log/consistency/8")[0] == 200
    assert get(served, "/log/consistency/0")[0] == 404
    assert get(served, "/log/consistency/99999")[0] == 404


def test_reports_come_in_both_forms_under_the_name_that_the_command_gives_them(served):
    _, headers, text = get(served, "/reports/readiness.json")
    assert headers["Content-Disposition"] == 'attachment; filename="readiness-2026-03-01.json"'
    assert '"schema": "assay.report.v1"' in text


def test_a_log_without_a_run_says_what_to_do(tmp_path):
    with serving(tmp_path / "home", days=0, now=START + timedelta(hours=1)) as empty:
        assert "Nothing has been looked at yet" in words(get(empty, "/")[2])
        for path in ("/findings", "/unseen", "/people", "/runs", "/deviations", "/log?kind=run"):
            status, _, text = get(empty, path)
            assert status == 200, path
            assert 'class="empty"' in text, path


def test_an_address_keeps_whatever_an_id_holds():
    made = address("/rules", "a/b?c#d", at=NOW, q="", start=0)
    assert made == "/rules/a%2Fb%3Fc%23d?at=2026-03-01T09%3A00%3A00Z"
    assert read_moment("2026-03-01T10:00+01:00") == NOW
    assert read_moment("2026-03-01T09:00") == NOW
    assert read_moment("") is None
