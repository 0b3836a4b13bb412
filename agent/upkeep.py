"""What an agent does beside its runs: people's part, readers, anchors, verification of the log."""

from __future__ import annotations

import logging

from agent.controls.keeping import People
from agent.evidence.anchors.tending import Tender
from agent.evidence.log import Log
from agent.evidence.store import StoreError
from agent.evidence.verify import LogInvalid, verify_store
from agent.metrics import Vitals
from agent.run import CLOCK
from agent.unsealed import Unsealed
from agent.web.reads import Reads

LOG = logging.getLogger("assay")


class Upkeep:
    """Each is done when it is called; what the store refuses is noted and tried again."""

    def __init__(
        self,
        log: Log,
        *,
        people: People,
        tender: Tender,
        reads: Reads | None,
        vitals: Vitals,
        unsealed: Unsealed,
    ) -> None:
        """`reads`: None where nobody asks who reads."""
        self._log, self._people, self._tender, self._reads = log, people, tender, reads
        self._vitals, self._unsealed = vitals, unsealed

    def look_at_people(self) -> None:
        """Record what people did since the last look."""
        with self._unsealed.noting("what people did could not be recorded"):
            self._people.look(CLOCK.now())

    def seal_reads(self) -> None:
        """Record who read what since the last time, where that is asked for."""
        if self._reads is None:
            return
        with (
            self._unsealed.noting("who read evidence could not be recorded"),
            self._reads.batch() as body,
        ):
            if body is not None:
                self._log.append("export", body, CLOCK.now())

    def tend_anchors(self) -> None:
        """Have others stamp or keep the newest checkpoint, where that is due."""
        with self._unsealed.noting("a receipt could not be recorded"):
            self._tender.tend(CLOCK.now())

    def verify(self) -> None:
        """Account for every byte of the log."""
        try:
            verify_store(self._log.store, self._log.signer.verifier)
        except (LogInvalid, StoreError) as error:
            LOG.critical("the log does not verify: %s", error)
            self._vitals.verified.set(0)
        else:
            self._vitals.verified.set(1)
        self._vitals.verified_at.set(CLOCK.now().timestamp())
