"""Any run of a bundle's period can be judged again from the bundle alone."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import timedelta

import pytest
from evidence_world import BUCKET, HOUR, START, TARGET, open_world

from agent.bundle.read import Bundle
from agent.bundle.write import BundleError, Order, write_bundle
from agent.cli import app
from agent.evidence.replay import replay_from
from agent.evidence.seal import RuleVersion
from agent.evidence.store import StoreError
from agent.model import Finding, Outcome
from agent.pack import SHIPPED_RULES
from agent.replay import judging, replay_run

RULE = "aws-s3-bucket-versioning"
TEXT = (SHIPPED_RULES / f"aws/s3/{RULE}.yaml").read_bytes()


def judged(resource: str, *, kept: bool) -> Finding:
    status = "Enabled" if kept else "Suspended"
    return Finding(
        rule=RULE,
        resource=resource,
        region="eu-west-1",
        outcome=Outcome.PASS if kept else Outcome.FAIL,
        message="" if kept else f"{resource} does not keep earlier versions of its objects",
        values={"resource": {"Name": resource, "Versioning": {"Status": status}}, "params": {}},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six hours in which buckets break, are mended and go; the bundle is of the last three."""
    folder = tmp_path_factory.mktemp("replay")
    version = {RULE: RuleVersion(text=TEXT, check=BUCKET)}
    with open_world(folder) as world:
        for hour in range(6):
            at = START + hour * HOUR
            with world.log.run(target=TARGET, slot=at, rules=version, at=at) as run:
                for number in range(3 if hour < 5 else 2):
                    run.add(judged(f"bucket-{number}", kept=(hour + number) % 3 != 0))
                run.seal({}, finished=at + timedelta(minutes=1))
        end = START + 6 * HOUR
        order = Order(start=START + 3 * HOUR, end=end, made_at=end)
        write_bundle(
            world.store, folder / "b", order, lambda body: world.log.append("export", body, end)
        )
        world.replayed = {n: replay_run(world.store, n) for n in (4, 5, 6)}
        yield folder / "b", world.replayed


def test_every_run_of_the_period_comes_out_as_from_the_store(folder):
    bundle, from_store = Bundle(folder[0]), folder[1]

    assert bundle.runs() == [4, 5, 6]
    for entry in bundle.runs():
        found = replay_from(bundle, entry, judging())
        assert (found.same, found.skipped, found.mismatches) == (3 if entry < 6 else 2, 0, ())
        assert found == from_store[entry]


def test_a_run_before_the_period_says_that_values_are_not_there(folder):
    with pytest.raises(StoreError, match="content is missing"):
        replay_from(without_rules(folder[0]), 1, judging())


def without_rules(folder):
    """A bundle of which no content can be found: what a run of another plan would meet."""
    bundle = Bundle(folder)
    bundle._places = {}
    return bundle


def test_an_outcome_that_was_turned_is_a_mismatch(folder, tmp_path, capsys):

    copy = tmp_path / "b"
    shutil.copytree(folder[0], copy)
    path = copy / "state/changes.jsonl.gz"
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    for row in lines:
        if row["outcome"] == "fail":
            row["outcome"] = "pass"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in lines).encode()))

    code = app.run(["replay", "--bundle", str(copy), "--all"])

    assert code == 1
    said = capsys.readouterr().out
    assert "entry 4: 2 findings came out as sealed, 1 differ" in said
    assert RULE in said


def test_the_command_needs_no_configuration_and_no_store(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert app.run(["replay", "--bundle", str(folder[0])]) == 0
    assert "entry 6: 2 findings came out as sealed, 0 differ" in capsys.readouterr().out


def test_what_is_no_bundle_or_no_run_is_said_in_one_line(folder, tmp_path, capsys):
    with pytest.raises(BundleError, match="is no bundle"):
        Bundle(tmp_path)

    assert app.run(["replay", "--bundle", str(tmp_path)]) == 3
    assert app.run(["replay", "--bundle", str(folder[0]), "0"]) == 3
    assert "entry 0 is not a run" in capsys.readouterr().err
