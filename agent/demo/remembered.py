"""A session that remembers what the demo's cloud answered, so that half a year takes a minute.

The cloud is asked again only where something changed since: what has been broken and not mended in
a service is the name of its state, and a state that was seen before answers from memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from msgspec.structs import replace

from agent.demo.weather import Refused
from agent.run import CLOCK
from checks.canonical import rfc3339
from checks.limits import Clock
from checks.model import Answer, Call, CallError, Cause, Made, Rate, Session, Target

T = TypeVar("T")
REQUEST = timedelta(milliseconds=20)
"""What a request takes on the simulated clock."""


class Time:
    """A clock that moves when it is told to, and a little with every request."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._turn = Lock()

    def now(self) -> datetime:
        """Give the simulated time."""
        return self._moment

    def to(self, moment: datetime) -> None:
        """Go on to a moment; never back."""
        with self._turn:
            self._moment = max(self._moment, moment)

    def passes(self, duration: timedelta) -> None:
        """Go on by a duration."""
        with self._turn:
            self._moment += duration

    @property
    def clock(self) -> Clock:
        """The clock of a run: only the calendar is simulated, and nobody waits."""
        return Clock(
            now=self.now, monotonic=CLOCK.monotonic, sleep=lambda _: None, random=lambda: 0.5
        )


class Memory:
    """What the cloud answered in each of its states."""

    def __init__(self) -> None:
        self.broken: dict[str, frozenset[str]] = {}
        """Service -> what is broken in it."""
        self.denied: tuple[Refused, ...] = ()
        self.locked_out = False
        """Whether nobody knows the agent's credentials any more."""
        self._answers: dict[tuple[str, ...], Any] = {}

    def ask(self, service: str, what: tuple[str, ...], ask: Callable[[], T]) -> T:
        """Give what was answered to `what` in this state, or ask and remember."""
        key = (service, *sorted(self.broken.get(service, ())), "", *what)
        if key not in self._answers:
            try:
                self._answers[key] = ask()
            except CallError as error:
                self._answers[key] = error
        found = self._answers[key]
        if isinstance(found, CallError):
            raise found
        answer: T = found
        return answer


class Remembered:
    """A session of the demo's cloud on the simulated clock."""

    def __init__(self, live: Session, memory: Memory, time: Time) -> None:
        self._live, self._memory, self._time = live, memory, time

    @property
    def target(self) -> Target:
        """The target of the live session."""
        return self._live.target

    @property
    def identity(self) -> str:
        """Who asks."""
        return "" if self._memory.locked_out else self._live.identity

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """Regions that are not switched on."""
        return self._live.not_enabled

    @property
    def rates(self) -> Mapping[str, Rate]:
        """None: memory need not be spared."""
        return {}

    def made(self) -> tuple[Made, ...]:
        """None: what the live session asked, it asked at another time."""
        return ()

    def names(self, region: str) -> Mapping[str, str]:
        """Give the values of templates. Raises `CallError`."""
        self._let_in()
        return self._memory.ask("sts", ("names", region), lambda: self._live.names(region))

    def regions(self, service: str) -> tuple[str, ...]:
        """List the regions. Raises `CallError`."""
        self._let_in()
        return self._memory.ask(
            "account", ("regions", service), lambda: self._live.regions(service)
        )

    def request(
        self, call: Call, params: Mapping[str, Any], region: str, after: Any = None
    ) -> Answer:
        """Answer from memory. Raises `CallError`."""
        self._let_in()
        self._time.passes(REQUEST)
        if any(refused.operation == call.name for refused in self._memory.denied):
            message = f"{self._live.identity} is not authorized to perform {call.name}"
            raise CallError(Cause.DENIED, "AccessDenied", message, status=403)
        what = (call.operation, json.dumps(params, sort_keys=True, default=str), region, str(after))
        answer = self._memory.ask(
            call.service, what, lambda: self._live.request(call, params, region, after)
        )
        now = self._time.now()
        if call.operation == "GetCredentialReport":  # AWS renews it every four hours
            answer = replace(answer, data={**answer.data, "GeneratedTime": now})
        return replace(answer, date=rfc3339(now))  # the server's clock is the simulated one too

    def _let_in(self) -> None:
        if self._memory.locked_out:
            raise CallError(Cause.AUTH, "ExpiredToken", "the credentials are not valid any more")
