"""The tables of the demo's other clouds: kinds of things, what is right of each and what is not.

A table is YAML: kind -> how many, called what, in which state, and flaws, each a merge patch (RFC
7396) that makes the state wrong in one respect. What is made depends on (seed, kind, flaw, number)
only. In texts, `{name}`, `{number}`, `{word}`, `{person}`, `{id}` and the values of the place
stand for themselves; `{ago[30]}` is a time 30 days before, `{epoch[-30]}` the seconds of one 30
days ahead.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

Json = dict[str, Any]

WORDS = (
    *("orders", "billing", "media", "search", "ledger", "stock", "claims", "portal"),
    *("reports", "partner", "mail", "sensor", "archive", "quote", "fleet", "survey"),
)
"""What the pretended firm has; things of the same number belong together."""

PEOPLE = (
    *("ana.vega", "ben.ito", "cleo.park", "dan.roth", "elin.berg", "femi.ade", "gita.rao"),
    *("hugo.lind", "ines.sousa", "jon.kerr", "kira.novak", "liam.daly", "mara.weiss"),
    *("noor.khan", "otto.falk", "pia.moreau"),
)
"""Who works there."""


class Flaw(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One respect in which a thing can be wrong."""

    set: Json
    """Merged into the state."""
    of: int = 5
    """One of so many has it, where the fact is not kept everywhere. No multiple of the number of
    places, or all of them would be in one."""
    broken: str = ""
    """What somebody did; empty: it does not come about while the demo runs."""
    mended: str = ""


class Blueprint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of thing."""

    count: int = 0
    """How many in all at scale 1; 0: one in each place."""
    name: str = "{word}"
    state: Json
    """What is right; its members are those that the cloud's seed knows."""
    flaws: Mapping[str, Flaw] = {}


class Thing(Struct, frozen=True, kw_only=True):
    """One thing that exists, in any of its states."""

    kind: str
    name: str
    place: str
    """The subscription or project that it is in."""
    right: Json
    flaws: Mapping[str, Flaw]
    """All that it could have, filled in."""
    wrong: frozenset[str]
    """Those that it has from the beginning."""

    def state(self, wrong: frozenset[str]) -> Json:
        """What it is like with these flaws."""
        state = self.right
        for name in sorted(wrong):
            state = merge(state, self.flaws[name].set)
        return state


class Dice(Struct, frozen=True, kw_only=True):
    """What is drawn, always the same for the same seed."""

    seed: int
    kept: int
    """In how many of a hundred facts everything is as it should be."""

    def flawed(self, kind: str, flaw: str, number: int, of: int) -> bool:
        """Whether thing `number` has the flaw: one of every `of`, where the fact is not kept."""
        name = f"{self.seed}/{kind}/{flaw}"
        if random.Random(f"{name}/kept").randrange(100) < self.kept:  # noqa: S311 - no secret
            return False
        return (number + random.Random(name).randrange(of)) % of == 0  # noqa: S311 - no secret


def load_blueprints(path: Path) -> dict[str, Blueprint]:
    """Read the table at `path`."""
    return msgspec.yaml.decode(path.read_bytes(), type=dict[str, Blueprint])


class Land(Struct, frozen=True, kw_only=True):
    """Where the things of a table are."""

    places: Mapping[str, Mapping[str, str]]
    """Id of a subscription or project -> what else is said of it."""
    identity: str
    """Template of an id, where the table says none."""
    series: Mapping[str, Sequence[str]] = {}
    """More that stands for itself: the things of one number have each of these in turn."""
    rounds: Mapping[str, Sequence[str]] = {}
    """The same, where every place is to have each of them."""


def draw_things(
    blueprints: Mapping[str, Blueprint], land: Land, *, dice: Dice, scale: int, now: datetime
) -> Iterator[Thing]:
    """Draw everything that exists."""
    for kind, blueprint in blueprints.items():
        count = max(1, blueprint.count * scale) if blueprint.count else len(land.places)
        for number in range(count):
            values = _values(kind, number, land)
            values["name"] = str(fill(blueprint.name, values, now))
            template = blueprint.state.get("id", land.identity)
            values["id"] = str(fill(template, values, now))
            flaws = {
                key: msgspec.convert(fill(msgspec.to_builtins(flaw), values, now), Flaw)
                for key, flaw in blueprint.flaws.items()
            }
            yield Thing(
                kind=kind,
                name=values["name"],
                place=values["place"],
                right={**fill(blueprint.state, values, now), "id": values["id"]},
                flaws=flaws,
                wrong=frozenset(
                    key for key, flaw in flaws.items() if dice.flawed(kind, key, number, flaw.of)
                ),
            )


def _values(kind: str, number: int, land: Land) -> dict[str, str]:
    """What stands for itself in the texts of thing `number`."""
    place = list(land.places)[number % len(land.places)]
    turn = number // len(land.places)
    return {
        **land.places[place],
        **{name: names[number % len(names)] for name, names in land.series.items()},
        **{name: names[turn % len(names)] for name, names in land.rounds.items()},
        "place": place,
        "kind": kind,
        "number": str(number),
        "word": WORDS[number % len(WORDS)] + str(number // len(WORDS) or ""),
        "person": PEOPLE[number % len(PEOPLE)] + str(number // len(PEOPLE) or ""),
    }


def merge(state: Any, patch: Any) -> Any:
    """RFC 7396: members of `patch` replace those of `state`, null removes."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(state) if isinstance(state, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


_PLACE = re.compile(r"\{(\w+)(?:\[(-?\d+)\])?\}")


def fill(value: Any, values: Mapping[str, str], now: datetime) -> Any:
    """Fill the places of every text, and of every key, in `value`."""
    if isinstance(value, dict):
        return {fill(key, values, now): fill(part, values, now) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, values, now) for part in value]
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    if whole:
        return _value(whole, values, now)
    return _PLACE.sub(lambda found: str(_value(found, values, now)), value)


def _value(found: re.Match[str], values: Mapping[str, str], now: datetime) -> str | int:
    name, days = found[1], found[2]
    if days is None:
        return values[name]
    at = now - timedelta(days=int(days))
    return int(at.timestamp()) if name == "epoch" else at.strftime("%Y-%m-%dT%H:%M:%SZ")
