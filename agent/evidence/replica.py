"""The runs of a store, done again from their change rows and compared with what was sealed.

ReplicaError    a run, or a row that belongs to runs, is not what was sealed
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from agent.evidence.entry import from_rfc3339, to_micros, whole
from agent.evidence.leaf import (
    GONE,
    OUTCOMES,
    check_leaf,
    finding_leaf,
    resource_leaf,
    rule_leaf,
)
from agent.evidence.store import Reading
from agent.evidence.store import tables as t
from agent.evidence.tree import Frontier


class ReplicaError(Exception):
    """A run is not what was sealed; the message names it, or the row."""


class _Sorted:
    """Leaf hashes by text, and the tree over them in the order of the texts."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Any, ...]] = {}
        self._keys: list[str] = []
        self._moved = False
        self._tree: Frontier | None = None

    def put(self, key: str, row: tuple[Any, ...]) -> None:
        if key not in self.rows:
            self._moved = True
        self.rows[key] = row
        self._tree = None

    def pop(self, key: str) -> tuple[Any, ...] | None:
        self._moved = True
        self._tree = None
        return self.rows.pop(key, None)

    def tree(self) -> Frontier:
        if self._moved:
            kept = [key for key in self._keys if key in self.rows]
            known = set(kept)
            self._keys = sorted(chain(kept, (key for key in self.rows if key not in known)))
            self._moved = False
        if self._tree is None:
            self._tree = Frontier(self.rows[key][0] for key in self._keys)
        return self._tree


class _Rule(_Sorted):
    """The findings of a rule: text -> (leaf, resource, from_run, outcome, reason, blob)."""

    def __init__(self) -> None:
        super().__init__()
        self.tally = [0] * len(OUTCOMES)


class Replica:
    """The state of all targets as it grows run by run."""

    def __init__(self, view: Reading) -> None:
        self.view = view
        self.names = view.names()
        self.numbers = {name: number for number, name in self.names.items()}
        self.rules: dict[tuple[int, int], _Rule] = {}
        self.checks: dict[tuple[int, int], _Sorted] = {}
        self.latest: dict[tuple[int, int], tuple[int, ...]] = {}
        self.newest: dict[int, int] = {}
        self.plans: dict[int, tuple[str, dict[str, Any]]] = {}
        self.used: set[int] = set()
        self.deleted: set[str] = set()
        """Digests that retention deleted, until something cites them again."""
        self.closed = 0
        self.run = 0
        self._seqs = {"change": 0, "sighting": 0}
        self._runs = iter(view.table(t.run))
        self._changes = _Ahead(view.changes())
        self._sightings = _Ahead(view.sightings())

    def verify_run(self, index: int, entry: dict[str, Any]) -> set[str]:
        """Do the next run again; gives the digests that its plan cites. Raises `ReplicaError`."""
        self.run += 1
        where = f"entry {index}, run {self.run}"
        row = next(self._runs, None)
        if row is None or row[0] != self.run:
            raise ReplicaError(f"{where}: its row in the table run is missing")
        target, plan = self._row(where, row, index, entry)
        self._check(where, "changes", entry["changes"], self._apply_changes(target))
        self._check(where, "sightings", entry["sightings"], self._apply_sightings(target))
        self._states(where, entry, target, plan)
        self._inventories(where, entry, target, plan)
        return {rule["text"] for rule in plan.values()}

    def verify_end(self) -> None:
        """Check that no rows are left over, and the projections. Raises `ReplicaError`."""
        for name, rows in (("run", self._runs), ("change", self._changes.rest()),
                           ("sighting", self._sightings.rest())):  # fmt: skip
            row = next(rows, None)
            if row is not None:
                raise ReplicaError(f"{name} {row[0]}: belongs to no sealed run")
        unused = self.names.keys() - self.used
        if unused:
            raise ReplicaError(f"name {min(unused)}: nothing that was sealed refers to it")
        self._plans_end()
        self._current()
        self._inventory()
        self._latest()
        if self.view.count(t.span) != self.closed:
            raise ReplicaError(f"span: {self.view.count(t.span)} rows, not {self.closed}")

    def _row(
        self, where: str, row: Any, index: int, entry: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        _, at, target, slot, started, finished, plan = row
        self._check(where, "entry", at, index)
        self._check(where, "target", self.names.get(target), entry["target"])
        self._check(where, "slot", slot, _micros(entry["slot"]))
        self._check(where, "started", started, _micros(entry["started"]))
        self._check(where, "finished", finished, _micros(entry["finished"]))
        self._check(where, "previous", self.newest.get(target), entry["previous"])
        self.newest[target] = index
        self.used.add(target)
        digest, rules = self._plan(where, plan)
        self._check(where, "plan", digest, entry["plan"]["blob"])
        return target, rules

    def _plan(self, where: str, number: int) -> tuple[str, dict[str, Any]]:
        if number not in self.plans:
            blob = next((row[1] for row in self.view.table(t.plan) if row[0] == number), None)
            digest = self.view.blob_digest(blob)
            content = self.view.content(digest)
            if content is None:
                raise ReplicaError(f"{where}: its plan {number} is missing")
            rules: dict[str, Any] = json.loads(content)
            listed = {row[1] for row in self.view.table(t.plan_rule) if row[0] == number}
            self._check(f"plan {number}", "rules", listed, {self.numbers.get(r) for r in rules})
            self.used |= listed
            self.plans[number] = (digest.hex(), rules)
        return self.plans[number]

    def _apply_changes(self, target: int) -> int:
        applied = 0
        for row in self._changes.of(self.run):
            self._dense("change", row[0])
            applied += 1
            _, _, rule, resource, outcome, reason, blob, code, message, needs, digest = row[:11]
            home, text, region = row[11:]
            where = f"change {row[0]} of run {self.run}"
            self._check(where, "target", home, target)
            if (reason is None) != (code is None) or (blob is None) != (digest is None):
                raise ReplicaError(f"{where}: its reason or its values are missing")
            state = self.rules.setdefault((target, rule), _Rule())
            if self.deleted and digest is not None:
                self.deleted.discard(digest.hex())
            old = state.rows.get(text)
            if old is not None:
                self._check(where, "resource", old[1], resource)
                self._close(where, (target, rule, resource), old)
                state.tally[old[3]] -= 1
            if outcome == GONE:
                if old is None or reason is not None or blob is not None:
                    raise ReplicaError(f"{where}: takes away what is not there")
                state.pop(text)
                continue
            if not 0 <= outcome < len(OUTCOMES):
                raise ReplicaError(f"{where}: has the outcome {outcome}, which does not exist")
            words = (code or "", message or "", needs or "")
            leaf = finding_leaf(
                self.names.get(rule, ""), text, region, outcome, words, digest or b""
            )
            if old is not None and old[0] == leaf:
                raise ReplicaError(f"{where}: changes nothing")
            state.tally[outcome] += 1
            state.put(text, (leaf, resource, self.run, outcome, reason, blob))
        return applied

    def _close(self, where: str, key: tuple[int, int, int], old: tuple[Any, ...]) -> None:
        row = self.view.closed_span(*key, old[2])
        if row != (self.run, *old[3:]):
            raise ReplicaError(
                f"span of rule {key[1]} on resource {key[2]} from run {old[2]}: is not what "
                f"{where} ended; rebuild the projection"
            )
        self.closed += 1

    def _apply_sightings(self, target: int) -> int:
        applied = 0
        for seq, _, check, resource, digest, home, text, region in self._sightings.of(self.run):
            self._dense("sighting", seq)
            applied += 1
            where = f"sighting {seq} of run {self.run}"
            self._check(where, "target", home, target)
            state = self.checks.setdefault((target, check), _Sorted())
            old = state.rows.get(text)
            if old is not None:
                self._check(where, "resource", old[1], resource)
            if digest is not None:
                leaf = resource_leaf(text, region, digest)
                if old is not None and old[0] == leaf:
                    raise ReplicaError(f"{where}: changes nothing")
                state.put(text, (leaf, resource, digest, self.run))
            elif state.pop(text) is None:
                raise ReplicaError(f"{where}: takes away what is not there")
        return applied

    def _states(self, where: str, entry: dict[str, Any], target: int, plan: dict[str, Any]) -> None:
        top, counts = Frontier(), {}
        for rule in sorted(plan):
            number = self.numbers[rule]
            state = self.rules.setdefault((target, number), _Rule())
            top.append(rule_leaf(rule, state.tree()))
            counts[rule] = {
                str(outcome): n for outcome, n in zip(OUTCOMES, state.tally, strict=True) if n
            }
            self.latest[target, number] = (self.run, *state.tally)
        self._check(where, "state_root", top.root().hex(), entry["state_root"])
        self._check(where, "counts", counts, whole(entry["counts"], self.view.content))

    def _inventories(
        self, where: str, entry: dict[str, Any], target: int, plan: dict[str, Any]
    ) -> None:
        judged = {rule["check"] for rule in plan.values() if rule["check"]}
        top = Frontier()
        for check in sorted(judged | set(whole(entry["also_seen"], self.view.content))):
            number = self.numbers.get(check, 0)
            self.used.add(number)
            state = self.checks.setdefault((target, number), _Sorted())
            top.append(check_leaf(check, state.tree()))
        self._check(where, "inventory_root", top.root().hex(), entry["inventory_root"])

    def _plans_end(self) -> None:
        for table in (t.plan, t.plan_rule):
            for row in self.view.table(table):
                if row[0] not in self.plans:
                    raise ReplicaError(f"{table.name} {row[0]}: belongs to no sealed run")

    def _current(self) -> None:
        wanted = {
            (target, rule, row[1]): (row[0], *row[2:])
            for (target, rule), state in self.rules.items()
            for row in state.rows.values()
        }
        self._projection(t.current, wanted)

    def _inventory(self) -> None:
        wanted = {
            (target, check, row[1]): (row[2], row[3])
            for (target, check), state in self.checks.items()
            for row in state.rows.values()
        }
        self._projection(t.inventory, wanted)

    def _latest(self) -> None:
        self._projection(t.latest, {(*key,): row for key, row in self.latest.items()})

    def _projection(self, table: Any, wanted: Mapping[Any, tuple[Any, ...]]) -> None:
        keys = len(table.primary_key.columns)
        seen = 0
        for row in self.view.table(table):
            key = tuple(row[:keys])
            if wanted.get(key) != tuple(row[keys:]):
                raise ReplicaError(
                    f"{table.name} {key}: is not what the runs leave; rebuild the projection"
                )
            seen += 1
        if seen != len(wanted):
            raise ReplicaError(f"{table.name}: {seen} rows, not {len(wanted)}")

    def _dense(self, table: str, seq: int) -> None:
        self._seqs[table] += 1
        if seq != self._seqs[table]:
            raise ReplicaError(f"{table} {self._seqs[table]}: is missing; the next is {seq}")

    @staticmethod
    def _check(where: str, what: str, found: object, sealed: object) -> None:
        if found != sealed:
            raise ReplicaError(f"{where}: {what}: the rows say {found}, sealed was {sealed}")


class _Ahead:
    """Rows in the order of their runs, given run by run."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._row = next(rows, None)

    def of(self, run: int) -> Iterator[Any]:
        while self._row is not None and self._row[1] == run:
            yield self._row
            self._row = next(self._rows, None)

    def rest(self) -> Iterator[Any]:
        if self._row is not None:
            yield self._row


def _micros(text: str | None) -> int | None:
    return None if text is None else to_micros(from_rfc3339(text))
