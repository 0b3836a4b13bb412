"""Fetches the wanted facets of resources, many calls at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import islice
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from checks.calls import Caller, gap_of, is_absent
from checks.model import CallError, Cause, Check, Facet, Gap, Resource
from checks.query import search
from checks.rows import context, decode_members, decode_whole, finish, invalid
from checks.template import fill


class Seen(Struct, frozen=True, kw_only=True):
    """What came of one facet's call: a value, nothing (which is an answer), or a gap."""

    value: Any | UnsetType = UNSET
    gap: Gap | None = None


class Detailed(Struct, frozen=True, kw_only=True):
    """A resource with its facets; `lost` says that the provider no longer finds it."""

    resource: Resource
    lost: bool = False


class Workers(Struct, frozen=True, kw_only=True):
    """The threads that fetch facets, and how many calls of one page may be among them at once.

    A page that waits for its service's rate must not take all threads from the other services.
    """

    pool: Executor
    share: int


def add_facets(
    caller: Caller,
    check: Check,
    facets: Sequence[Facet],
    resources: Sequence[Resource],
    workers: Workers,
) -> list[Detailed]:
    """The resources with `facets` fetched, in order; one call each (more where it is paged)."""
    if not facets:
        return [Detailed(resource=resource) for resource in resources]
    jobs = ((caller, check, facet, resource) for resource in resources for facet in facets)
    seen = _in_order(jobs, workers)
    return [
        _joined(check, resource, facets, list(islice(seen, len(facets)))) for resource in resources
    ]


def _in_order(
    jobs: Iterator[tuple[Caller, Check, Facet, Resource]], workers: Workers
) -> Iterator[Seen]:
    """What comes of each job, in order, with at most `workers.share` of them under way."""
    under_way: deque[Future[Seen]] = deque()
    for job in jobs:
        under_way.append(workers.pool.submit(fetch, *job))
        if len(under_way) >= workers.share:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def fetch(caller: Caller, check: Check, facet: Facet, resource: Resource) -> Seen:
    """One facet of one resource, asked for in the resource's own region."""
    call = facet.call
    try:
        names = context(caller, resource.region, None)
        params = fill(call.params, {**resource.attributes, **names})
        pages = caller.pages(call, params, resource.region)
        parts = [decode_whole(call, search(call.select, answer.data)) for answer in pages]
        caller.ledger.items(call.name, resource.region, len(parts))
        value, failed = decode_members(call, _whole(parts))
        if failed:
            raise failed[0][1]
    except CallError as error:
        return Seen() if is_absent(call, error) else Seen(gap=_gap(check, facet, resource, error))
    except ValueError as error:
        return Seen(gap=_gap(check, facet, resource, invalid(error)))
    if value is None and facet.optional:
        # Where there is none, the provider says so with an error; an answer has the part.
        lacking = ValueError(f"the answer has no {call.select or 'content'}")
        return Seen(gap=_gap(check, facet, resource, invalid(lacking)))
    return Seen() if value is None else Seen(value=value)


def _gap(check: Check, facet: Facet, resource: Resource, error: CallError) -> Gap:
    return gap_of(
        check.name,
        error,
        call=facet.call,
        region=resource.region,
        resource=resource.id,
        facet=facet.name,
    )


def _whole(parts: list[Any]) -> Any:
    """One value out of the parts that the pages of a call gave."""
    if len(parts) == 1:
        return parts[0]
    joined: list[Any] = []
    for part in parts:
        if part is not None and not isinstance(part, list):
            raise ValueError("several pages, but what is selected of each is not a list")
        joined += part or []
    return joined


def _joined(
    check: Check, resource: Resource, facets: Sequence[Facet], seen: list[Seen]
) -> Detailed:
    attributes = dict(resource.attributes)
    gaps = list(resource.gaps)
    answered: set[str] = set()
    for facet, one in zip(facets, seen, strict=True):
        if one.gap is not None:
            gaps.append(one.gap)
            continue
        answered.add(facet.name)
        if one.value is not UNSET:
            attributes[facet.name] = one.value
    whole = replace(
        resource, attributes=finish(check, attributes, frozenset(answered)), gaps=tuple(gaps)
    )
    lost = check.list is not None and any(
        one.gap is not None and one.gap.cause is Cause.NOT_FOUND for one in seen
    )
    return Detailed(resource=whole, lost=lost)
