"""What was drawn is judged again, item by item, by the bundle alone."""

import gzip
import json
import shutil
from datetime import timedelta

import pytest
from evidence_world import BUCKET, HOUR, START, TARGET, open_world
from period_kit import DAY, failing, live, period_world, report
from test_bundle_replay import RULE, TEXT, judged

from agent.bundle.read import Bundle
from agent.bundle.write import Order, write_bundle
from agent.cli.app import run
from agent.evidence.entry import Kind
from agent.evidence.seal import RuleVersion
from agent.replay import judging
from agent.reports.overall import overall
from agent.samples.draw import SampleError, read_population, sample_body, ticket
from agent.samples.perform import perform
from agent.samples.population import deviations_in, population_body, resources_in, runs_in

END = START + 6 * HOUR


def seal(world, source, ids, size):
    body, content = population_body(source, {}, ids)
    entry = world.log.append(Kind.POPULATION, body, END, [content])
    drawn = sample_body(read_population(world.store, entry), "6 3 1", size)
    return world.log.append(Kind.SAMPLE, drawn, END)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Six hours of three buckets, and samples of four sorts; a bundle of it all."""
    folder = tmp_path_factory.mktemp("performed")
    version = {RULE: RuleVersion(text=TEXT, check=BUCKET)}
    with open_world(folder) as world:
        for hour in range(6):
            at = START + hour * HOUR
            with world.log.run(target=TARGET, slot=at, rules=version, at=at) as running:
                for number in range(3):
                    name = f"bucket-{number}"
                    running.add(judged(name, kept=(hour + number) % 3 != 0))
                    running.see(name, "eu-west-1", BUCKET, bytes(32))
                running.seal({}, finished=at + timedelta(minutes=1))
        store, period = world.store, (START, END)
        samples = {
            "runs": seal(world, "runs", runs_in(store, *period, None), 2),
            "deviations": seal(world, "deviations", deviations_in(store, *period, None, None), 4),
            "resources": seal(world, "resources", resources_in(store, *period, BUCKET, None), 2),
            "file": seal(world, "file", ["ticket 1", "ticket 2"], 1),
        }
        order = Order(start=START, end=END, made_at=END)
        write_bundle(store, folder / "b", order, lambda body: world.log.append("export", body, END))
    return folder / "b", samples


@pytest.mark.parametrize(
    ("sort", "same"), [("runs", [3, 3]), ("deviations", [1] * 4), ("resources", [1] * 2)]
)
def test_every_item_comes_out_as_it_was_sealed(made, sort, same):
    bundle = Bundle(made[0])
    done = perform(bundle, bundle.runs(), made[1][sort], judging())
    assert [(one.found.same, one.found.skipped, one.found.mismatches) for one in done] == [
        (number, 0, ()) for number in same
    ]
    assert all(one.entries for one in done)


def test_somebodys_own_list_is_drawn_again_and_judged_by_nobody(made):
    bundle = Bundle(made[0])
    (one,) = perform(bundle, bundle.runs(), made[1]["file"], judging())
    assert (one.item.startswith("ticket"), one.entries, one.found.same) == (True, (), 0)


def test_an_item_whose_outcome_was_changed_is_named(made, tmp_path, capsys):
    folder, samples = made
    code = run(["replay", "--bundle", str(folder), "--sample", str(samples["resources"])])
    assert code == 0
    assert TARGET in capsys.readouterr().out
    shutil.copytree(folder, tmp_path / "b")
    path = tmp_path / "b/state/changes.jsonl.gz"
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    for row in rows:
        row["outcome"] = "fail" if row["outcome"] == "pass" else "pass"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    words = ["replay", "--bundle", str(tmp_path / "b"), "--sample", str(samples["resources"])]
    assert run([*words, "--format", "json"]) == 1
    (first, *_) = json.loads(capsys.readouterr().out)["items"]
    assert (first["differ"], first["differences"][0]["rule"]) == (1, RULE)


def test_what_is_no_sample_or_another_draw_is_one_line(made, tmp_path, capsys):
    folder, samples = made
    assert run(["replay", "--bundle", str(folder), "--sample", "0"]) == 3
    assert "entry 0 is no sample" in capsys.readouterr().err
    shutil.copytree(folder, tmp_path / "b")
    path = tmp_path / "b/log/entries.jsonl"
    lines = path.read_text().splitlines()
    body = json.loads(lines[samples["file"]])
    body["items"] = [item for item in ("ticket 1", "ticket 2") if item not in body["items"]]
    lines[samples["file"]] = json.dumps(body)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(SampleError, match="is not the sample that its seed draws"):
        perform(Bundle(tmp_path / "b"), [], samples["file"], judging())


def test_the_workpapers_list_each_item_with_its_ticket(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 2, 5), hours=6)
        entry = seal(world, "runs", runs_in(world.store, START, END, None), 3)
        made = report(world, 1, now=START + DAY)
    (table,) = [table for table in overall(made) if table.name == "Samples"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["Log entry"], row["Number"], row["Of"]) for row in rows] == [
        (entry, number, 6) for number in (1, 2, 3)
    ]
    assert [row["Ticket"] for row in rows] == sorted(row["Ticket"] for row in rows)
    assert all(row["Ticket"] == ticket(row["Seed"], row["Item"]) for row in rows)
