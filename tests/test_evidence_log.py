"""The log keeps every run whole, writes only what changed, and can give every past state again."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from evidence_world import BUCKET, HOUR, START, TARGET, finding, open_world, rules_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.leaf import finding_leaf, rule_leaf
from agent.evidence.store import SlotTaken
from agent.evidence.tree import Frontier
from agent.model import Outcome
from checks.model import Cause, Gap


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as opened:
        yield opened
        opened.verify()


def test_the_first_run_keeps_every_finding_and_the_second_only_what_changed(world):
    first = world.run(0, {("r1", "a"): "pass", ("r2", "a"): "fail", ("r1", "b"): "pass"})
    second = world.run(1, {("r1", "a"): "pass", ("r2", "a"): "fail", ("r1", "b"): "fail"})
    third = world.run(2, {("r1", "a"): "pass", ("r2", "a"): "fail", ("r1", "b"): "fail"})
    assert (first.changes, second.changes, third.changes) == (3, 1, 0)
    assert second.counts == {"r1": {"pass": 1, "fail": 1}, "r2": {"fail": 1}}
    assert second.state_root == third.state_root != first.state_root


def test_the_state_root_is_what_the_module_says(world):
    sealed = world.run(0, {("r2", "b"): "fail", ("r2", "a"): "pass"})
    values = {row.resource: row.digest for row in queries.current(world.store)}
    leaves = [
        finding_leaf("r2", "a", "eu-west-1", 3, ("", "", ""), values["a"]),
        finding_leaf("r2", "b", "eu-west-1", 0, ("", "b is fail", ""), values["b"]),
    ]
    top = Frontier([rule_leaf("r1", Frontier()), rule_leaf("r2", Frontier(leaves))])
    assert sealed.state_root == top.root()
    assert world.entry(sealed.index)["state_root"] == top.root().hex()


def test_a_finding_leaf_is_the_hash_of_canonical_json():
    text = (
        '{"code":"c\\n","message":"m\\"","needs":["s3:Get"],"outcome":"error","region":"eu",'
        '"resource":"é","rule":"r","values":"ff"}'
    )
    leaf = finding_leaf("r", "é", "eu", 1, ("c\n", 'm"', '["s3:Get"]'), b"\xff")
    assert leaf == sha256(b"\x00" + text.encode()).digest()


def test_what_is_not_seen_any_more_is_gone(world):
    world.run(0, {("r1", "a"): "pass", ("r1", "b"): "fail"})
    sealed = world.run(1, {("r1", "a"): "pass"})
    assert (sealed.changes, world.state()) == (1, {("r1", "a"): ("pass", "")})


def test_what_is_not_seen_because_its_region_was_lost_is_an_error(world):
    world.run(0, {("r1", "a"): "pass", ("r1", "b"): "fail", ("r2", "b"): "pass"})
    lost = {"r1": [("eu-west-1", "AccessDenied", "no s3:List", ("s3:List",))]}
    sealed = world.run(1, {("r1", "a"): "pass"}, lost=lost)
    assert world.state() == {("r1", "a"): ("pass", ""), ("r1", "b"): ("error", "AccessDenied")}
    assert sealed.counts == {"r1": {"pass": 1, "error": 1}, "r2": {}}
    again = world.run(2, {("r1", "a"): "pass"}, lost=lost)
    assert again.changes == 0
    (row,) = queries.current(world.store, outcomes=[Outcome.ERROR])
    assert row.needs == ("s3:List",)


def test_a_loss_elsewhere_does_not_keep_what_is_gone(world):
    world.run(0, {("r1", "a"): "pass"})
    world.run(1, {}, lost={"r1": [("us-east-1", "AccessDenied", "")]})
    assert world.state() == {}


def test_elements_of_a_list_that_was_not_seen_are_errors_and_not_gone(world):
    before = {("r1", "a#1"): "fail", ("r1", "a#2"): "pass", ("r1", "b#1"): "fail"}
    world.run(0, before)
    unseen = {("r1", "a"): "error", ("r1", "a "): "error"}  # the second sorts between
    sealed = world.run(1, unseen)
    assert sealed.counts["r1"] == {"error": 4}  # both, and the two elements of a; b is gone
    again = world.run(2, unseen)
    assert again.changes == 0
    world.run(3, {("r1", "a#1"): "pass", ("r1", "a#2"): "pass"})
    (one, other) = sorted(
        deviations(world.store, START, START + 9 * HOUR), key=lambda d: d.resource
    )
    assert (one.resource, one.ended_by, one.blind) == ("a#1", "pass", True)
    assert (other.resource, other.ended_by) == ("b#1", "gone")


def test_the_last_conclusive_run_is_found_behind_those_that_saw_nothing(world):
    world.run(0, {("r1", "a"): "pass"})
    world.run(1, {("r1", "a"): "error", ("r1", "b"): "fail"})
    for hour in (2, 3):
        world.run(hour, {("r1", "a"): "error", ("r1", "b"): "error"})
    last = {one.rule: one for one in queries.latest(world.store)}
    assert queries.last_conclusive(world.store, last["r1"]) == START + HOUR + timedelta(minutes=1)
    assert queries.last_conclusive(world.store, last["r1"], runs=2) is None


def test_a_lost_target_makes_everything_known_an_error(world):
    world.run(0, {("r1", "a"): "pass", ("r1", "b"): "pass"})
    sealed = world.run(1, {}, lost={"r1": [("", "ExpiredToken", "the session expired")]})
    assert sealed.counts["r1"] == {"error": 2}


def test_an_error_is_never_carried_over_as_what_was_before(world):
    world.run(0, {("r1", "a"): "pass"})
    sealed = world.run(1, {("r1", "a"): "error"})
    assert sealed.counts["r1"] == {"error": 1}


def test_a_resource_that_comes_twice_is_kept_with_its_worst_outcome(world):
    with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
        for outcome in ("pass", "fail", "error", "pass"):
            run.add(finding("r1", "a", outcome))
        sealed = run.seal({}, finished=START)
    assert sealed.counts == {"r1": {"fail": 1}}


def test_a_bucket_made_again_in_another_region_is_another_resource(world):
    for region in ("eu-west-1", "us-east-1"):
        with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
            run.add(finding("r1", "a", region=region))
            run.see("a", region, BUCKET, b"\x01" * 32)
            sealed = run.seal({}, finished=START)
    assert sealed.changes == 2
    (row,) = queries.current(world.store)
    assert row.region == "us-east-1"


def test_hostile_text_is_sealed_as_text(world):
    name = "a\x00b\ud800</script>'; DROP TABLE entry; --\U0001f600"
    with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
        run.add(finding("r1", name, values={"resource": {"Tag": [name], name: 1}}))
        run.see(name, "eu", BUCKET, b"\x01" * 32)
        run.seal({}, finished=START)
    (row,) = queries.current(world.store)
    assert row.resource == name.replace("\ud800", "\ufffd")


def test_a_finding_of_a_rule_that_is_not_of_the_run_is_refused(world):
    with (
        world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run,
        pytest.raises(KeyError),
    ):
        run.add(finding("r9", "a"))


def test_a_slot_has_one_complete_run(world):
    world.run(0, {("r1", "a"): "pass"})
    with pytest.raises(SlotTaken, match="has its run: entry 1"):
        world.run(0, {("r1", "a"): "fail"})
    assert world.run(0, {("r1", "a"): "fail"}, target="aws:2").counts["r1"] == {"fail": 1}
    assert world.run(0, {("r1", "a"): "fail"}, slot=False).changes == 1


def test_a_run_that_is_not_sealed_leaves_nothing(world):
    with world.log.run(target=TARGET, slot=START, rules=rules_of("r1"), at=START) as run:
        run.add(finding("r1", "a"))
    assert world.log.append("agent", {}, START) == 1
    assert [path.name for path in world.store.path.parent.glob(".*-spool-*")] == []


def test_a_run_says_what_it_could_not_see_and_what_it_asked(world):
    gap = Gap(check=BUCKET, cause=Cause.DENIED, code="AccessDenied", message="no")
    old = finding("r1", "a", observed_at="2026-01-01T00:00:00Z")
    with world.log.run(target=TARGET, slot=START, rules=rules_of("r1"), at=START) as run:
        run.add(finding("r1", "b", observed_at="2026-01-02T00:00:00Z"))
        run.add(old)
        calls = {"ListBuckets": {"pages": 1, "request_ids": ["A" * 16]}}
        sealed = run.seal({"skew_ms": 12}, finished=START, gaps=[gap], calls=calls)
    body = world.entry(sealed.index)
    assert body["header"] == {"skew_ms": 12}
    assert body["gaps"][0]["cause"] == "denied"
    assert body["observed_at"] == {"r1": "2026-01-01T00:00:00Z"}
    with world.store.reading() as view:
        assert json.loads(view.content(bytes.fromhex(body["calls"]["blob"]))) == calls


def test_rules_that_are_not_due_keep_what_is_known_of_them(world):
    world.run(0, {("r1", "a"): "pass", ("r2", "a"): "fail"})
    world.run(1, {("r1", "a"): "fail"}, rules=("r1",))
    assert world.state() == {("r1", "a"): ("fail", ""), ("r2", "a"): ("fail", "")}
    assert {row.rule: row.run for row in queries.latest(world.store)} == {"r1": 2, "r2": 1}


def test_the_inventory_keeps_what_could_not_be_listed(world):
    roots = []
    for hour, gaps, seen in ((0, [], "ab"), (1, ["eu-west-1"], "a"), (2, ["x"], "a"), (3, [], "")):
        with world.log.run(
            target=TARGET, slot=None, rules=rules_of("r1"), at=START + hour * HOUR
        ) as run:
            for name in seen:
                run.see(name, "eu-west-1", BUCKET, b"\x01" * 32)
            lost = [
                Gap(check=BUCKET, cause=Cause.DENIED, code="", message="", region=region)
                for region in gaps
            ]
            sealed = run.seal({}, finished=START + hour * HOUR, gaps=lost)
        roots.append(sealed.inventory_root)
    assert roots[0] == roots[1] != roots[2] != roots[3]


def test_a_check_that_no_rule_judges_is_in_the_inventory_too(world):
    with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
        run.see("u", "", "aws.iam.user", b"\x01" * 32)
        sealed = run.seal({}, finished=START)
    assert world.entry(sealed.index)["also_seen"] == ["aws.iam.user"]


def test_a_rebuilt_projection_is_the_same(world):
    world.run(0, {("r1", "a"): "pass", ("r2", "b"): "fail"})
    world.run(1, {("r1", "a"): "fail"})
    before = list(queries.current(world.store)), queries.latest(world.store)
    world.log.rebuild_projection()
    assert (list(queries.current(world.store)), queries.latest(world.store)) == before


NAMES = st.sampled_from(["a", "b", "c", "d", "e#1"])
STATES = st.dictionaries(
    st.tuples(st.sampled_from(["r1", "r2", "r3"]), NAMES),
    st.sampled_from(["pass", "fail", "error", "waived", "not_applicable"]),
    max_size=8,
)
LOST = st.dictionaries(st.sampled_from(["r1", "r2"]), st.just([("", "denied", "not seen")]))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(STATES, LOST), min_size=1, max_size=8))
def test_every_past_state_is_rebuilt_from_changes_and_has_its_sealed_root(tmp_path_factory, states):
    with open_world(tmp_path_factory.mktemp("history")) as world:
        model, sealed = [], []
        for hour, (wanted, lost) in enumerate(states):
            before = model[-1] if model else {}
            sealed.append(world.run(hour, wanted, rules=("r1", "r2", "r3"), lost=lost))
            unseen = {key: "error" for key in before if key[0] in lost and key not in wanted}
            model.append({**unseen, **wanted})
        for hour, (expected, run) in enumerate(zip(model, sealed, strict=True)):
            at = START + hour * HOUR + timedelta(minutes=30)
            rows = list(queries.as_of(world.store, at))
            assert {(row.rule, row.resource): str(row.outcome) for row in rows} == expected
            top = Frontier()
            for rule in ("r1", "r2", "r3"):
                leaves = (
                    finding_leaf(
                        rule,
                        row.resource,
                        row.region,
                        list(Outcome).index(row.outcome),
                        (row.code, row.message, ""),
                        row.digest,
                    )
                    for row in rows
                    if row.rule == rule
                )
                top.append(rule_leaf(rule, Frontier(leaves)))
            assert top.root() == run.state_root
        world.verify()
        world.log.rebuild_projection()
