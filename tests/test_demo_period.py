"""The demo's half-year is real: its log verifies, and its runs replay."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from bundle_kit import verify as verify_bundle

from agent.bundle.write import Order, write_bundle
from agent.cli import app
from agent.cli.demo import to_try
from agent.demo.period import Options, tell_period
from agent.demo.process import DemoError
from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.replay import StoreSource, replay_from
from agent.evidence.verify import verify_store
from agent.home import open_log, open_store
from agent.replay import judging

DAYS = 30
END = datetime(2026, 11, 24, tzinfo=UTC)


class Silent:
    """A stage that keeps what was said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def progress(self, done, of):
        assert done <= of


@pytest.fixture(scope="module")
def told(tmp_path_factory, once):
    once("demo-period")
    folder = tmp_path_factory.mktemp("period") / "demo"
    stage = Silent()
    options = Options(period=timedelta(days=DAYS), folder=folder, scale=0, end=END)
    told = tell_period(stage, options)
    return told, stage.lines


@pytest.fixture
def store(told):
    with open_store(told[0].settings) as store:
        yield store


def test_the_log_verifies_and_every_slot_ran_or_is_explained(told, store):
    verify_store(store)
    found = queries.gaps(store, told[0].start, told[0].end)

    assert found.expected == DAYS
    assert found.ran == told[0].runs == DAYS - 4
    assert (found.explained, found.unexplained) == (4, 0)


def test_the_cloud_s_clock_is_the_simulated_one(store):
    with store.reading() as view:
        entries = [json.loads(data) for _, data in view.entries(start=0)]
    headers = [entry["header"] for entry in entries if entry["kind"] == Kind.RUN]
    assert max(abs(header["clock_skew_ms"]) for header in headers) < 2000


def test_all_sorts_of_things_happen(told, store):
    kinds = Counter(body["kind"] for _, body in queries.entries(store))

    assert kinds["waiver"] >= 2
    assert kinds["attestation"] >= 1
    assert kinds["schedule"] >= 2
    assert kinds["gap"] == 2
    assert kinds["agent"] == 6
    found = deviations(store, told[0].start, told[0].end)
    assert any(one.end is not None and one.observed for one in found)
    assert any(one.end is None for one in found)
    errors = [body for _, body in queries.runs(store, told[0].start, told[0].end) if body["gaps"]]
    assert len(errors) >= 3
    assert any("takes s3:GetBucketEncryption away" in line for line in told[1])


def test_its_runs_replay_to_the_same_outcomes(store):
    judge = judging()
    with store.reading() as view:
        indexes = [index for index, _ in view.entries("run")]
        for index in (indexes[0], indexes[len(indexes) // 2], indexes[-1]):
            found = replay_from(StoreSource(view), index, judge)
            assert found.mismatches == ()
            assert found.same > 100


def test_its_bundle_is_valid(told, store, tmp_path):
    start, end = told[0].start, told[0].end
    order = Order(start=start, end=end, made_at=end)
    with open_log(told[0].settings, at=end) as log:
        assert isinstance(log, Log)
        write_bundle(store, tmp_path / "b", order, lambda body: log.append("export", body, end))

    code, said = verify_bundle(tmp_path / "b")

    assert code == 0, said
    assert f"{DAYS} slots expected: {DAYS - 4} ran, 4 explained, 0 unexplained" in said


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("")

    with pytest.raises(DemoError, match="is not empty; name a new folder"):
        tell_period(Silent(), Options(period=timedelta(days=2), folder=tmp_path))


def test_a_period_that_is_none_is_one_line(tmp_path, capsys):
    assert app.run(["demo", "--period", "soon", "--out", str(tmp_path / "x")]) == 3
    assert "--period soon" in capsys.readouterr().err


def test_what_it_proposes_to_try_is_called_as_the_demo_was(told, tmp_path):
    lines = to_try(told[0], tmp_path, ".venv/bin/assay").splitlines()[1:]

    assert [line.split()[0] for line in lines] == [".venv/bin/assay"] * 3 + ["python3"]
    assert all(f" --to {told[0].end:%Y-%m-%d}" in line for line in lines[:3])
