"""The events of the log, derived from its entries in their order: the log is the outbox.

The same log always gives the same events with the same ids, so whoever forgets how far it told
them tells some again and none anew. A page of them is read at a time and the store is not held.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

import yaml

from agent.evidence.entry import Kind, from_micros, from_rfc3339, to_rfc3339, whole
from agent.evidence.leaf import GONE, OUTCOMES
from agent.evidence.store import Reading, Store, turns
from agent.model import Outcome
from agent.webhooks.model import Event, Place, Type

_FAIL, _ERROR = OUTCOMES.index(Outcome.FAIL), OUTCOMES.index(Outcome.ERROR)
_LOST, _REGAINED = 1, 2
"""Steps of what a run says of sight; the change number n is step n + 2."""
MOST_RULES = 50
"""Rules that an event names; their number is in it as well."""


def read_events(store: Store, after: Place, most: int) -> tuple[tuple[Event, ...], Place]:
    """Give up to `most` events beyond a place, and the place up to which there is no other.

    Raises `StoreError`.
    """
    with store.reading() as view:
        end = Place(view.size())
        found = tuple(islice(_events(view, after), most))
    full = len(found) == most and found[-1].place is not None
    return found, (found[-1].place or end) if full else max(end, after)


def event_id(*parts: Any) -> str:
    """Give the id of an event: of the log's key and of what makes the event this one."""
    return f"msg_{sha256(json.dumps(parts).encode()).hexdigest()[:32]}"


def _events(view: Reading, after: Place) -> Iterator[Event]:
    vkey = view.meta().get("vkey", "")
    for index, data in view.entries(start=after.entry):
        step = after.step if index == after.entry else 0
        body = json.loads(data)
        if body["kind"] == Kind.RUN:
            yield from _RunTold(view, vkey, index, body).events(step)
        elif body["kind"] == Kind.GAP and step < 1:
            yield _missed(vkey, index, body)


def _missed(vkey: str, index: int, body: Mapping[str, Any]) -> Event:
    names = ("target", "from", "to", "slots", "reason", "note")
    return Event(
        id=event_id(vkey, index, body["at"], body["target"], body["from"]),
        type=Type.SLOTS_MISSED,
        at=from_rfc3339(body["at"]),
        data={**{name: body[name] for name in names}, "entry": index},
        place=Place(index, 1),
    )


class _RunTold:
    """What one run has to tell."""

    def __init__(self, view: Reading, vkey: str, index: int, body: Mapping[str, Any]) -> None:
        self._view, self._vkey, self._index, self._body = view, vkey, index, body
        self._target = view.number_of(body["target"]) or 0
        self._rules: Mapping[str, Mapping[str, str]] | None = None
        self._said: dict[str, dict[str, str]] = {}

    def events(self, after: int) -> Iterator[Event]:
        run = self._view.run_at(self._index)
        if run is None:
            return
        if after < _REGAINED:
            yield from (each for each in self._sight(run) if (each.place or Place(0)).step > after)
        for row in turns.turned(self._view, run, max(after - _REGAINED, 0)):
            event = self._deviation(run, row)
            if event is not None:
                yield event

    def _sight(self, run: int) -> Iterator[Event]:
        """One event for all rules of the run: a role that is gone takes them all away at once."""
        counts = whole(self._body["counts"], self._view.content) or {}
        lost, regained = [], []
        for rule, became, were, code in turns.turned_errors(self._view, run):
            now = counts.get(rule, {}).get(Outcome.ERROR, 0)
            past = now - became + were
            if now and not past:
                lost.append({"rule": rule, "findings": now, "code": code})
            elif past and not now:
                regained.append({"rule": rule})
        for kind, step, rules in (
            (Type.SIGHT_LOST, _LOST, lost),
            (Type.SIGHT_REGAINED, _REGAINED, regained),
        ):
            if rules:
                data = {"rules": rules[:MOST_RULES], "rules_total": len(rules)}
                yield self._event(kind, step, data, kind)

    def _deviation(self, run: int, row: tuple[Any, ...]) -> Event | None:
        seq, rule, resource, name, text, region, outcome, code, message = row
        if outcome == _ERROR:
            return None
        began = self._began(run, rule, resource)
        opens, closes = outcome == _FAIL and began is None, outcome != _FAIL and began is not None
        if not opens and not closes:
            return None
        first = run if began is None else began
        data = {
            "deviation": event_id(self._vkey, name, text, region, self._times(first)),
            "rule": name,
            **self._of_rule(name),
            "resource": text,
            "region": region,
            "since": to_rfc3339(self._times_at(first)),
        }
        if opens:
            data |= {"code": code, "message": message}
            return self._event(Type.DEVIATION_OPENED, seq + _REGAINED, data, name, text, region)
        data["ended_by"] = "gone" if outcome == GONE else str(OUTCOMES[outcome])
        data["until"] = self._body["finished"]
        return self._event(Type.DEVIATION_CLOSED, seq + _REGAINED, data, name, text, region)

    def _began(self, run: int, rule: int, resource: int) -> int | None:
        """Give the run that first saw the deviation which stood before `run`; None: none did.

        As in `evidence.deviations`: errors do not end a failure, and being gone does.
        """
        began, until = None, run
        for from_run, to_run, outcome in turns.before(
            self._view, run, self._target, rule, resource
        ):
            if to_run != until or outcome not in (_FAIL, _ERROR):
                break
            began, until = from_run if outcome == _FAIL else began, from_run
        return began

    def _times(self, run: int) -> int:
        return self._view.run_times(run)[1]

    def _times_at(self, run: int) -> datetime:
        return from_micros(self._times(run))

    def _of_rule(self, rule: str) -> dict[str, str]:
        """Say what the rule's text of this run, as it is sealed, calls it."""
        if self._rules is None:
            self._rules = whole(self._body["plan"], self._view.content) or {}
        if rule not in self._said:
            digest = self._rules.get(rule, {}).get("text", "")
            text = self._view.content(bytes.fromhex(digest)) or b"{}"
            said = yaml.safe_load(text)
            self._said[rule] = {key: str(said.get(key, "")) for key in ("title", "severity")}
        return self._said[rule]

    def _event(self, kind: Type, step: int, data: Mapping[str, Any], *key: str) -> Event:
        return Event(
            id=event_id(self._vkey, self._index, self._body["finished"], kind, *key),
            type=kind,
            at=from_rfc3339(self._body["finished"]),
            data={"target": self._body["target"], **data, "entry": self._index},
            place=Place(self._index, step),
        )
