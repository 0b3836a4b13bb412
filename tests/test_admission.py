"""Nothing is sealed of the inbox that a reader of the log could not read, or that says too much."""

import json
import os

import pytest
from attest_kit import BEGAN, DAY, attestation, writing
from evidence_world import HOUR, START, open_world

from agent import inbox
from agent.controls.attest import recorded_attestations, to_body
from agent.controls.respond import recorded_replies
from agent.evidence.entry import Kind, to_rfc3339
from agent.retention import holds
from agent.samples.draw import read_population, sample_body
from agent.samples.population import population_body

LATER = BEGAN + 100 * DAY
GOOD = to_body(attestation())
HOLD = {"of": "hold", "id": "case-1", "reason": "a suit", "by": "Counsel"}
IDS, CONTENT = population_body("file", {"file": "x.csv"}, ["a", "b", "c"])


@pytest.fixture
def log(tmp_path):
    with writing(tmp_path) as log:
        yield log


def left(folder, log, kind, body, contents=(), *, at=LATER):
    """Leave one item and have it taken up: what is said of it."""
    inbox.leave(folder, kind, body, at, contents)
    (line,) = inbox.take(folder, log, at)
    return line


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        (Kind.ATTESTATION, {}, "'control'"),
        (Kind.ATTESTATION, {**GOOD, "control": ["review"]}, "Expected `str`, got `array`"),
        (Kind.ATTESTATION, {**GOOD, "reviewer": " ana"}, "somebody else than the performer"),
        (Kind.ATTESTATION, {**GOOD, "performed_at": "yesterday"}, "not a time"),
        (Kind.ATTESTATION, {**GOOD, "result": "perfect"}, "not a valid Result"),
        (Kind.ATTESTATION, {**GOOD, "recorded_at": "x"}, "written otherwise: recorded_at"),
        (Kind.RESPONSE, {}, "'by'"),
        (Kind.POPULATION, {"of": "targets"}, "not enough values"),
        (Kind.SAMPLE, {"population": 0, "size": 1, "nonce": "1"}, "entry 0 is no population"),
        (Kind.SAMPLE, {"population": 10**30, "size": 1, "nonce": "1"}, "refused"),
        (Kind.EXPORT, {"to": "somebody"}, "'what'"),
        (Kind.RETENTION, {"of": "hold"}, "missing required field"),
        (Kind.RETENTION, {**HOLD, "id": ""}, "each with a name"),
        (Kind.RETENTION, {**HOLD, "of": "release"}, "only holds are"),
        (Kind.RETENTION, {**HOLD, "deleted": ["00" * 32]}, "unknown field `deleted`"),
    ],
    ids=lambda part: str(part)[:24],
)
def test_what_no_command_writes_is_refused_and_all_can_still_be_read(
    log, tmp_path, kind, body, why
):
    line = left(tmp_path, log, kind, body)

    assert "refused" in line
    assert why in line
    assert (recorded_attestations(log.store), recorded_replies(log.store)) == ([], ())
    assert holds(log.store) == {}
    with log.store.reading() as view:
        assert view.size() == 1


def test_what_commands_write_is_sealed(log, tmp_path):
    assert "sealed as entry 1" in left(tmp_path, log, Kind.ATTESTATION, GOOD)
    assert "sealed as entry 2" in left(tmp_path, log, Kind.RETENTION, HOLD)
    assert "sealed as entry 3" in left(tmp_path, log, Kind.POPULATION, IDS, [CONTENT])
    drawn = sample_body(read_population(log.store, 3), "17", 2)
    assert "sealed as entry 4" in left(tmp_path, log, Kind.SAMPLE, drawn)


def test_whoever_may_write_to_the_inbox_releases_no_hold_and_changes_none(log, tmp_path):
    left(tmp_path, log, Kind.RETENTION, HOLD)
    release = {**HOLD, "of": "release", "by": "Judge"}

    assert "only holds are" in left(tmp_path, log, Kind.RETENTION, release)
    approved = {**release, "approved_by": "Counsel"}
    assert "unknown field `approved_by`" in left(tmp_path, log, Kind.RETENTION, approved)
    other = {**HOLD, "reason": "none any more", "by": "Mallory"}
    assert "the hold case-1 stands" in left(tmp_path, log, Kind.RETENTION, other)
    assert [(one.id, one.by) for one in holds(log.store).values()] == [("case-1", "Counsel")]


def test_a_sample_or_a_population_that_somebody_chose_is_refused(log, tmp_path):
    left(tmp_path, log, Kind.POPULATION, IDS, [CONTENT])
    drawn = sample_body(read_population(log.store, 1), "17", 2)
    chosen = {**drawn, "items": [each for each in ("a", "b", "c") if each != drawn["items"][0]]}

    assert "written otherwise: items" in left(tmp_path, log, Kind.SAMPLE, chosen)
    counted = {**IDS, "count": 2}
    assert "written otherwise: count" in left(tmp_path, log, Kind.POPULATION, counted, [CONTENT])


def test_a_reply_to_a_deviation_that_the_log_does_not_have_is_refused(tmp_path):
    with open_world(tmp_path) as world:
        world.plan()
        for hour, outcome in enumerate(("pass", "fail", "pass")):
            world.run(hour, {("r1", "b"): outcome, ("r2", "b"): "pass"})
        said = {"by": "Ana", "text": "Mended", "said_at": to_rfc3339(START + 3 * HOUR)}
        at = START + 4 * HOUR
        other = {**said, "rule": "r1", "start": to_rfc3339(START)}

        assert "refused" in left(tmp_path, world.log, Kind.RESPONSE, {**said, "rule": "r2"}, at=at)
        assert "refused" in left(tmp_path, world.log, Kind.RESPONSE, other, at=at)
        assert "sealed" in left(tmp_path, world.log, Kind.RESPONSE, {**said, "rule": "r1"}, at=at)


def test_an_item_that_nobody_can_read_to_its_end_stops_no_other(log, tmp_path):
    inbox.leave(tmp_path, Kind.EXPORT, {"what": "report"}, LATER)
    folder = tmp_path / "inbox"
    (folder / "a.json").write_text("[" * 200_000)
    os.mkfifo(folder / "b.json")
    (folder / "c.json").write_text(json.dumps({"kind": "export", "body": {}, "contents": ["00"]}))
    os.mkfifo(folder / "c.0")

    lines = list(inbox.take(tmp_path, log, LATER))

    assert sorted("refused" in line for line in lines) == [False, True, True, True]
