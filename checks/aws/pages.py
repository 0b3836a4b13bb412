"""Knows how answers continue on the next page: the SDK's paginator models, and a few it lacks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from msgspec import Struct

from checks.query import search


class Paging(Struct, frozen=True, kw_only=True):
    """Which members of an answer go into which parameters of the next request."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    """JMESPath, one for each of `inputs`."""
    more: str = ""
    """JMESPath of a boolean that says whether there is another page; empty: a token says so."""


IRREGULAR: Mapping[str, Paging] = {
    "athena:ListWorkGroups": Paging(inputs=("NextToken",), outputs=("NextToken",)),
    "firehose:ListDeliveryStreams": Paging(
        inputs=("ExclusiveStartDeliveryStreamName",),
        outputs=("DeliveryStreamNames[-1]",),
        more="HasMoreDeliveryStreams",
    ),
    "s3control:ListAccessPoints": Paging(inputs=("NextToken",), outputs=("NextToken",)),
    "ssm:DescribeDocumentPermission": Paging(inputs=("NextToken",), outputs=("NextToken",)),
    "wafv2:ListWebACLs": Paging(inputs=("NextMarker",), outputs=("NextMarker",)),
}
"""Operations that continue although the SDK has no paginator for them (study `aws.md`, 2)."""


class Pages:
    """The paging of every operation that is asked for. Thread-safe."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, service: str, operation: str) -> Paging | None:
        """How `operation` continues; None when one answer is all."""
        irregular = IRREGULAR.get(f"{service}:{operation}")
        if irregular:
            return irregular
        with self._lock:
            if service not in self._known:
                self._known[service] = self._load(service)
            model = self._known[service].get(operation)
        if model is None or "input_token" not in model:
            return None
        return Paging(
            inputs=_names(model["input_token"]),
            outputs=_names(model["output_token"]),
            more=model.get("more_results", ""),
        )

    def _load(self, service: str) -> dict[str, Any]:
        try:
            model = self._loader.load_service_model(service, "paginators-1")
        except DataNotFoundError:
            return {}
        return dict(model["pagination"])


def next_of(paging: Paging | None, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameters that ask for the page after `answer`; None after the last."""
    if paging is None or (paging.more and not search(paging.more, answer)):
        return None
    given = zip(paging.inputs, paging.outputs, strict=True)
    tokens = {name: search(path, answer) for name, path in given}
    found = {name: token for name, token in tokens.items() if token not in {None, ""}}
    return found or None


def _names(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
