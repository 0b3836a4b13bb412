"""One run: findings go to a spool on disk, and sealing keeps what changed and proves all of it.

`state_root` is an RFC 6962 root over the rules of the run, sorted by id. The leaf of a rule is
canonical JSON `{"resources": n, "root": hex, "rule": id}`, whose root is over the rule's findings
sorted by resource (by code point); the leaf of a finding is canonical JSON `{"code", "message",
"needs", "outcome", "region", "resource", "rule", "values"}`, `values` being the hex SHA-256 of
the canonical JSON of what the rule read, or empty. `inventory_root` is the same over the checks:
`{"check": name, "resources": n, "root": hex}`, and `{"digest", "region", "resource"}` below.

What was known before and is not seen now is gone, unless its place was lost: then it is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec
from msgspec import Struct

from agent.evidence.entry import (
    EntryError,
    Kind,
    canonical,
    encode_values,
    to_micros,
    to_rfc3339,
)
from agent.evidence.store import Reading, SlotTaken, Writing
from agent.evidence.store import tables as t
from agent.evidence.store.spool import Spool, merge
from agent.evidence.tree import Frontier, leaf_hash
from agent.model import Finding, Outcome

if TYPE_CHECKING:
    from agent.evidence.log import Log
    from checks.model import Gap

OUTCOMES = tuple(Outcome)
"""An outcome's number in the store is its place here."""
GONE = 9
"""The number of "no longer in the population"."""
_ERROR = OUTCOMES.index(Outcome.ERROR)
_NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}


class RuleVersion(Struct, frozen=True, kw_only=True):
    """A rule as it is in a run: enough to compute its outcomes again."""

    text: bytes
    """The rule's file."""
    params: Mapping[str, Any] = {}
    """The values of its parameters in this run, defaults included."""
    check: str = ""
    """The check whose resources it judges."""


class Lost(NamedTuple):
    """A place that a rule could not see: a region, or the whole target when it is empty."""

    region: str
    code: str
    message: str
    needs: Sequence[str] = ()


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


class Run:
    """A run that is under way; use as a context manager, which drops the spool at the end."""

    def __init__(
        self,
        log: Log,
        *,
        target: str,
        slot: datetime | None,
        trigger: str,
        rules: Mapping[str, RuleVersion],
        at: datetime,
    ) -> None:
        self._log = log
        self.target, self.slot, self.trigger, self.started = target, slot, trigger, at
        self.rules = dict(sorted(rules.items()))
        self._spool = Spool(log.store.path)
        self._quoted = {rule: encode_basestring(rule) for rule in self.rules}
        self._observed: dict[str, str] = {}

    def add(self, finding: Finding) -> None:
        """Spool a finding of one of the run's rules.

        Raises `StoreError`; `EntryError` for values that are not JSON; `KeyError` for a rule that
        is not of this run.
        """
        try:
            row, content = self._row(finding)
        except (UnicodeEncodeError, EntryError):  # perhaps a lone surrogate: no UTF-8 can hold it
            row, content = self._row(_cleaned(finding))
        self._spool.add_finding(row, content)
        if finding.observed_at:
            oldest = self._observed.get(finding.rule, finding.observed_at)
            self._observed[finding.rule] = min(oldest, finding.observed_at)

    def see(self, resource: str, region: str, check: str, digest: bytes) -> None:
        """Spool that a resource exists, with the SHA-256 of its attributes that last."""
        self._spool.add_seen(_clean(check), _clean(resource), _clean(region), digest)

    def seal(
        self,
        header: Mapping[str, Any],
        *,
        finished: datetime,
        lost: Mapping[str, Iterable[Sequence[Any]]] | None = None,
        gaps: Sequence[Gap] = (),
        calls: Any = None,
    ) -> SealedRun:
        """Write the run, whole or not at all, as the next entry of the log.

        `header` is sealed as it is (skew, versions, digests, identity); `lost` names the places
        that a rule could not see; `calls` is the record of the collection, kept as a blob.
        Raises `SlotTaken` and other `StoreError`s; `EntryError` for a header that is not JSON.
        """
        self._spool.flush()
        gone = {
            rule: [Lost(*_clean_all(place)) for place in places]
            for rule, places in (lost or {}).items()
        }
        facts = {
            "header": _clean_all(header),
            "gaps": [_clean_all(msgspec.to_builtins(gap)) for gap in gaps],
            "observed_at": self._observed,
        }
        with self._log.sealing() as (writing, standing):
            sealing = _Sealing(self, writing, standing, gone)
            return sealing.seal(facts, gaps, calls, finished)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    @property
    def spool(self) -> Spool:
        """What the run has found so far."""
        return self._spool

    def _row(self, finding: Finding) -> tuple[tuple[Any, ...], bytes]:
        content = encode_values(finding.values)
        digest = sha256(content).digest() if content else b""
        needs = _needs(finding.needs)
        leaf = _leaf(
            self._quoted[finding.rule],
            finding.resource,
            finding.region,
            finding.outcome,
            finding.code,
            finding.message,
            needs,
            digest.hex(),
        )
        row = (
            finding.rule,
            finding.resource,
            finding.region,
            leaf,
            _NUMBERS[finding.outcome],
            finding.code,
            finding.message,
            needs,
            digest,
        )
        return row, content


class _Sealing:
    """The transaction of one run."""

    def __init__(
        self, run: Run, writing: Writing, standing: Reading, lost: Mapping[str, list[Lost]]
    ) -> None:
        self.run, self.writing, self.standing, self.lost = run, writing, standing, lost
        self.target = writing.name_id(run.target)
        self.changes = self.sightings = self.number = 0
        self.also_seen: list[str] = []
        self.closed: list[tuple[int, ...]] = []
        self.opened: list[tuple[Any, ...]] = []

    def seal(
        self, facts: Mapping[str, Any], gaps: Sequence[Gap], calls: Any, finished: datetime
    ) -> SealedRun:
        run = self.run
        slot = None if run.slot is None else to_micros(run.slot)
        self._refuse_second(slot)
        previous = self.writing.last_run(self.target)
        plan_blob, plan = self._plan()
        index = self.writing.size()
        times = (to_micros(run.started), to_micros(finished))
        self.number = self.writing.put_run((index, self.target, slot, *times, plan))
        counts, state_root = self._state()
        inventory_root = self._inventory(gaps)
        body = {
            "target": run.target,
            "slot": None if run.slot is None else to_rfc3339(run.slot),
            "trigger": run.trigger,
            "started": to_rfc3339(run.started),
            "finished": to_rfc3339(finished),
            "plan": self._cite(plan_blob),
            "counts": counts,
            "changes": self.changes,
            "sightings": self.sightings,
            "state_root": state_root.hex(),
            "inventory_root": inventory_root.hex(),
            "also_seen": self.also_seen,
            "previous": None if previous is None else previous[1],
            "calls": None if calls is None else self._cite(canonical(_clean_all(calls))),
            **facts,
        }
        size, root = self.run._log.put(self.writing, Kind.RUN, body, finished)  # noqa: SLF001 - one act
        return SealedRun(
            index=index,
            run=self.number,
            size=size,
            root=root,
            state_root=state_root,
            inventory_root=inventory_root,
            counts=counts,
            changes=self.changes,
        )

    def _refuse_second(self, slot: int | None) -> None:
        if slot is not None:
            taken = self.writing.run_in_slot(self.target, slot)
            if taken is not None:
                raise SlotTaken(
                    f"{self.run.target}: slot {self.run.slot} has its run: entry {taken}"
                )

    def _cite(self, content: bytes) -> dict[str, Any]:
        self.writing.blob_id(content)
        return {"blob": sha256(content).hexdigest(), "size": len(content)}

    def _plan(self) -> tuple[bytes, int]:
        rules = {}
        for rule, version in self.run.rules.items():
            self.writing.blob_id(version.text)
            rules[rule] = {
                "check": version.check,
                "params": version.params,
                "text": sha256(version.text).hexdigest(),
            }
        content = canonical(rules)
        numbers = [self.writing.name_id(rule) for rule in rules]
        return content, self.writing.plan_id(self.writing.blob_id(content), numbers)

    def _state(self) -> tuple[dict[str, dict[str, int]], bytes]:
        top, counts = Frontier(), {}
        for rule in self.run.rules:
            number = self.writing.name_id(rule)
            tree, tally = self._rule(rule, number)
            self._turn_over()
            top.append(rule_leaf(rule, tree))
            counts[rule] = {
                str(outcome): n for outcome, n in zip(OUTCOMES, tally, strict=True) if n
            }
            self.writing.replace(t.latest, [(self.target, number, self.number, *tally)])
        return counts, top.root()

    def _rule(self, rule: str, number: int) -> tuple[Frontier, list[int]]:
        tree, tally = Frontier(), [0] * len(OUTCOMES)
        append = tree.append
        pairs = merge(
            self.run.spool.findings(rule), iter(self.standing.standing(self.target, number))
        )
        errored: dict[str, tuple[str, ...]] = {}
        reasons: dict[tuple[str, ...], tuple[str, ...]] = {}
        for new, old in pairs:
            if new is None:
                assert old is not None  # noqa: S101 - merge pairs at least one
                new = self._unseen(rule, old, errored)  # noqa: PLW2901 - what is said of it now
            elif new[3] == _ERROR:  # thousands of resources share a few reasons
                errored[new[0]] = reasons.setdefault(new[4:7], new[4:7])
            if new is None:
                self._change(number, old, None)
                continue
            append(new[2])
            tally[new[3]] += 1
            if old is None or new[2] != old[2]:
                self._change(number, old, new)
        return tree, tally

    def _unseen(
        self, rule: str, old: tuple[Any, ...], errored: Mapping[str, tuple[str, ...]]
    ) -> tuple[Any, ...] | None:
        """Say what becomes of a finding whose resource was not seen: an error, or None (gone).

        `errored`: resource -> why, of the errors before it. The elements of a resource
        (`<id>#<element>`) sort after it, and are as unseen as their list when that is an error.
        """
        for place in self.lost.get(rule, ()):
            if place.region in ("", old[1]):
                words = (place.code, place.message, _needs(place.needs))
                break
        else:
            steps = old[0].split("#") if errored else []
            bases = ("#".join(steps[:count]) for count in range(1, len(steps)))
            found = next((errored[base] for base in bases if base in errored), None)
            if found is None:
                return None
            words = (found[0], found[1], found[2])
        leaf = _leaf(encode_basestring(rule), old[0], old[1], Outcome.ERROR, *words, "")
        return (old[0], old[1], leaf, _ERROR, *words, b"")

    def _change(self, rule: int, old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> None:
        moved = old is not None and new is not None and old[1] != new[1]
        if old is not None:
            _, _, _, resource, since, outcome, reason, blob = old
            key = (self.target, rule, resource)
            self.writing.add(t.span, (*key, since, self.number, outcome, reason, blob))
            if new is None or moved:
                self._row(rule, resource, GONE, None, None)
                self.closed.append(key)
        if new is None:
            return
        name, region, leaf, outcome, code, message, needs, digest = new
        resource = (
            old[3]
            if old is not None and not moved
            else self.writing.resource_id(self.target, name, region)
        )
        reason = self.writing.reason_id(code, message, needs)
        blob = self.writing.blob_id(self.run.spool.content(digest)) if digest else None
        self._row(rule, resource, outcome, reason, blob)
        self.opened.append((self.target, rule, resource, leaf, self.number, outcome, reason, blob))
        if len(self.opened) >= 1000:  # noqa: PLR2004 - a batch
            self._turn_over()

    def _row(
        self, rule: int, resource: int, outcome: int, reason: int | None, blob: int | None
    ) -> None:
        self.writing.add(t.change, (self.number, rule, resource, outcome, reason, blob))
        self.changes += 1

    def _turn_over(self) -> None:
        self.writing.drop(t.current, self.closed)
        self.writing.replace(t.current, self.opened)
        self.closed, self.opened = [], []

    def _inventory(self, gaps: Sequence[Gap]) -> bytes:
        unseen = {(gap.check, gap.region) for gap in gaps if not gap.resource}
        judged = {version.check for version in self.run.rules.values() if version.check}
        top = Frontier()
        self.also_seen = sorted(set(self.run.spool.checks()) - judged)
        for check in sorted(judged | set(self.also_seen)):
            number = self.writing.name_id(check)
            tree = Frontier()
            opened: list[tuple[Any, ...]] = []
            closed: list[tuple[int, ...]] = []
            known = iter(self.standing.known(self.target, number))
            for new, old in merge(self.run.spool.seen(check), known):
                lost = new is None and old is not None
                if lost and old is not None and unseen & {(check, ""), (check, old[1])}:
                    new = old  # noqa: PLW2901 - nobody looked, so nothing is known against it
                if new is None:
                    self._sight(number, old, None, opened, closed)
                    continue
                tree.append(resource_leaf(new[0], new[1], new[2]))
                if old is None or new[1:3] != old[1:3]:
                    self._sight(number, old, new, opened, closed)
            self.writing.drop(t.inventory, closed)
            self.writing.replace(t.inventory, opened)
            top.append(check_leaf(check, tree))
        return top.root()

    def _sight(
        self,
        check: int,
        old: tuple[Any, ...] | None,
        new: tuple[Any, ...] | None,
        opened: list[tuple[Any, ...]],
        closed: list[tuple[int, ...]],
    ) -> None:
        moved = old is not None and new is not None and old[1] != new[1]
        if old is not None and (new is None or moved):
            self.writing.add(t.sighting, (self.number, check, old[3], None))
            self.sightings += 1
            closed.append((self.target, check, old[3]))
        if new is not None:
            resource = self.writing.resource_id(self.target, new[0], new[1])
            self.writing.add(t.sighting, (self.number, check, resource, new[2]))
            self.sightings += 1
            opened.append((self.target, check, resource, new[2], self.number))


def finding_leaf(  # noqa: PLR0917 - the members of the leaf in their order
    rule: str, resource: str, region: str, outcome: int, reason: Sequence[str], digest: bytes
) -> bytes:
    """Hash a finding as it stands in its rule's tree; `reason` is code, message, needs."""
    code, message, needs = reason
    return _leaf(
        encode_basestring(rule), resource, region, OUTCOMES[outcome], code, message, needs,
        digest.hex(),
    )  # fmt: skip


def rule_leaf(rule: str, tree: Frontier) -> bytes:
    """Hash a rule as it stands in a run's tree."""
    return leaf_hash(canonical({"resources": tree.size, "root": tree.root().hex(), "rule": rule}))


def resource_leaf(resource: str, region: str, digest: bytes) -> bytes:
    """Hash a resource as it stands in its check's tree."""
    parts = {"digest": digest.hex(), "region": region, "resource": resource}
    return leaf_hash(canonical(parts))


def check_leaf(check: str, tree: Frontier) -> bytes:
    """Hash a check as it stands in a run's inventory."""
    return leaf_hash(canonical({"check": check, "resources": tree.size, "root": tree.root().hex()}))


def _leaf(  # noqa: PLR0917 - keywords would cost a tenth of the call
    rule: str,
    resource: str,
    region: str,
    outcome: str,
    code: str,
    message: str,
    needs: str,
    values: str,
) -> bytes:
    """Write the canonical JSON by hand: it is made for every finding of every run."""
    text = (
        f'{{"code":{encode_basestring(code)},"message":{encode_basestring(message)},'
        f'"needs":{needs or "[]"},"outcome":"{outcome}","region":{encode_basestring(region)},'
        f'"resource":{encode_basestring(resource)},"rule":{rule},"values":"{values}"}}'
    )
    return sha256(b"\x00" + text.encode()).digest()


def _needs(needs: Sequence[str]) -> str:
    return canonical(list(needs)).decode() if needs else ""


def _cleaned(finding: Finding) -> Finding:
    texts = {name: _clean(getattr(finding, name)) for name in ("resource", "region", "message")}
    return msgspec.structs.replace(
        finding, **texts, code=_clean(finding.code), values=_clean_all(finding.values)
    )


def _clean(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _clean_all(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean_all(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_all(part) for part in value]
    return value


__all__ = [
    "GONE",
    "OUTCOMES",
    "Lost",
    "RuleVersion",
    "Run",
    "SealedRun",
    "check_leaf",
    "finding_leaf",
    "resource_leaf",
    "rule_leaf",
]  # fmt: skip
