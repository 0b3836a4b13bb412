"""The draw: a ticket for every id, and the lowest tickets are the sample.

`seed = "assay.sample.v1|" digest of the population "|" nonce`, `ticket = SHA-256(seed "," id)` in
hex, sorted by ticket and id. The auditor gives the nonce once the population is sealed, so nobody
can choose either to get another sample; with the same nonce a larger sample keeps the smaller one.

    SampleError    a population or sample cannot be made or found; the message is one line
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.evidence.entry import Kind, decode_entry, whole
from agent.evidence.store import Store

PREFIX = "assay.sample.v1"
OF = "sample"
"""What tells these populations from those of targets and of events."""
LONGEST_NONCE = 200


class SampleError(Exception):
    """A population or a sample cannot be made or found."""


class Population(Struct, frozen=True, kw_only=True):
    """What a sample is drawn from, as it was sealed."""

    entry: int
    source: str
    query: dict[str, Any]
    digest: str
    """Hex SHA-256 of the ids, one a line, in order."""
    ids: tuple[str, ...]


class Drawn(Struct, frozen=True, kw_only=True):
    """A sample as it was sealed."""

    entry: int
    population: int
    nonce: str
    seed: str
    items: tuple[str, ...]
    """In the order of their tickets."""


def ticket(seed: str, identity: str) -> str:
    """Give the ticket of an id: hex SHA-256 of `seed,id`."""
    return sha256(f"{seed},{identity}".encode()).hexdigest()


def draw(seed: str, ids: Iterable[str], size: int) -> tuple[str, ...]:
    """Give the `size` ids with the lowest tickets, lowest first."""
    return tuple(sorted(ids, key=lambda one: (ticket(seed, one), one))[:size])


def sample_body(population: Population, nonce: str, size: int) -> dict[str, Any]:
    """Write the body of a `sample` entry. Raises `SampleError`."""
    if not nonce.isprintable() or not nonce.strip() or len(nonce) > LONGEST_NONCE:
        raise SampleError(f"the nonce is 1 to {LONGEST_NONCE} characters that can be printed")
    if not 0 < size <= len(population.ids):
        raise SampleError(f"the population has {len(population.ids)} items: no sample of {size}")
    seed = f"{PREFIX}|{population.digest}|{nonce}"
    items = list(draw(seed, population.ids, size))
    return {
        "population": population.entry,
        "nonce": nonce,
        "seed": seed,
        "size": size,
        "items": items,
    }


def read_population(store: Store, entry: int) -> Population:
    """Read a sealed population. Raises `SampleError` and `StoreError`."""
    with store.reading() as view:
        body = _entry(view.entry(entry), entry, Kind.POPULATION)
        if body.get("of") != OF:
            raise SampleError(f"entry {entry} is a population of {body.get('of')}, not of samples")
        digest = body["ids"]["blob"]
        content = view.content(bytes.fromhex(digest))
    if content is None or sha256(content).hexdigest() != digest:
        raise SampleError(f"entry {entry}: its ids are not there; run `assay evidence verify`")
    return Population(
        entry=entry,
        source=body["source"],
        query=body["query"],
        digest=digest,
        ids=tuple(content.decode().splitlines()),
    )


def read_sample(store: Store, entry: int) -> Drawn:
    """Read a sealed sample, and draw it again. Raises `SampleError` when it is another."""
    with store.reading() as view:
        body = _entry(view.entry(entry), entry, Kind.SAMPLE)
        items = tuple(whole(body["items"], view.content))
    population = read_population(store, body["population"])
    again = sample_body(population, body["nonce"], body["size"])
    if (tuple(again["items"]), again["seed"]) != (items, body["seed"]):
        raise SampleError(f"entry {entry}: is not the sample that its seed draws")
    return Drawn(
        entry=entry,
        population=population.entry,
        nonce=body["nonce"],
        seed=body["seed"],
        items=items,
    )


def load_sizes(path: Path | None = None) -> dict[str, int]:
    """Read the table of sizes by frequency, ours or a person's own. Raises `SampleError`."""
    place = path or files("agent.samples") / "sizes.tsv"
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SampleError(f"{place}: cannot be read: {error}") from None
    sizes = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        frequency, _, size = line.partition("\t")
        if not size.strip().isdecimal() or not int(size):
            raise SampleError(f"{place}:{number}: is not a frequency, a tab and a size")
        sizes[frequency] = int(size)
    return sizes


def _entry(data: bytes | None, index: int, kind: Kind) -> dict[str, Any]:
    body = {} if data is None else decode_entry(data)
    if body.get("kind") != kind:
        raise SampleError(f"entry {index} is no {kind}")
    return body
