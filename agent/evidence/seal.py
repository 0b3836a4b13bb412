"""One run: findings go to a spool on disk, and sealing keeps what changed and proves all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Self

import msgspec

from agent.evidence.changes import Lost
from agent.evidence.entry import EntryError, encode_values
from agent.evidence.leaf import OUTCOMES, needs_text, quoted_leaf
from agent.evidence.sealing import RuleVersion, SealedRun, Sealing
from agent.evidence.store.spool import Spool
from agent.evidence.surrogates import clean, clean_all
from agent.model import Finding

if TYPE_CHECKING:
    from agent.evidence.log import Log
    from checks.model import Gap

_NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}


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
        self._spool.add_seen(clean(check), clean(resource), clean(region), digest)

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
            rule: [Lost(*clean_all(place)) for place in places]
            for rule, places in (lost or {}).items()
        }
        facts = {
            "header": clean_all(header),
            "gaps": [clean_all(msgspec.to_builtins(gap)) for gap in gaps],
            "observed_at": self._observed,
        }
        with self._log.sealing() as (writing, standing):
            sealing = Sealing(self._log, self, writing, standing, gone)
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
        needs = needs_text(finding.needs)
        leaf = quoted_leaf(
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


def _cleaned(finding: Finding) -> Finding:
    texts = {name: clean(getattr(finding, name)) for name in ("resource", "region", "message")}
    return msgspec.structs.replace(
        finding, **texts, code=clean(finding.code), values=clean_all(finding.values)
    )


__all__ = ["Lost", "RuleVersion", "Run", "SealedRun"]
