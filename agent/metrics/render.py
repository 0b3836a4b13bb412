"""Writes the families of a registry in the format that was asked for.

The library's own encoder writes everything but the lines of the `Wide` families, which are the same
in both formats; so the text is byte for byte what the library would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from agent.metrics.wide import Wide

Encode = Callable[[Collector], bytes]


def choose_renderer(accept: str) -> tuple[Encode, str]:
    """Give what writes a registry as the `Accept` header wishes, and its content type."""
    encode, content_type = choose_encoder(accept)
    if content_type.endswith("escaping=dots"):  # it rewrites even names that need no escaping
        return encode, content_type
    return partial(render, encode=encode), content_type


def render(registry: Collector, encode: Encode) -> bytes:
    """Write every family of `registry` in the format of `encode`."""
    end = encode(_Families())  # what OpenMetrics ends with
    parts = []
    for family in registry.collect():
        if isinstance(family, Wide):
            parts += [encode(_Families(family.empty)).removesuffix(end), family.text.encode()]
        else:
            parts.append(encode(_Families(family)).removesuffix(end))
    return b"".join([*parts, end])


class _Families(Collector):
    """What the library's encoders ask of a registry."""

    def __init__(self, *families: Metric) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Give the families."""
        return iter(self._families)
