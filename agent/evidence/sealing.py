"""The transaction that seals a run: its rows, and its entry of the log, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from agent.evidence.changes import Changes, Lost
from agent.evidence.entry import Kind, canonical, to_micros, to_rfc3339
from agent.evidence.inventory import Inventory
from agent.evidence.leaf import OUTCOMES, check_leaf, rule_leaf
from agent.evidence.store import Reading, SlotTaken, Writing
from agent.evidence.store import tables as t
from agent.evidence.surrogates import clean_all
from agent.evidence.tree import Frontier

if TYPE_CHECKING:
    from agent.evidence.log import Log
    from agent.evidence.seal import Run
    from checks.model import Gap


LONG = 1024
"""Bytes beyond which a part of a run's entry is kept as a blob; read it by `entry.whole`."""


class RuleVersion(Struct, frozen=True, kw_only=True):
    """A rule as it is in a run: enough to compute its outcomes again."""

    text: bytes
    """The rule's file."""
    params: Mapping[str, Any] = {}
    """The values of its parameters in this run, defaults included."""
    check: str = ""
    """The check whose resources it judges."""


class SealedRun(Struct, frozen=True, kw_only=True):
    """What a sealed run is in the log."""

    index: int
    """The index of its entry."""
    run: int
    """Its number in the store."""
    size: int
    """The size of the log with it."""
    root: bytes
    """The root of the log with it."""
    state_root: bytes
    inventory_root: bytes
    counts: Mapping[str, Mapping[str, int]]
    """Rule -> outcome -> findings; outcomes that do not occur are left out."""
    changes: int
    """Findings that differ from the run before, those gone included."""


class Sealing:
    """The sealing of one run, in one transaction of the log's writer."""

    def __init__(
        self,
        log: Log,
        run: Run,
        writing: Writing,
        standing: Reading,
        lost: Mapping[str, Sequence[Lost]],
    ) -> None:
        """`standing` is the store from before the transaction; `lost` what no rule could see."""
        self._log, self._run, self._writing = log, run, writing
        self._target = writing.name_id(run.target)
        self._standing, self._lost = standing, lost

    def seal(
        self, facts: Mapping[str, Any], gaps: Sequence[Gap], calls: Any, finished: datetime
    ) -> SealedRun:
        """Write the rows and the entry. Raises `StoreError` and `EntryError`."""
        run, writing = self._run, self._writing
        slot = None if run.slot is None else to_micros(run.slot)
        self._refuse_second(slot)
        previous = writing.last_run(self._target)
        before = json.loads(writing.entry(previous[1]) or b"{}") if previous else {}
        plan_blob, plan = self._plan()
        index = writing.size()
        times = (to_micros(run.started), to_micros(finished))
        number = writing.put_run((index, self._target, slot, *times, plan))
        changes = Changes(writing, self._standing, run.spool, self._lost, (self._target, number))
        counts, state_root = self._state(changes, number)
        inventory = Inventory(writing, self._standing, run.spool, (self._target, number))
        also_seen, inventory_root = self._seen(inventory, gaps)
        body = {
            "target": run.target,
            "slot": None if run.slot is None else to_rfc3339(run.slot),
            "trigger": run.trigger,
            "started": to_rfc3339(run.started),
            "finished": to_rfc3339(finished),
            "plan": self._cite(plan_blob),
            "counts": self._short(counts, before.get("counts")),
            "changes": changes.written,
            "sightings": inventory.written,
            "state_root": state_root.hex(),
            "inventory_root": inventory_root.hex(),
            "also_seen": also_seen,
            "previous": None if previous is None else previous[1],
            "calls": None if calls is None else self._following(calls, before.get("calls")),
            **{name: self._short(fact, before.get(name)) for name, fact in facts.items()},
        }
        size, root = self._log.put(writing, Kind.RUN, body, finished)
        return SealedRun(
            index=index,
            run=number,
            size=size,
            root=root,
            state_root=state_root,
            inventory_root=inventory_root,
            counts=counts,
            changes=changes.written,
        )

    def _refuse_second(self, slot: int | None) -> None:
        if slot is not None:
            taken = self._writing.run_in_slot(self._target, slot)
            if taken is not None:
                run = self._run
                raise SlotTaken(f"{run.target}: slot {run.slot} has its run: entry {taken}")

    def _cite(self, content: bytes, before: bytes | None = None) -> dict[str, Any]:
        self._writing.blob_id(content, before)
        return {"blob": sha256(content).hexdigest(), "size": len(content)}

    def _following(self, value: Any, before: Any) -> dict[str, Any]:
        """Keep a part of the entry as a blob, by what differs from that of the run before."""
        cited = isinstance(before, dict) and before.keys() == {"blob", "size"}
        return self._cite(
            canonical(clean_all(value)), bytes.fromhex(before["blob"]) if cited else None
        )

    def _short(self, value: Any, before: Any) -> Any:
        """Give a part of the entry; its citation when it is long, for then it is long every run."""
        return value if len(canonical(value)) <= LONG else self._following(value, before)

    def _plan(self) -> tuple[bytes, int]:
        rules = {}
        for rule, version in self._run.rules.items():
            self._writing.blob_id(version.text)
            rules[rule] = {
                "check": version.check,
                "params": version.params,
                "text": sha256(version.text).hexdigest(),
            }
        content = canonical(rules)
        numbers = [self._writing.name_id(rule) for rule in rules]
        return content, self._writing.plan_id(self._writing.blob_id(content), numbers)

    def _state(self, changes: Changes, number: int) -> tuple[dict[str, dict[str, int]], bytes]:
        top, counts = Frontier(), {}
        for rule in self._run.rules:
            rule_number = self._writing.name_id(rule)
            tree, tally = changes.write(rule, rule_number)
            top.append(rule_leaf(rule, tree))
            counts[rule] = {
                str(outcome): n for outcome, n in zip(OUTCOMES, tally, strict=True) if n
            }
            self._writing.replace(t.latest, [(self._target, rule_number, number, *tally)])
        return counts, top.root()

    def _seen(self, inventory: Inventory, gaps: Sequence[Gap]) -> tuple[list[str], bytes]:
        unseen = {(gap.check, gap.region) for gap in gaps if not gap.resource}
        judged = {version.check for version in self._run.rules.values() if version.check}
        also_seen = sorted(set(self._run.spool.checks()) - judged)
        top = Frontier()
        for check in sorted({*judged, *also_seen}):
            tree = inventory.write(check, self._writing.name_id(check), unseen)
            top.append(check_leaf(check, tree))
        return also_seen, top.root()
