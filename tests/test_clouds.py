"""The demo's Azure and Google Cloud: seeded, served by a process of their own, and alive."""

import json
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.config import Settings
from agent.demo.azure.seed import draw_azure
from agent.demo.blueprint import Dice, Thing, fill, merge
from agent.demo.gcp.seed import draw_gcp
from agent.demo.neighbour import Neighbour, start_neighbour
from agent.demo.process import DemoError, spawn
from agent.demo.roster import configure_roster, write_roster
from agent.demo.run import Options, run_demo
from agent.demo.upset import FIRST, Blind, tell_upsets
from agent.model import Outcome
from agent.run import CLOCK

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DRAWS = {"azure": draw_azure, "gcp": draw_gcp}
CLOUDS = sorted(DRAWS)


def drawn(cloud: str, seed: int = 7, scale: int = 1, kept: int = 60) -> tuple[Thing, ...]:
    return DRAWS[cloud](Dice(seed=seed, kept=kept), scale=scale, now=NOW)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_estate_is_large_and_of_many_kinds_in_several_places(cloud: str) -> None:
    things = drawn(cloud)
    assert len(things) >= 150
    assert len({thing.kind for thing in things}) >= 20
    assert len({thing.place for thing in things}) >= 3
    assert len({thing.right["id"] for thing in things}) == len(things)
    wrong = [thing for thing in things if thing.wrong]
    assert 0.05 * len(things) < len(wrong) < 0.4 * len(things)
    assert len({thing.place for thing in wrong}) >= 3


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_estate_depends_on_its_seed_alone_and_grows_with_its_scale(cloud: str) -> None:
    assert drawn(cloud) == drawn(cloud)
    assert [one.wrong for one in drawn(cloud)] != [one.wrong for one in drawn(cloud, seed=8)]
    assert len(drawn(cloud, scale=3)) > 2 * len(drawn(cloud))
    assert len({one.kind for one in drawn(cloud, scale=0)}) == len(
        {one.kind for one in drawn(cloud)}
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_flaw_changes_the_thing_and_no_place_of_a_text_is_left_open(cloud: str) -> None:
    for thing in drawn(cloud):
        assert "{" not in json.dumps(thing.right).replace("{}", "").replace('{"', "")
        for flaw in thing.flaws.values():
            assert merge(thing.right, flaw.set) != thing.right, (thing.kind, flaw)
            assert bool(flaw.broken) == bool(flaw.mended)


def test_a_merge_patch_replaces_and_removes() -> None:
    """RFC 7396, appendix A."""
    assert merge({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}) == {"a": {"b": "d"}}
    assert merge({"a": [{"b": "c"}]}, {"a": [1]}) == {"a": [1]}
    assert merge({"a": "foo"}, {"b": None}) == {"a": "foo"}
    assert merge({}, {"a": {"bb": {"ccc": None}}}) == {"a": {"bb": {}}}


def test_times_of_a_table_are_told_from_today() -> None:
    assert fill("{ago[1]}", {}, NOW) == "2026-11-23T12:00:00Z"
    assert fill("{epoch[-1]}", {}, NOW) == int(NOW.timestamp()) + 86400
    assert fill({"{a}": ["x-{a}"]}, {"a": "1"}, NOW) == {"1": ["x-1"]}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_story_is_the_same_for_the_same_seed_and_mends_what_it_breaks(cloud: str) -> None:
    def told() -> tuple[list[str], dict[str, frozenset[str]]]:
        things = drawn(cloud)
        state: dict[str, frozenset[str]] = {}

        def put(thing: Thing, wrong: frozenset[str]) -> None:
            state[thing.right["id"]] = wrong - thing.wrong

        blind = Blind(right="sight", begin=lambda: None, end=lambda: None)
        scenes = tell_upsets(things, put, [blind], seed=7)
        lines = []
        for _ in range(16):
            scene = next(scenes)
            scene.play()
            lines.append(scene.line)
        return lines, state

    lines, state = told()
    assert (lines, state) == told()
    assert FIRST.upper() in lines[0]
    assert not any(state.values())
    assert len(state) >= 5


@pytest.fixture(scope="module", params=CLOUDS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Neighbour, Path]]:
    """A cloud in a process of its own, and the configuration that looks at it."""
    folder = tmp_path_factory.mktemp("demo")
    with start_neighbour(request.param, folder / "cloud", seed=7, scale=1, kept=60) as started:
        write_roster(None, folder / "roster.csv", CLOCK.now(), beside=started.told.people)
        config = {
            "targets": [started.told.target],
            "store": "evidence",
            "origin": "assay.demo/agent",
            "files": configure_roster(folder / "roster.csv"),
        }
        (folder / "assay.yaml").write_text(json.dumps(config))
        yield started, folder / "assay.yaml"


def looked(config: Path) -> dict[str, Counter[str]]:
    """What one look at everything finds: rule -> how many of each outcome."""
    words = [sys.executable, "-m", "agent", "-c", str(config), "check", "-f", "json"]
    done = subprocess.run(words, capture_output=True, timeout=120, check=False)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for item in json.loads(done.stdout)["items"]:
        for row in item["rules"]:
            found[row["rule"]].update({name: row[name] for name in Outcome if name in row})
    return found


def test_nothing_of_a_seeded_cloud_is_an_error_and_most_of_it_is_in_order(
    served: tuple[Neighbour, Path],
) -> None:
    found = looked(served[1])
    errors = {rule: each["error"] for rule, each in found.items() if each["error"]}
    assert errors == {}, "estate.yaml lacks what these rules read"
    assert sum(1 for each in found.values() if each["pass"]) >= 90
    assert 15 <= sum(1 for each in found.values() if each["fail"]) <= 90
    total = sum(found.values(), Counter())
    assert total["pass"] > 5 * total["fail"]


def test_things_happen_once_they_may_and_each_is_said(served: tuple[Neighbour, Path]) -> None:
    said: list[str] = []
    happened = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        happened.set()

    served[0].live(say)
    assert happened.wait(25)
    assert "opens SSH to the whole world" in said[0]


def test_a_cloud_that_cannot_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent.demo.azure", "--folder"]
    with pytest.raises(DemoError, match="expected one argument"), spawn(command):
        pass
    assert not any(tmp_path.iterdir())


class Heard:
    """A stage that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, done: int, of: int) -> None:
        """Nobody looks."""


def test_three_clouds_are_targets_of_one_agent() -> None:
    stage, seen = Heard(), list[Settings]()

    def serve(
        settings: Settings,
        *,
        stopping: threading.Event,  # noqa: ARG001 - of the protocol
        ready: Callable[[str], None],
    ) -> int:
        seen.append(settings)
        ready("http://127.0.0.1:1")
        return 0

    assert run_demo(serve, stage, Options(scale=0, clouds=("aws", "azure", "gcp"))) == 0
    assert [target.provider for target in seen[0].targets] == ["aws", "azure", "gcp"]
    assert any("a tenant of Azure" in line for line in stage.lines)
    assert any("an organization of Google Cloud" in line for line in stage.lines)
    assert not Path(seen[0].folder).exists()
