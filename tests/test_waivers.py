"""A waiver is a decision of two people until a date: read strictly, sealed, and never a pass."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from agent_kit import items
from evidence_world import SIGNER

from agent.controls.document import DocumentError
from agent.controls.waiver_file import load_waivers
from agent.controls.waiver_log import (
    Turn,
    added_waivers,
    recorded_waivers,
    standing_waivers,
    waiver_changes,
)
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.model import Finding, Outcome
from agent.waivers import waive

RULE = "aws-s3-bucket-versioning"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = f"""\
old-logs:
  rule: {RULE}
  resources: ["arn:aws:s3:::bad*"]
  reason: They go with the old system
  requested_by: Ana Lopez
  approved_by: Bob Ito
  from: 2026-05-01
  until: 2026-07-01
  ticket: SEC-1
"""


def write(folder, text, name="waivers.yaml"):
    path = folder / name
    path.write_text(text)
    return path


def load(folder, text=TEXT):
    return load_waivers([write(folder, text)], {RULE, "other-rule"})


def failing(read=()):
    return Finding(
        rule=RULE,
        resource="arn:aws:s3:::bad",
        region="eu-west-1",
        outcome=Outcome.FAIL,
        values={"resource": dict(read)},
    )


# --- the file ------------------------------------------------------------------------------------


def test_a_waiver_says_who_asked_who_approved_and_until_when(tmp_path):
    (waiver,) = load(tmp_path)
    assert (waiver.id, waiver.requested_by, waiver.approved_by) == (
        "old-logs",
        "Ana Lopez",
        "Bob Ito",
    )
    assert (waiver.since, waiver.until) == (
        datetime(2026, 5, 1, tzinfo=UTC),
        datetime(2026, 7, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rule: aws", "rul: aws", "2:3: unknown key 'rul'; did you mean 'rule'?"),
        ("  reason: They go with the old system\n", "", "1:1: `reason` is missing"),
        ("They go with the old system", "''", "4:3: `reason` is empty"),
        (RULE, "aws-s3-bucket-version", "2:3: there is no rule 'aws-s3-bucket-version', did you"),
        ("Bob Ito", "ana  lopez", "6:3: somebody else than who requests a waiver must approve it"),
        ("2026-07-01", "2027-06-01", "8:3: a waiver lasts a year at most"),
        ("2026-07-01", "2026-05-01", "8:3: `until` must be after `from`"),
        ("2026-07-01", "July", "8:3: 'July' is not a date (2026-01-31)"),
        ("2026-07-01", "2026-07-01T08:00", "8:3: '2026-07-01T08:00' is not a date"),
        ('  resources: ["arn:aws:s3:::bad*"]\n', "", "1:1: say of what: `resources`"),
        ('resources: ["arn:aws:s3:::bad*"]', "where: resource.Name = 'x'", "3:24: "),
        ('resources: ["arn:aws:s3:::bad*"]', "where: name == 'x'", "3:10: "),
        ('resources: ["arn:aws:s3:::bad*"]', "where: id", "3:10: the expression is a string"),
        ('["arn:aws:s3:::bad*"]', "bad", "3:3: expected `array`"),
    ],
)
def test_each_mistake_is_named_with_its_place(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, TEXT.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path}/waivers.yaml:{message}")


def test_an_id_is_used_once_over_all_files(tmp_path):
    paths = [write(tmp_path, TEXT, name) for name in ("a.yaml", "b.yaml")]
    with pytest.raises(DocumentError, match=r"b\.yaml:1:1: the waiver 'old-logs' is in another"):
        load_waivers(paths, {RULE})


# --- an expression -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "outcome"),
    [
        ("resource.Tags.env == 'dev'", Outcome.WAIVED),
        ("resource.Tags.env == 'prod'", Outcome.FAIL),
        ("resource.Tags.team == 'x'", Outcome.FAIL),
        ("id.endsWith(':bad') && region == 'eu-west-1'", Outcome.WAIVED),
    ],
    ids=["holds", "holds not", "cannot be evaluated", "by id and region"],
)
def test_an_expression_chooses_among_failures_by_what_the_rule_read(tmp_path, where, outcome):
    text = TEXT.replace('resources: ["arn:aws:s3:::bad*"]', f'where: "{where}"')
    finding = failing({"Tags": {"env": "dev"}})
    assert waive(finding, load(tmp_path, text), NOW).outcome is outcome


def test_resources_and_expression_must_both_hold(tmp_path):
    text = TEXT.replace("  reason", "  where: \"region == 'us-east-1'\"\n  reason")
    assert waive(failing(), load(tmp_path, text), NOW).outcome is Outcome.FAIL


# --- the log -------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path):
    with (
        Store.open(tmp_path / "evidence.db") as store,
        Log.open(store, SIGNER, at=NOW) as log,
    ):
        yield log


def record(log, waivers, at):
    for body in waiver_changes(standing_waivers(log.store), waivers, at):
        log.append("waiver", body, at)
    return [str(each.turn) for each in recorded_waivers(log.store)]


def test_each_change_of_a_waiver_is_one_entry_and_no_change_is_none(tmp_path, log):
    first = load(tmp_path)
    longer = load(tmp_path, TEXT.replace("2026-07-01", "2026-08-01"))
    assert record(log, first, NOW) == ["added"]
    assert record(log, first, NOW + DAY) == ["added"]
    assert record(log, longer, NOW + DAY) == ["added", "changed"]
    assert record(log, (), NOW + DAY) == ["added", "changed", "removed"]
    assert record(log, (), NOW + DAY) == ["added", "changed", "removed"]
    assert record(log, first, NOW + DAY) == ["added", "changed", "removed", "added"]


def test_the_end_of_a_waiver_is_recorded_once_whether_it_stays_in_the_file_or_not(tmp_path, log):
    waivers = load(tmp_path)
    record(log, waivers, NOW)
    after = datetime(2026, 7, 1, tzinfo=UTC)
    assert record(log, waivers, after - timedelta(seconds=1)) == ["added"]
    assert record(log, waivers, after) == ["added", "expired"]
    assert record(log, waivers, after + DAY) == ["added", "expired"]
    assert record(log, (), after + DAY) == ["added", "expired"]


def test_a_waiver_that_had_ended_can_be_decided_anew(tmp_path, log):
    record(log, load(tmp_path), datetime(2026, 7, 2, tzinfo=UTC))
    longer = load(tmp_path, TEXT.replace("2026-07-01", "2026-08-01"))
    assert record(log, longer, datetime(2026, 7, 3, tzinfo=UTC)) == ["added", "expired", "changed"]
    assert standing_waivers(log.store)["old-logs"].is_open


def test_the_log_gives_back_the_whole_decision_and_when_it_was_recorded(tmp_path, log):
    record(log, load(tmp_path), NOW)
    (found,) = recorded_waivers(log.store)
    assert (found.turn, found.at, found.rule, found.resources) == (
        Turn.ADDED,
        NOW,
        RULE,
        ("arn:aws:s3:::bad*",),
    )
    assert added_waivers(log.store) == {"old-logs": found}


# --- the whole agent -----------------------------------------------------------------------------


def configure(assay, text, **more):
    """Name the waivers in the configuration of the small account."""
    write(assay.folder, text)
    document = json.loads(assay.config.read_text())
    document.update(waivers=["waivers.yaml"], **more)
    assay.config.write_text(json.dumps(document))


def around_now(text=TEXT):
    now = datetime.now(UTC)
    return text.replace("2026-05-01", f"{now - DAY:%Y-%m-%d}").replace(
        "2026-07-01", f"{now + 30 * DAY:%Y-%m-%d}"
    )


def outcome_of_bad(assay):
    _, out, _ = assay("evidence", "as-of", "--rule", RULE, "--format", "json")
    (found,) = [each for each in items(out) if each["resource"].endswith(":bad")]
    return found


def test_a_waived_failure_reads_waived_until_the_waiver_goes(assay):
    configure(assay, around_now())
    code, out, _ = assay("check", "--rule", RULE)
    assert code == 0, out
    found = outcome_of_bad(assay)
    assert (found["outcome"], found["code"]) == ("waived", "old-logs")
    assert "by Bob Ito: They go with the old system" in found["message"]
    _, out, _ = assay("waivers", "list", "--format", "json")
    (row,) = items(out)
    assert (row["state"], row["covers"], row["before_failure"]) == ("active", 1, True)
    configure(assay, "")
    assert assay("check", "--rule", RULE)[0] == 1
    assert outcome_of_bad(assay)["outcome"] == "fail"
    _, out, _ = assay("evidence", "log", "--kind", "waiver", "--format", "json")
    assert [each["event"] for each in items(out)] == ["added", "removed"]
    assert assay("evidence", "verify")[0] == 0
    assert assay("replay")[0] == 0


def test_a_waiver_that_came_after_the_failure_says_so(assay):
    assert assay("check", "--rule", RULE)[0] == 1
    configure(assay, around_now())
    assay("check", "--rule", RULE)
    _, out, _ = assay("waivers", "list", "--format", "json")
    assert items(out)[0]["before_failure"] is False


def test_a_wrong_waiver_stops_the_check_with_one_line(assay):
    configure(assay, around_now().replace("Bob Ito", "Ana Lopez"))
    code, _, err = assay("check")
    assert code == 3
    assert err.count("\n") == 1
    assert "waivers.yaml:6:3: somebody else" in err


def test_check_of_waivers_names_what_ends_soon_covers_all_or_has_no_ticket(assay):
    assert assay("waivers", "check")[0] == 0
    now = datetime.now(UTC)
    text = around_now().replace(f"{now + 30 * DAY:%Y-%m-%d}", f"{now + 3 * DAY:%Y-%m-%d}")
    text = text.replace("arn:aws:s3:::bad*", "*").replace("  ticket: SEC-1\n", "")
    configure(assay, text)
    code, out, _ = assay("waivers", "check", "--format", "json")
    assert code == 1
    assert [row["message"] for row in items(out)] == [
        "it ends within 14 days",
        "it names no ticket",
        "it accepts every failure of the rule",
    ]
