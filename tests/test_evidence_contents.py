"""Contents are kept once, long ones by what differs, and entries cite what is too long."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from evidence_world import HOUR, START, TARGET, finding, open_world, rules_of

from agent.evidence import queries


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as opened:
        yield opened
        opened.verify()


def test_values_that_changed_make_a_change_row_and_are_kept(world):
    world.run(0, {("r1", "a"): "pass"})
    with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
        run.add(finding("r1", "a", values={"resource": {"Size": 2**60, "Ratio": 0.5}}))
        assert run.seal({}, finished=START + HOUR).changes == 1
    (row,) = queries.current(world.store)
    assert queries.values_of(world.store, row.digest) == {"resource": {"Size": 2**60, "Ratio": 0.5}}


def test_no_values_at_all_are_no_blob(world):
    with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
        run.add(finding("r1", "a", values={}))
        run.seal({}, finished=START)
    (row,) = queries.current(world.store)
    assert (row.digest, queries.values_of(world.store, row.digest)) == (b"", {})
    assert queries.values_of(world.store, b"\x00" * 32) is None


def test_the_same_finding_costs_no_bytes(world):
    many = {("r1", f"bucket-{n}"): "pass" for n in range(200)}
    world.run(0, many)
    with world.store.reading() as view:
        before = list(view.contents())
    world.run(1, many)
    with world.store.reading() as view:
        assert len(list(view.contents())) == len(before)


def test_what_is_nearly_the_same_every_run_is_kept_by_what_differs(world):
    def calls(hour):
        """A hundred kinds of calls that do not change, and request ids that always do."""
        made = [
            {
                "call": f"ec2:Describe{n:02}",
                "region": f"region-{n % 17}",
                "count": n,
                "items": n * n,
            }
            for n in range(100)
        ]
        ids = [sha256(f"{hour} {n}".encode()).hexdigest()[:36] for n in range(16)]
        return {"calls": made, "ids": ids}

    for hour in range(4):
        world.run(hour, {("r1", "a"): "pass"}, calls=calls(hour))
    bodies = [body for _, body in queries.entries(world.store, kind="run")]
    digests = [bytes.fromhex(body["calls"]["blob"]) for body in bodies]
    with world.store.reading() as view:
        rows = {row[1]: row for row in view.contents()}
        told = [json.loads(view.content(digest)) for digest in digests]
    assert told == [calls(hour) for hour in range(4)]
    first, *others = [rows[digest] for digest in digests]
    assert first[3] is None
    assert [row[3] for row in others] == [first[0]] * 3, "all on one base: none on another"
    assert max(len(row[5]) for row in others) < 16 * 36, "less than even the ids as text"
    world.verify()


def test_a_run_of_a_thousand_rules_still_fits_its_entry(world):
    names = tuple(f"rule-with-a-rather-long-name-{n:04}" for n in range(1500))
    sealed = world.run(0, {(name, "a"): "fail" for name in names}, rules=names)
    assert set(world.entry(sealed.index)["counts"]) == {"blob", "size"}
    world.log.rebuild_projection()
    assert len(queries.latest(world.store)) == 1500


def test_a_long_part_of_an_entry_is_cited_and_a_short_one_is_not(world):
    many = tuple(f"rule-{n:03}" for n in range(100))
    for hour in range(2):
        world.run(hour, {(name, "a"): "pass" for name in many}, rules=many)
    world.run(2, {("rule-000", "a"): "fail"}, rules=many[:3])
    first, second, third = [body for _, body in queries.entries(world.store, kind="run")]
    assert first["counts"].keys() == {"blob", "size"}
    assert second["counts"] == first["counts"]
    assert third["counts"] == {"rule-000": {"fail": 1}, "rule-001": {}, "rule-002": {}}
