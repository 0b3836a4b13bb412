"""Paces calls: token buckets that learn from refusals, growing pauses between tries, a deadline.

Published rates are the session's data; a call without one runs free until the provider refuses
it for rate, and from then on at half of what it had been running at, rising again slowly. Time,
sleep and randomness are arguments.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field

from checks.model import Cause, Rate


class Clock(Struct, frozen=True, kw_only=True):
    """The outside's time and chance."""

    now: Callable[[], datetime]
    """The wall clock, aware, in UTC."""
    monotonic: Callable[[], float]
    """Seconds of a clock that is never set back."""
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """Uniform in [0, 1)."""


class Limits(Struct, frozen=True, kw_only=True):
    """How hard a provider may be pressed, and how long it is waited for."""

    tries: int = 5
    """Requests at most for one call, the first included."""
    pause: float = 0.5
    """Seconds: the first pause is random below this, each next below twice as much."""
    longest_pause: float = 20.0
    """Seconds; `Retry-After` is capped by it too."""
    polls: int = 40
    """How often an asynchronous report is asked for before it is given up."""
    rates: Mapping[str, Rate] = field(default_factory=dict)
    """Over the session's own: `service:operation`, `service:*` or `service`."""


RETRIED = frozenset({Cause.THROTTLED, Cause.TRANSIENT})
"""Causes that another try may cure."""


def pause_before(attempt: int, limits: Limits, random: float, asked: float | None) -> float:
    """Seconds to wait before try `attempt` (2 is the first retry): full jitter, capped.

    `asked` is what the provider wants (`Retry-After`); the pause is not shorter than it, but for
    the cap. Full jitter: aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    ceiling = min(limits.longest_pause, limits.pause * 2.0 ** (attempt - 1))
    return max(ceiling * random, min(asked or 0.0, limits.longest_pause))


class Pace:
    """The token buckets of one target, a service (or operation) and region each. Thread-safe."""

    def __init__(self, rates: Mapping[str, Rate], clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def wait_for(self, service: str, operation: str, region: str) -> float:
        """Take a token; seconds to sleep before the call may leave (0: at once)."""
        with self._lock:
            return self._bucket(service, operation, region).take(self._clock.monotonic())

    def slow_down(self, service: str, operation: str, region: str) -> None:
        """Learn that the provider refused a call for rate."""
        with self._lock:
            self._bucket(service, operation, region).halve(self._clock.monotonic())

    def _bucket(self, service: str, operation: str, region: str) -> _Bucket:
        for key in (f"{service}:{operation}", f"{service}:*", service):
            if key in self._rates:
                break
        named = f"{service}:{operation}" if key.endswith(":*") else key
        if (named, region) not in self._buckets:
            rate = self._rates.get(key)
            bucket = _Bucket(rate, self._clock.monotonic())
            self._buckets[named, region] = bucket
        return self._buckets[named, region]


LEAST_RATE = 0.5
"""Calls a second below which a bucket does not go, however often the provider refuses."""


class _Bucket:
    """One token bucket; tokens may go negative, which is a queue."""

    def __init__(self, rate: Rate | None, now: float) -> None:
        self.published = rate.per_second if rate else float("inf")
        self.rate = self.published
        self.burst = rate.burst if rate else float("inf")
        self.tokens = self.burst
        self.at = now
        self.window_start = now
        self.window_count = 0
        self.measured = 0.0
        self.halved_at = float("-inf")

    def take(self, now: float) -> float:
        self._measure(now)
        if self.rate == float("inf"):
            return 0.0
        elapsed = max(0.0, now - self.at)
        self.at = now
        self.rate = min(self.published, self.rate * (1.0 + 0.02 * min(elapsed, 1.0)))
        self.tokens = min(self.burst, self.tokens + elapsed * self.rate) - 1.0
        return max(0.0, -self.tokens / self.rate)

    def halve(self, now: float) -> None:
        """Once a second at most: refusals of calls that left together are one piece of news."""
        if now - self.halved_at < 1.0:
            return
        self.halved_at = now
        ran_at = max(self.measured, float(self.window_count))
        self.rate = max(LEAST_RATE, min(self.rate, ran_at) / 2.0)
        self.burst = max(1.0, min(self.burst, self.rate))
        self.tokens = 0.0
        self.at = now

    def _measure(self, now: float) -> None:
        """How many calls a second left lately."""
        span = now - self.window_start
        if span >= 1.0:
            self.measured = self.window_count / span
            self.window_start, self.window_count = now, 0
        self.window_count += 1
