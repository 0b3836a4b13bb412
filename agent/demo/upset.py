"""The demo's Azure and Google Cloud live: somebody breaks something, somebody mends it.

As agent/demo/drift.py tells it of AWS: what happens, to what and in which order depends on the seed
only.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from agent.demo.blueprint import Thing
from agent.demo.drift import STEP, Scene

FIRST = "ssh"
"""The flaw that everybody understands opens every demo."""

_WAIT = 5.0

_PATTERN = ("break", "deny", "break", "mend", "allow", "break", "mend", "mend")
"""Told over and over; every break is mended in it, and every denial lifted."""


class Blind(Struct, frozen=True, kw_only=True):
    """Something that the agent is not shown for a while."""

    right: str
    """The permission that somebody takes away for it."""
    begin: Callable[[], None]
    end: Callable[[], None]


def tell_upsets(
    things: Sequence[Thing],
    put: Callable[[Thing, frozenset[str]], None],
    blinds: Sequence[Blind],
    *,
    seed: int,
) -> Iterator[Scene]:
    """Scenes without end. `put(thing, flaws)` lets a thing have these flaws and no others."""
    dice = random.Random(f"{seed}/upset")  # noqa: S311 - a story, no secret
    order = _order(dice, things)
    broken: deque[tuple[Thing, str]] = deque()
    denials = 0
    wait = _WAIT
    while True:
        for step in _PATTERN:
            blind = blinds[denials % len(blinds)]
            if step == "break":
                thing, flaw = next(order)
                broken.append((thing, flaw))
                yield _scene(wait, thing.flaws[flaw].broken, put, thing, thing.wrong | {flaw})
            elif step == "mend":
                thing, flaw = broken.popleft()
                yield _scene(wait, thing.flaws[flaw].mended, put, thing, thing.wrong - {flaw})
            elif step == "deny":
                line = f"somebody takes {blind.right} away from the agent"
                yield Scene(wait=wait, line=line, play=blind.begin)
            else:
                denials += 1
                line = f"somebody gives {blind.right} back to the agent"
                yield Scene(wait=wait, line=line, play=blind.end)
            wait = STEP


def _scene(
    wait: float,
    line: str,
    put: Callable[[Thing, frozenset[str]], None],
    thing: Thing,
    wrong: frozenset[str],
) -> Scene:
    return Scene(wait=wait, line=line, play=lambda: put(thing, wrong))


def _order(dice: random.Random, things: Sequence[Thing]) -> Iterator[tuple[Thing, str]]:
    """Every flaw that can come about, of a thing without flaws; all before any comes again."""
    sound = [thing for thing in things if not thing.wrong]
    kinds = sorted({(thing.kind, key) for thing in sound for key in thing.flaws})
    kinds = [
        (kind, key)
        for kind, key in kinds
        if any(thing.kind == kind and thing.flaws[key].broken for thing in sound)
    ]
    first = True
    while True:
        rest = list(kinds)
        dice.shuffle(rest)
        if first:
            rest.sort(key=lambda pair: pair[1] != FIRST)
        first = False
        for kind, key in rest:
            yield dice.choice([thing for thing in sound if thing.kind == kind]), key
