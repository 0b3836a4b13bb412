"""Whether the store takes what the agent records: a refusal is logged and makes it unready."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from agent.evidence.store import StoreError

LOG = logging.getLogger("assay")


class Unsealed:
    """What the store refused last."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.words = ""
        """Its reason; empty when a run was sealed since."""

    @contextmanager
    def noting(self, what: str) -> Iterator[None]:
        """Log a `StoreError` of the block after `what`, and end the block there."""
        try:
            yield
        except StoreError as error:
            LOG.error("%s: %s", what, error)
            self.words = str(error)
