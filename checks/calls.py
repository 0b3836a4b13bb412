"""Makes one call as often as it takes: paced, retried, counted, and never after the deadline.

An error of credentials closes the whole target: the first one is remembered, and every later
call fails with it at once instead of leaving the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from checks.ledger import Ledger, skew_of
from checks.limits import RETRIED, Clock, Limits, Pace, pause_before
from checks.model import Answer, Call, CallError, Cause, Gap, Session
from checks.repeats import Repeats

T = TypeVar("T")


class Caller:
    """Everything that a call goes through between a check and its session. Thread-safe."""

    def __init__(
        self, session: Session, clock: Clock, limits: Limits, ledger: Ledger, ends: float
    ) -> None:
        """`ends` is the instant of `clock.monotonic` after which no call leaves."""
        self.session = session
        self.clock = clock
        self.limits = limits
        self.ledger = ledger
        self.closed: CallError | None = None
        self.repeats = Repeats()
        """Calls that several checks make alike; known once it is known what is looked at."""
        self._pace = Pace({**session.rates, **limits.rates}, clock)
        self._ends = ends

    def ask(self, call: Call, params: Mapping[str, Any], region: str, after: Any = None) -> Answer:
        """One page of one call, retried. Raises `CallError`."""
        return self._retried(lambda: self._once(call, params, region, after))

    def identify(self) -> None:
        """Find out who asks, before anything is asked. Raises `CallError`."""
        self._retried(lambda: self.session.names(""))

    def regions(self, service: str) -> tuple[str, ...]:
        """Enabled regions that have `service` (empty: all enabled). Raises `CallError`."""
        return self._retried(lambda: self.session.regions(service))

    def pages(self, call: Call, params: Mapping[str, Any], region: str) -> Iterator[Answer]:
        """Every page of one call, one request at a time. Raises `CallError` at the page lost."""
        return self.repeats.pages(
            call,
            params,
            region,
            lambda: self._pages(call, params, region),
            lambda error: is_absent(call, error),
        )

    def _pages(self, call: Call, params: Mapping[str, Any], region: str) -> Iterator[Answer]:
        after: Any = None
        while True:
            came = [self.ask(call, params, region, after)]
            following = came[0].next
            yield came.pop()  # not kept here while the next page comes: a page is megabytes
            if following is None:
                return
            if following == after:
                raise CallError(
                    Cause.INVALID, "RepeatedToken", "the next page has the token of this page"
                )
            after = following

    def sleep(self, seconds: float) -> None:
        """Wait, unless the deadline comes first: then raise `CallError` at once."""
        if self.clock.monotonic() + seconds > self._ends:
            raise out_of_time()
        if seconds > 0:
            self.clock.sleep(seconds)

    def _retried(self, request: Callable[[], T]) -> T:
        for attempt in range(1, self.limits.tries + 1):
            try:
                return request()
            except CallError as error:
                if error.cause is Cause.AUTH:
                    self.closed = error
                if error.cause not in RETRIED or attempt == self.limits.tries:
                    raise
                pause = pause_before(attempt, self.limits, self.clock.random(), error.retry_after)
                self._rest(pause, error)
        raise AssertionError("the last try returns or raises")

    def _rest(self, seconds: float, error: CallError) -> None:
        """Wait before the next try; a deadline that comes first leaves the error as it is."""
        if self.clock.monotonic() + seconds > self._ends:
            raise error
        self.clock.sleep(seconds)

    def _once(self, call: Call, params: Mapping[str, Any], region: str, after: Any) -> Answer:
        if self.closed:
            raise self.closed
        self.sleep(self._pace.wait_for(call.service, call.operation, region))
        try:
            answer = self.session.request(call, params, region, after)
        except CallError as error:
            throttled = error.cause is Cause.THROTTLED
            if error.cause is not Cause.BLOCKED_WRITE:
                self.ledger.request(
                    call.name, region, error.status, error.request_id, None, throttled=throttled
                )
            if throttled:
                self._pace.slow_down(call.service, call.operation, region)
            raise
        if answer.shared:
            self.ledger.shared(call.name, region, answer.request_id)
            return answer
        skew = skew_of(answer.date, self.clock.now())
        self.ledger.request(call.name, region, answer.status, answer.request_id, skew)
        return answer


def out_of_time() -> CallError:
    """The error of a call that the deadline came before."""
    return CallError(Cause.DEADLINE, "Deadline", "the run's deadline came first")


def is_absent(call: Call, error: CallError) -> bool:
    """Whether `error` is one of the answers that the check declares to mean "there is none"."""
    for declared in call.absent:
        code, _, part = declared.partition(": ")
        if error.code == code and part in error.message:
            return True
    return False


def gap_of(
    check: str,
    error: CallError,
    *,
    call: Call | None = None,
    region: str = "",
    resource: str = "",
    facet: str = "",
) -> Gap:
    """What could not be seen because of `error`; `needs` only when a grant would help."""
    return Gap(
        check=check,
        cause=error.cause,
        code=error.code,
        message=error.message,
        call=call.name if call else error.call,
        region=region,
        resource=resource,
        facet=facet,
        needs=(call.needs if call else error.needs) if error.cause is Cause.DENIED else (),
        request_id=error.request_id,
    )
