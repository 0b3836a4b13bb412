"""Keeps whole listings compactly, and attaches their rows to other resources.

A listing that others are joined with, or that has children, must be at hand as a whole: each of
its resources is held as its JSON bytes, about a tenth of the memory of the objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from checks.calls import gap_of
from checks.model import CallError, Cause, Gap, Join, Resource
from checks.paths import head_of
from checks.query import QueryError, reads, search
from checks.rows import Page

CHUNK = 500
"""Resources of a held listing that are unpacked at a time."""


class Held:
    """A whole listing of one check in one region, packed. Written by one, then read by many."""

    def __init__(self, pages: Iterable[Page] = ()) -> None:
        self.gaps: tuple[Gap, ...] = ()
        self._rows: list[bytes] = []
        for page in pages:
            self.add(page)

    def add(self, page: Page) -> None:
        """Pack one page; before anybody reads."""
        self.gaps += page.gaps
        self._rows += [_ENCODER.encode(resource) for resource in page.resources]

    def __len__(self) -> int:
        return len(self._rows)

    def resources(self) -> Iterator[Resource]:
        """Unpack each resource when it is come to."""
        return (_DECODER.decode(row) for row in self._rows)

    def pages(self) -> Iterator[Page]:
        """The listing as pages of at most `CHUNK` resources; the last carries the gaps."""
        for start in range(0, len(self._rows), CHUNK):
            rows = self._rows[start : start + CHUNK]
            yield Page(resources=tuple(_DECODER.decode(row) for row in rows))
        if self.gaps:
            yield Page(gaps=self.gaps)

    def row(self, number: int) -> Resource:
        """Unpack one resource."""
        return _DECODER.decode(self._rows[number])


class Index:
    """The rows of one or more held listings by the value that a join's `foreign` finds in them."""

    def __init__(self, join: Join, sources: Iterable[Held]) -> None:
        """Read every row once; a row whose `foreign` cannot be told spoils the index."""
        self._join = join
        self._local = {head_of(path) for path in reads(join.local)}
        self._foreign = {head_of(path) for path in reads(join.foreign)}
        self._gaps: list[Gap] = []
        self._places: dict[Any, list[tuple[Held, int]]] = {}
        for source in sources:
            self._gaps += source.gaps
            for number, resource in enumerate(source.resources()):
                self._add(source, number, resource)

    def attach(self, resource: Resource) -> Resource:
        """The resource with the rows that belong to it; with a gap when that cannot be told."""
        try:
            gap = self._gaps[0] if self._gaps else _unseen(self._local, resource)
            rows = [] if gap else self._matching(resource)
            gap = gap or next((row.gaps[0] for row in rows if row.gaps), None)
            if gap is None:
                return self._attached(resource, [row.attributes for row in rows])
        except CallError as error:
            gap = gap_of(resource.check, error)
        except QueryError as error:
            gap = gap_of(resource.check, CallError(Cause.INVALID, "QueryError", str(error)))
        return replace(resource, gaps=(*resource.gaps, self._as_own(gap, resource)))

    def _add(self, source: Held, number: int, resource: Resource) -> None:
        if gap := _unseen(self._foreign, resource):
            self._gaps.append(gap)
            return
        try:
            for key in self._keys(self._join.foreign, resource):
                self._places.setdefault(key, []).append((source, number))
        except QueryError as error:
            wrong = CallError(Cause.INVALID, "QueryError", str(error))
            self._gaps.append(gap_of(resource.check, wrong, region=resource.region))

    def _matching(self, resource: Resource) -> list[Resource]:
        found: dict[tuple[int, int], Resource] = {}
        for key in self._keys(self._join.local, resource):
            for source, number in self._places.get(key, ()):
                if (id(source), number) not in found:
                    found[id(source), number] = source.row(number)
        return list(found.values())

    def _keys(self, query: str, resource: Resource) -> list[str | int]:
        found = search(query, resource.attributes)
        many = found if isinstance(found, list) else [found]
        keys = [key for key in many if isinstance(key, str | int)]
        if not self._join.ignore_case:
            return keys
        return [key.casefold() if isinstance(key, str) else key for key in keys]

    def _attached(self, resource: Resource, rows: list[Any]) -> Resource:
        if self._join.many:
            return replace(resource, attributes={**resource.attributes, self._join.name: rows})
        if len(rows) > 1:
            message = f"{len(rows)} of {self._join.check} where one was expected"
            raise CallError(Cause.INVALID, "Ambiguous", message)
        if not rows:
            return resource
        return replace(resource, attributes={**resource.attributes, self._join.name: rows[0]})

    def _as_own(self, gap: Gap, resource: Resource) -> Gap:
        return replace(gap, check=resource.check, resource=resource.id, facet=self._join.name)


def _unseen(names: set[str], resource: Resource) -> Gap | None:
    """Why one of the members `names` is not known, though it may be there."""
    return next((gap for gap in resource.gaps if gap.facet in names), None)


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Resource)
