"""Counts the work that code does, where a clock would tell how busy the machine is."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn


def calls_of(do: Callable[[], object]) -> Counter[str]:
    """Give how often `do` called each Python function (`agent.cel.parse.parse`) of this thread.

    The code as it is, counted by the interpreter: the same number however busy the machine is.
    The turns of a generator count as calls of it.
    """
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            counts[f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"] += 1

    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(None)
    return counts


@contextmanager
def ending(seconds: float = 60) -> Iterator[None]:
    """Make a failure of work that would go on for hours.

    `seconds` are of this process's own processor, so that other load does not use them up. For
    work in C that cannot be counted; it must be such that thousandths of it are needed.
    """

    def end(*_: object) -> NoReturn:
        raise AssertionError(f"it has worked for {seconds} seconds, and had not ended")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
