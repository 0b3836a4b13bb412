"""Keeps what was read of the log until the log grows: a page is read more often than it changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")
MOST = 24
"""Answers that are kept; the one that was asked for longest ago goes first."""


class Memo:
    """The newest answer to each question; safe to use from several threads."""

    def __init__(self, size: Callable[[], int]) -> None:
        """`size` counts the entries of the log."""
        self._size = size
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()

    def ask(self, question: Hashable, answer: Callable[[], T], *, when: Hashable = None) -> T:
        """Give the answer, from before when the log has not grown since, and `when` is the same."""
        stamp = (self._size(), when)
        with self._lock:
            known = self._known.get(question)
            if known is not None and known[0] == stamp:
                self._known.move_to_end(question)
                return cast("T", known[1])
        found = answer()
        with self._lock:
            self._known[question] = (stamp, found)
            self._known.move_to_end(question)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return found
