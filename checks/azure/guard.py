"""Refuses every request to Azure that is not a read, before anything leaves the process.

The SDK writes by itself unless it is stopped: its clients register resource providers when a call
finds one missing. The guard is the last policy of each pipeline, so that nothing comes after it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from checks.model import CallError, Cause

READS = frozenset({"GET", "HEAD"})

QUERIES = frozenset({"/providers/microsoft.resourcegraph/resources"})
"""The one path that is asked by POST and changes nothing: a query of Resource Graph."""


class ReadOnlyGuard(SansIOHTTPPolicy[Any, Any]):
    """Lets reads of one origin pass. Raises `CallError` for all else."""

    def __init__(self, base: str) -> None:
        """`base` is the endpoint that the pipeline's token is for."""
        super().__init__()
        self._origin = origin_of(base)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Look at a request that is about to be sent."""
        asked = request.http_request
        if origin_of(asked.url) != self._origin:
            raise _refused(f"{asked.method} to {origin_of(asked.url)}, not {self._origin}")
        path = urlsplit(asked.url).path.lower()
        if asked.method not in READS and not (asked.method == "POST" and path in QUERIES):
            raise _refused(f"{asked.method} {path}")


def origin_of(url: str) -> str:
    """Scheme, host and port of `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _refused(what: str) -> CallError:
    return CallError(
        Cause.BLOCKED_WRITE, "BlockedByGuard", f"{what} is not a read of this endpoint"
    )
