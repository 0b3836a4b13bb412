"""A sample comes from a population that was sealed first, and everybody can draw it again."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from hashlib import sha256
from importlib.resources import files

import pytest
from bundle_kit import bundle, changed, entries, index_of, listed, rewritten, tell, verify
from evidence_world import BUCKET, HOUR, SIGNER, START, TARGET, open_world

from agent.cli import app
from agent.evidence import keys, queries
from agent.evidence.entry import Kind
from agent.evidence.store import Store
from agent.samples.draw import (
    SampleError,
    draw,
    load_sizes,
    read_population,
    read_sample,
    sample_body,
)
from agent.samples.population import population_body, resources_in, runs_in

DAY = START + 24 * HOUR


def freeze(world, ids, at=DAY):
    body, content = population_body("file", {}, ids)
    return world.log.append(Kind.POPULATION, body, at, [content])


def test_the_lowest_tickets_are_drawn_whatever_the_order():
    ids = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    mixed = random.Random(5).sample(ids, len(ids))

    assert draw("seed", ids, 25) == draw("seed", mixed, 25)
    lowest = min(ids, key=lambda one: sha256(f"seed,{one}".encode()).hexdigest())
    assert draw("seed", ids, 25)[0] == lowest


def test_a_larger_sample_keeps_the_smaller_and_another_nonce_draws_another(tmp_path):
    with open_world(tmp_path) as world:
        population = read_population(world.store, freeze(world, [f"item {n}" for n in range(200)]))
        small, large = (sample_body(population, "6-3-1", size)["items"] for size in (25, 60))
        other = sample_body(population, "6-3-2", 25)["items"]

    assert large[:25] == small
    assert other != small


def test_the_seed_holds_the_digest_so_another_population_draws_another_sample(tmp_path):
    with open_world(tmp_path) as world:
        whole = read_population(world.store, freeze(world, map(str, range(100))))
        less = read_population(world.store, freeze(world, map(str, range(99))))

    assert sample_body(whole, "x", 10)["items"] != sample_body(less, "x", 10)["items"]


def test_the_shell_of_verify_md_draws_the_same_sample(tmp_path):
    text = (files("agent.bundle") / "VERIFY.md").read_text()
    script = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[-1]
    with open_world(tmp_path) as world:
        entry = freeze(world, [f"pull request {n} of Zoë" for n in range(50)])
        body = sample_body(read_population(world.store, entry), "6 3 1", 7)
        with world.store.reading() as view:
            digest = json.loads(view.entry(entry))["ids"]["blob"]
            (tmp_path / "population").write_bytes(view.content(bytes.fromhex(digest)))
    given = {"SEED": body["seed"], "SIZE": "7", "POPULATION": str(tmp_path / "population")}

    done = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.splitlines() == body["items"]


@pytest.mark.parametrize(
    ("nonce", "size", "said"),
    [
        ("", 5, "the nonce is 1 to 200 characters"),
        ("a\nb", 5, "the nonce is 1 to 200 characters"),
        ("x" * 201, 5, "the nonce is 1 to 200 characters"),
        ("x", 0, "no sample of 0"),
        ("x", 11, "the population has 10 items: no sample of 11"),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(tmp_path, nonce, size, said):
    with open_world(tmp_path) as world:
        population = read_population(world.store, freeze(world, map(str, range(10))))

    with pytest.raises(SampleError, match=said):
        sample_body(population, nonce, size)


@pytest.mark.parametrize(("ids", "said"), [([], "is empty"), (["a\nb"], "must be one line")])
def test_a_population_that_cannot_be_frozen_is_refused(ids, said):
    with pytest.raises(SampleError, match=said):
        population_body("file", {}, ids)


def test_a_sealed_sample_is_drawn_again_when_it_is_read(tmp_path):
    with open_world(tmp_path) as world:
        entry = freeze(world, map(str, range(30)))
        body = sample_body(read_population(world.store, entry), "x", 3)
        good = world.log.append(Kind.SAMPLE, body, DAY)
        bad = world.log.append(Kind.SAMPLE, {**body, "items": ["1", "2", "3"]}, DAY)

        assert read_sample(world.store, good).items == tuple(body["items"])
        with pytest.raises(SampleError, match="is not the sample that its seed draws"):
            read_sample(world.store, bad)
        with pytest.raises(SampleError, match="entry 0 is no population"):
            read_population(world.store, 0)


def test_a_population_of_resources_has_those_that_went_in_the_period(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)  # bucket-3 is gone from hour 12 on

        def names(low, high):
            found = resources_in(world.store, START + low * HOUR, START + high * HOUR, BUCKET, None)
            return {one.rpartition(" ")[2] for one in found}

        assert names(6, 30) == {f"bucket-{n}" for n in range(4)}
        assert names(14, 30) == {f"bucket-{n}" for n in range(3)}


def test_a_population_of_runs_has_one_id_a_run(tmp_path):
    with open_world(tmp_path) as world:
        tell(world, 10)
        found = list(runs_in(world.store, START + 2 * HOUR, START + 6 * HOUR, TARGET))

    assert len(found) == 4
    assert found[0].startswith(f"{TARGET} 2026-01-01T02:00:00Z entry ")


def test_the_table_of_sizes_can_be_ones_own(tmp_path):
    own = tmp_path / "sizes.tsv"
    own.write_text("# ours\ndaily\t15\n")

    assert load_sizes()["daily"] == 25
    assert load_sizes(own) == {"daily": 15}
    own.write_text("daily fifteen\n")
    with pytest.raises(SampleError, match=r"sizes.tsv:1: is not a frequency"):
        load_sizes(own)


def test_a_bundle_draws_its_samples_again_and_finds_a_chosen_one(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        entry = freeze(world, map(str, range(30)), START + 30 * HOUR)
        body = sample_body(read_population(world.store, entry), "x", 3)
        world.log.append(Kind.SAMPLE, body, START + 30 * HOUR)
        bundle(world, tmp_path / "b")

    code, said = verify(tmp_path / "b")
    assert (code, "1 samples drawn again" in said) == (0, True), said

    lines = entries(tmp_path / "b")
    place = index_of(lines, "sample")
    lines[place] = changed(lines[place], items=["1", "2", "3"])
    rewritten(tmp_path / "b", lines)
    listed(tmp_path / "b")
    code, said = verify(tmp_path / "b")
    assert code == 1
    assert f"entry {place}: the sample is not the one that its seed draws" in said


def test_the_commands_seal_population_and_draw(tmp_path, capsys):
    data = tmp_path / "assay-data"
    data.mkdir()
    with open_world(data) as world:
        tell(world, 10)
    handle = os.open(data / "log.key", os.O_WRONLY | os.O_CREAT, 0o400)
    os.write(handle, keys.to_text(SIGNER).encode())
    os.close(handle)
    (tmp_path / "assay.yaml").write_text("shipped_rules: false\norigin: example.com/log\n")

    def assay(*words):
        code = app.run(["--config", str(tmp_path / "assay.yaml"), "sample", *words])
        return code, capsys.readouterr().out

    code, said = assay("population", "--of", "runs", "--from", "2026-01-01", "--to", "2026-01-02")
    assert code == 0
    entry = re.search(r"10 items, .* sealed as entry (\d+)", said)[1]
    code, drawn = assay("draw", entry, "--nonce", "6-3-1", "--frequency", "weekly")
    assert (code, len(drawn.splitlines())) == (0, 8)
    code, said = assay("show", str(int(entry) + 1))
    assert (code, drawn.splitlines()[0] in said) == (0, True)
    with Store.open(data / "evidence.db", create=False) as store:
        kinds = [body["kind"] for _, body in queries.entries(store)][-2:]
    assert kinds == ["population", "sample"]
