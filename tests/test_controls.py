"""The library of controls covers every criterion and rule; a mistake is named with its place."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from evidence_world import SIGNER
from rule_kit import ROOT, rule_of, shipped

from agent.config import load_settings
from agent.controls.decisions import Decisions, record, recorded_controls
from agent.controls.document import DocumentError
from agent.controls.lint import lint_controls, lint_events, lint_scope
from agent.controls.load import load_controls
from agent.controls.model import Cadence, Category, Scope, Subservice
from agent.controls.proof import controls_of, rules_of
from agent.controls.scope import (
    controls_in,
    criteria_in,
    load_scope_file,
    targets_in,
    uncovered,
)
from agent.controls.waiver_file import load_waivers
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.evidence.verify import verify_store
from agent.rules.frameworks import load_frameworks

FRAMEWORKS = load_frameworks()
LIBRARY = load_controls([], FRAMEWORKS)
CONTROL = """\
backups-kept:
  title: Backups are kept
  criteria: {soc2: [A1.2]}
  rules: [aws-backup-plan-exists]
"""
MANUAL = """\
  manual:
    cadence: monthly
    grace: 14d
    task: Look at the backups.
    attach: [A list]
    performer: Operator
    reviewer: Head
"""


def write(folder, text, name="own.yaml"):
    path = folder / name
    path.write_text(text)
    return path


def load(folder, text):
    return load_controls([write(folder, text)], FRAMEWORKS)


def messages(controls, rules, **more):
    return [f"{each.about}: {each.message}" for each in lint_controls(controls, rules, **more)]


# --- the shipped library -------------------------------------------------------------------------


def test_the_shipped_controls_cover_all_criteria_and_rules_and_name_nothing_that_is_not_there():
    assert messages(LIBRARY.controls, shipped(), frameworks=FRAMEWORKS) == []
    covered = {each for one in LIBRARY.controls.values() for each in one.criteria["soc2"]}
    assert len(covered) == 61


def test_each_criterion_that_clouds_cannot_show_has_something_that_people_do():
    attested = {
        criterion
        for control in LIBRARY.controls.values()
        if control.manual
        for criterion in control.criteria["soc2"]
    }
    manual = {n for n, known in FRAMEWORKS["soc2"].criteria.items() if known.reach != "automatic"}
    assert manual - attested - {"CC6.8"} == set()


def test_each_criterion_that_clouds_can_show_is_proven_by_rules():
    proven = {
        criterion
        for control in LIBRARY.controls.values()
        if rules_of(control, shipped())
        for criterion in control.criteria["soc2"]
    }
    reach = FRAMEWORKS["soc2"].criteria
    assert {n for n, known in reach.items() if known.reach == "automatic"} <= proven


def test_a_rule_proves_few_controls():
    found = controls_of(LIBRARY.controls, shipped())
    assert max(map(len, found.values())) <= 4


def test_the_library_says_nothing_in_the_words_of_the_standard():
    """The words of the criteria are copyrighted; "COSO Principle" heads each of them."""
    for file in (ROOT / "rules" / "controls").glob("*.yaml"):
        assert "principle" not in file.read_text().casefold()


# --- lint ----------------------------------------------------------------------------------------


def test_a_criterion_without_control_is_found():
    less = {n: c for n, c in LIBRARY.controls.items() if n != "board-oversight"}
    assert messages(less, shipped(), frameworks=FRAMEWORKS) == [
        "CC1.2: no control serves soc2 CC1.2"
    ]


def test_a_criterion_that_is_not_in_scope_needs_no_control():
    less = {n: c for n, c in LIBRARY.controls.items() if n != "privacy-notice"}
    security = (Category.SECURITY,)
    assert messages(less, shipped(), frameworks=FRAMEWORKS, categories=security) == []


def test_a_rule_without_control_a_glob_without_rule_and_a_control_without_proof_are_found(tmp_path):
    text = CONTROL.replace("aws-backup-plan-exists", "aws-backup-plan-exist")
    controls = {"backups-kept": load(tmp_path, text).controls["backups-kept"]}
    rules = {"a-rule": rule_of()}
    found = messages(controls, rules, frameworks=FRAMEWORKS, categories=())
    assert found[-3:] == [
        "a-rule: the rule proves no control",
        "backups-kept: 'aws-backup-plan-exist' means no rule",
        "backups-kept: nothing proves it: no rule is left of those it names",
    ]


def test_a_rule_can_name_its_control_itself():
    control = msgspec.structs.replace(LIBRARY.controls["board-oversight"], rules=())
    rule = rule_of(control="board-oversight")
    assert rules_of(control, {"a-rule": rule}) == (rule,)
    stray = rule_of(control="no-such")
    found = messages({control.id: control}, {"a-rule": stray}, frameworks=FRAMEWORKS)
    assert "a-rule: the rule names the control 'no-such', which is not here" in found


def test_a_criterion_selects_all_its_rules_but_those_that_are_left_out(tmp_path):
    text = CONTROL.replace("[aws-backup-plan-exists]", "['soc2:A1.3']\n  without: ['*-restore-*']")
    control = load(tmp_path, text).controls["backups-kept"]
    assert [rule.id for rule in rules_of(control, shipped())] == [
        "aws-rds-instance-latest-restorable"
    ]


# --- an organisation's own file ------------------------------------------------------------------


def test_an_own_control_is_added_and_one_of_the_same_id_replaces_the_shipped_one(tmp_path):
    own = CONTROL + MANUAL + CONTROL.replace("backups-kept", "backups")
    found = load(tmp_path, own).controls
    assert len(found) == len(LIBRARY.controls) + 1
    assert found["backups-kept"].manual.cadence is Cadence.MONTHLY
    assert found["backups-kept"].manual.grace.days == 14
    assert found["backups"].title == "Backups are kept"


def test_a_shipped_control_can_be_left_out_with_a_reason(tmp_path):
    found = load(tmp_path, "physical-access: {not_applicable: there is no office}\n")
    assert "physical-access" not in found.controls
    assert found.not_applicable == {"physical-access": "there is no office"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "own.yaml:1:1: a mapping is expected"),
        ("Backups: {}\n", "own.yaml:1:1: 'Backups' must be lower-case words joined by hyphens"),
        ("backups: yes\n", "own.yaml:1:1: a control is a mapping"),
        (
            CONTROL.replace("rules", "rule"),
            "own.yaml:4:3: unknown key 'rule'; did you mean 'rules'",
        ),
        (CONTROL.replace("  title: Backups are kept\n", ""), "own.yaml:1:1: `title` is missing"),
        (
            CONTROL.replace("[A1.2]", "[A1.9]"),
            "own.yaml:3:21: SOC 2 Trust Services Criteria has no",
        ),
        (CONTROL.replace("soc2", "soc3"), "own.yaml:3:3: unknown framework 'soc3', did you mean"),
        (CONTROL.replace("{soc2: [A1.2]}", "{}"), "own.yaml:3:3: it serves no criterion"),
        (CONTROL.replace("[aws-backup-plan-exists]", "[]"), "own.yaml:1:1: nothing proves it"),
        (CONTROL.replace("[aws-backup-plan-exists]", "['soc2:A9']"), "own.yaml:4:11: 'soc2:A9' is"),
        (CONTROL.replace("[aws-backup-plan-exists]", "[1]"), "own.yaml:4:11: expected `str`"),
        (CONTROL + MANUAL.replace("14d", "soon"), "own.yaml:7:5: 'soon' is not a duration"),
        (CONTROL + MANUAL.replace("monthly", "daily"), "own.yaml:6:5: invalid enum value 'daily'"),
        (
            CONTROL + MANUAL.replace("Head", "operator"),
            "own.yaml:11:5: the reviewer must be another",
        ),
        (CONTROL + MANUAL.replace("[A list]", "[]"), "own.yaml:9:5: say what to attach"),
        (CONTROL + MANUAL.replace("monthly", "event"), "own.yaml:5:3: `population` says where"),
        (CONTROL + MANUAL + "    since: 2026\n", "own.yaml:12:5: 2026 is not a date"),
        (CONTROL + MANUAL + "    until: x\n", "own.yaml:12:5: unknown key 'until'"),
        ("a: {not_applicable: no}\n", "own.yaml:1:1: no shipped control is called 'a'"),
        ("backups: {not_applicable: ''}\n", "own.yaml:1:11: say why it does not apply"),
        ("backups: {not_applicable: no, owner: x}\n", "own.yaml:1:31: `not_applicable` goes with"),
        ("backups: {id: x}\n", "own.yaml:1:11: unknown key 'id'"),
        ("a: {b\n", "own.yaml:"),
    ],
)
def test_each_mistake_is_named_with_its_place(tmp_path, text, message):
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_two_own_files_cannot_define_one_control(tmp_path):
    one, two = write(tmp_path, CONTROL, "a.yaml"), write(tmp_path, CONTROL, "b.yaml")
    with pytest.raises(DocumentError) as caught:
        load_controls([one, two], FRAMEWORKS)
    assert str(caught.value) == f"{two}:1:1: 'backups-kept' is defined already in {one}"


# --- categories ----------------------------------------------------------------------------------


def test_the_categories_in_scope_choose_the_criteria_and_the_controls():
    counts = {each: len(criteria_in([each], FRAMEWORKS["soc2"])) - 33 for each in Category}
    assert counts == {
        Category.SECURITY: 0,
        Category.AVAILABILITY: 3,
        Category.CONFIDENTIALITY: 2,
        Category.PROCESSING_INTEGRITY: 5,
        Category.PRIVACY: 18,
    }
    chosen = controls_in(Scope(), LIBRARY.controls)
    assert "privacy-notice" not in chosen
    assert {"multi-factor", "encryption-at-rest", "restore-test"} <= chosen.keys()


# --- the scope -----------------------------------------------------------------------------------

REPORTED = """\
subservices:
  - {{name: a, services: b, report_from: {from_}, report_to: {to}{more}}}
"""
SUPPLIER = {
    "name": "Cloud",
    "services": "Hosting",
    "report_from": date(2025, 10, 1),
    "report_to": date(2026, 9, 30),
}


@pytest.mark.parametrize(
    ("more", "start", "end", "said"),
    [
        ({}, "2025-10-01", "2026-09-30", []),
        ({}, "2025-09-30", "2026-09-30", ["its report begins on 2025-10-01, after 2025-09-30"]),
        ({}, "2026-01-01", "2026-10-01", ["its report ends on 2026-09-30, before 2026-10-01"]),
        ({"bridge_until": date(2026, 12, 30)}, "2026-01-01", "2026-12-30", []),
        (
            {"bridge_until": date(2026, 12, 30)},
            "2026-01-01",
            "2026-12-31",
            ["its bridge letter ends on 2026-12-30, before 2026-12-31"],
        ),
        ({}, "2026-10-01", "2026-12-01", ["its report ended on 2026-09-30, before 2026-10-01"]),
        ({"report_to": None}, "2026-01-01", "2026-02-01", ["there is no report"]),
    ],
)
def test_what_no_report_covers_is_said(more, start, end, said):
    supplier = Subservice(**{**SUPPLIER, **more})
    period = (date.fromisoformat(start), date.fromisoformat(end))
    assert list(uncovered(supplier, *period)) == [f"Cloud: {each}" for each in said]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("organisation: x\n", "1:1: unknown key 'organisation'; did you mean 'organization'?"),
        ("categories: [safety]\n", "1:14: invalid enum value 'safety'"),
        ("categories: []\n", "1:1: name at least one category"),
        ("subservices: [{name: a}]\n", "1:15: `services` is missing"),
        ("subservices: [{name: a, services: b, method: c}]\n", "1:38: 'c' is not one of carve-out"),
        ("subservices: [{name: a, services: b, cuecs: [mfa]}]\n", "1:46: unknown control 'mfa'"),
        (
            "subservices: [{name: a, services: b, bridge_until: 2026-01-01}]\n",
            "1:38: a bridge letter follows a report",
        ),
        (
            REPORTED.format(from_="2026-01-01", to="2026-02-01", more=", bridge_until: 2026-12-01"),
            "2:76: a bridge letter stands in for at most 92 days",
        ),
        (
            REPORTED.format(from_="2026-01-01", to="2025-02-01", more=""),
            "2:53: the report's period ends before it begins",
        ),
    ],
)
def test_each_mistake_of_a_scope_is_named_with_its_place(tmp_path, text, message):
    with pytest.raises(DocumentError) as caught:
        load_scope_file(write(tmp_path, text, "scope.yaml"), LIBRARY.controls)
    assert str(caught.value).startswith(f"{tmp_path}/scope.yaml:{message}")


def test_a_supplier_whose_report_has_run_out_is_found_by_the_lint():
    scope = Scope(subservices=(Subservice(**SUPPLIER),))
    assert lint_scope(scope, date(2026, 9, 30)) == []
    bridged = Subservice(**SUPPLIER, bridge_until=date(2026, 12, 30))
    assert lint_scope(Scope(subservices=(bridged,)), date(2026, 12, 30)) == []
    (found,) = lint_scope(scope, date(2026, 10, 1))
    assert (found.about, found.message) == (
        "Cloud",
        "its report ends on 2026-09-30, before 2026-10-01",
    )


def test_a_control_whose_events_no_file_lists_is_found():
    shown = lint_events(LIBRARY.controls, {"joiner-onboarding", "media-disposal"})
    assert [each.about for each in shown] == ["leaver-offboarding", "incident-closure"]


def test_targets_in_scope_are_named_by_globs():
    scope = Scope(targets=("aws:1111*", "gcp:prod"))
    labels = ["aws:111122223333", "aws:222222222222", "gcp:prod", "gcp:production"]
    assert targets_in(scope, labels) == ("aws:111122223333", "gcp:prod")


def test_the_log_gives_back_the_controls_and_the_scope_that_were_in_force(tmp_path):
    at = datetime(2026, 6, 1, tzinfo=UTC)
    shipped_only = Decisions(library=LIBRARY, scope=Scope(subservices=(Subservice(**SUPPLIER),)))
    with (
        Store.open(tmp_path / "evidence.db") as store,
        Log.open(store, SIGNER, at=at) as log,
    ):
        assert recorded_controls(store) is None
        assert record(log, shipped_only, at) == [1]
        assert record(log, shipped_only, at) == []
        scope, controls = recorded_controls(store)
        verify_store(store)
    assert scope == shipped_only.scope
    forgotten = {n: msgspec.structs.replace(c, source="") for n, c in LIBRARY.controls.items()}
    assert controls == forgotten


# --- the guide -----------------------------------------------------------------------------------


def test_the_files_of_the_guide_load(tmp_path):
    guide = (ROOT / "docs" / "controls.md").read_text()
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", guide, re.DOTALL)
    files = {name: write(tmp_path, text, Path(name).name) for name, text in blocks}
    (tmp_path / "hr").mkdir()
    settings = load_settings(files["assay.yaml"], {})
    own = load_controls([files["controls/own.yaml"]], FRAMEWORKS)
    assert own.controls["restore-test"].manual.cadence is Cadence.QUARTERLY
    assert len(load_waivers([files["waivers.yaml"]], shipped())) == 1
    assert load_scope_file(files["scope.yaml"], own.controls).subservices[0].cuecs
    assert settings.events["leaver-offboarding"].columns == {"id": "Person", "at": "Last day"}


def test_the_guide_counts_the_library_right():
    guide = " ".join((ROOT / "docs" / "controls.md").read_text().split())
    manual = sum(control.manual is not None for control in LIBRARY.controls.values())
    assert f"a library of {len(LIBRARY.controls)} controls" in guide
    assert f"all 61 Trust Services Criteria; {manual} of them" in guide
