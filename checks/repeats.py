"""Calls that several checks make alike: asked once a run, and answered to each of them.

The account asks which organization it is in, and so does the check of the organization; the list
of second factors is one check's listing and another's facet. What is kept is only what is known
beforehand to be asked again, so that no other answer stays in memory.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from checks.canonical import to_bytes
from checks.model import Answer, Call, CallError, Check
from checks.template import places

Key = tuple[str, bytes]
"""`service:operation`, and its parameters."""

_OF_TARGET = frozenset({"account", "partition", "region", "subscription", "tenant", "project"})
"""What templates can name and is the same for every check of a target in a region."""


def repeated(checks: Iterable[Check], wanted: Mapping[str, frozenset[str]]) -> frozenset[Key]:
    """Name the calls that more than one of `checks` makes, with the facets of `wanted`.

    As they are written; what describes many resources at a time is not all written in a check.
    """
    counts = Counter(
        key_of(call, call.params)
        for check in checks
        for call in check.calls(wanted.get(check.name, frozenset()))
        if call is not check.batch
        and {path.split(".")[0] for path in places(call.params)} <= _OF_TARGET
    )
    return frozenset(key for key, count in counts.items() if count > 1)


def key_of(call: Call, params: Mapping[str, Any]) -> Key:
    """What makes two calls the same."""
    return call.name, to_bytes(dict(params))


class Repeats:
    """The answers of repeated calls, by region. Thread-safe."""

    def __init__(self, keys: frozenset[Key] = frozenset()) -> None:
        """`keys` are of `repeated`."""
        self._keys = keys
        self._names = {name for name, _ in keys}
        self._turn = threading.Lock()
        self._turns: dict[tuple[Key, str], threading.Lock] = {}
        self._answers: dict[tuple[Key, str], tuple[Answer, ...] | CallError] = {}

    def pages(
        self,
        call: Call,
        params: Mapping[str, Any],
        region: str,
        ask: Callable[[], Iterator[Answer]],
        settles: Callable[[CallError], bool],
    ) -> Iterator[Answer]:
        """The pages of a call with `params`: asked for, or those that came when it was before.

        An answer that did not come whole is not kept: whoever needs it next asks again. An error
        that `settles` the question ("there is none") is an answer, and raised again.
        """
        if call.name not in self._names or key_of(call, call.params) not in self._keys:
            yield from ask()
            return
        key = key_of(call, params)
        with self._turn:
            turn = self._turns.setdefault((key, region), threading.Lock())
        with turn:
            if (key, region) not in self._answers:
                self._answers[key, region] = _settled(ask, settles)
        found = self._answers[key, region]
        if isinstance(found, CallError):
            raise found
        yield from found


def _settled(
    ask: Callable[[], Iterator[Answer]], settles: Callable[[CallError], bool]
) -> tuple[Answer, ...] | CallError:
    try:
        return tuple(ask())
    except CallError as error:
        if not settles(error):
            raise
        return error
