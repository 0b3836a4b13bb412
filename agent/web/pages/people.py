"""What people have to do for the controls, as it stands at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from agent.controls.duties import AHEAD, duties
from agent.controls.model import Control, Due, State
from agent.controls.waiver_log import Recorded, recorded_waivers
from agent.reports.attested import unlisted
from agent.waivers import State as Standing
from agent.web.pages.desk import Desk
from agent.web.pages.state import Status

_BAD = (State.OVERDUE, State.NOT_DONE, State.EXCEPTION)


class Part(Struct, frozen=True, kw_only=True):
    """What people do for some controls."""

    status: Status
    words: str


class People(Struct, frozen=True, kw_only=True):
    """Every instance of every manual control, from the log's beginning to a year ahead."""

    at: datetime
    dues: tuple[Due, ...]
    """By due date."""
    unlisted: frozenset[str]
    """Controls of events of which the log has no list."""
    waivers: tuple[Recorded, ...]
    """The last word on each waiver, by when it ends."""

    def of(self, control: str) -> tuple[Due, ...]:
        """Give the instances of a control."""
        return tuple(due for due in self.dues if due.control == control)

    @property
    def overdue(self) -> tuple[Due, ...]:
        """What should have been recorded by now."""
        return tuple(due for due in self.dues if due.state(self.at) is State.OVERDUE)

    @property
    def coming(self) -> tuple[Due, ...]:
        """What is to be done, the instance of each control that is due first."""
        found: dict[str, Due] = {}
        for due in self.dues:
            if due.attestation is None and due.due >= self.at:
                found.setdefault(due.control, due)
        return tuple(found.values())

    @property
    def standing(self) -> tuple[Recorded, ...]:
        """The waivers that are in force."""
        active = Standing.ACTIVE
        return tuple(each for each in self.waivers if each.state(self.at) is active)


def read_people(desk: Desk, asked: datetime | None) -> People:
    """Read what people decided, said and have to do. Raises `StoreError`."""
    at = desk.now() if asked is None else asked

    def read() -> People:
        decisions, store = desk.decisions, desk.store
        last = {each.id: each for each in recorded_waivers(store) if each.at <= at}
        return People(
            at=at,
            dues=duties(store, decisions, at, ahead=AHEAD),
            unlisted=unlisted(store, decisions.controls, at),
            waivers=tuple(sorted(last.values(), key=lambda each: (each.until, each.id))),
        )

    when = (None if asked else at.timestamp() // 60, id(desk.decisions))
    return desk.memo.ask(("people", asked), read, when=when)


def part_of(people: People, controls: Iterable[Control]) -> Part:
    """Say how what people do for some controls stands; `none`: they do nothing for them."""
    manual = [control.id for control in controls if control.manual is not None]
    if not manual:
        return Part(status=Status.NONE, words="")
    begun = [due for name in manual for due in people.of(name) if _counts(due, people.at)]
    last = _newest(begun)
    states = [due.state(people.at) for due in last.values()]
    bad = [state for state in states if state in _BAD]
    if bad:
        word = str(min(bad, key=_BAD.index)).replace("_", " ")
        return Part(status=Status.FAIL, words=f"{len(bad)} {word}")
    unseen = [name for name in manual if name in people.unlisted]
    if unseen:
        return Part(status=Status.UNKNOWN, words=f"{len(unseen)} not listed")
    done = sum(due.attestation is not None for due in last.values())
    if not done:
        return Part(status=Status.NOT_APPLICABLE, words="not due yet")
    status = Status.PASS if done == len(manual) else Status.NOT_APPLICABLE
    return Part(status=status, words=f"{done} of {len(manual)} attested")


def _counts(due: Due, at: datetime) -> bool:
    """Whether an instance says something by now."""
    return due.attestation is not None or due.due < at


def _newest(dues: Iterable[Due]) -> Mapping[str, Due]:
    """Give the last instance of each control; one that is overdue before those that are not."""
    found: dict[str, Due] = {}
    for due in dues:
        before = found.get(due.control)
        if before is None or before.attestation is not None:
            found[due.control] = due
    return found
