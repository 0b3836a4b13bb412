"""Turns the pages of a listing into resources that carry no facets yet.

What belongs to one row fails for that row: a member that cannot be decoded is a gap of its
resource. What makes a row unidentifiable is a gap of the listing, because its resource is then
missing from the population.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from checks.calls import Caller, gap_of, is_absent
from checks.canonical import canonical, redacted
from checks.decode import decode
from checks.model import Answer, Call, CallError, Cause, Check, Gap, Resource
from checks.paths import complete, head_of, rename, rewrite
from checks.query import reads, search
from checks.template import fill, fill_text


class Doubt(Struct, frozen=True, kw_only=True):
    """A gap, unless what it is about is no longer listed: then that was deleted meanwhile."""

    check: str
    id: str
    gap: Gap


class Page(Struct, frozen=True, kw_only=True):
    """Resources of one page of a listing, and what of the listing could not be seen."""

    resources: tuple[Resource, ...] = ()
    gaps: tuple[Gap, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read_listing(
    caller: Caller, check: Check, region: str, parents: Iterable[Resource] = ()
) -> Iterator[Page]:
    """Every page of a check's listing in one region (empty: the target), each row a resource.

    The listing is made once, or once for each of `parents` where the check has a parent. A page
    that was lost ends its listing with a gap; the rows before it are still delivered.
    """
    if not check.parent:
        yield from _read_one(caller, check, region, None)
        return
    for parent in parents:
        yield from _read_one(caller, check, region, parent)


def read_children(caller: Caller, check: Check, region: str, parent: Resource) -> Page:
    """The whole listing of one parent as one page."""
    return merged(_read_one(caller, check, region, parent))


def merged(pages: Iterable[Page]) -> Page:
    """Several pages as one."""
    several = list(pages)
    return Page(
        resources=tuple(resource for page in several for resource in page.resources),
        gaps=tuple(gap for page in several for gap in page.gaps),
        doubts=tuple(doubt for page in several for doubt in page.doubts),
    )


def invalid(error: ValueError) -> CallError:
    """An answer that does not fit the check: what a template, codec or query says of it."""
    return CallError(Cause.INVALID, type(error).__name__, str(error))


def context(caller: Caller, region: str, parent: Resource | None) -> dict[str, Any]:
    """What templates can name besides the members of a row."""
    names: dict[str, Any] = dict(caller.session.names(region))
    if parent:
        names["parent"] = parent.attributes
    return names


def _read_one(caller: Caller, check: Check, region: str, parent: Resource | None) -> Iterator[Page]:
    listing = check.list
    assert listing is not None  # noqa: S101  # singletons are not listed; load.py sees to it
    where = parent.region if parent else region
    names = context(caller, where, parent)
    call = listing
    try:
        if check.before:
            call = check.before.call
            _wait_until(caller, check, where, names)
            call = listing
        answers = caller.pages(call, fill(call.params, names), where)
        # `map` keeps no answer while the page made of it is looked at
        yield from map(partial(_page, caller, check, where, names), answers)
    except CallError as error:
        if is_absent(call, error):
            return
        gap = gap_of(check.name, error, call=call, region=where)
        if parent:
            gap = replace(gap, message=f"{gap.message} (listing what belongs to {parent.id})")
        if parent and error.cause is Cause.NOT_FOUND:
            yield Page(doubts=(Doubt(check=parent.check, id=parent.id, gap=gap),))
            return
        yield Page(gaps=(gap,))
    except ValueError as error:
        yield Page(gaps=(gap_of(check.name, invalid(error), call=call, region=where),))


def _wait_until(caller: Caller, check: Check, region: str, names: Mapping[str, Any]) -> None:
    """Ask for a report until it is ready: AWS makes a credential report in seconds to minutes."""
    before = check.before
    assert before is not None  # noqa: S101  # the only caller has looked
    for poll in range(caller.limits.polls):
        answer = caller.ask(before.call, fill(before.call.params, names), region)
        if all(search(path, answer.data) == value for path, value in before.until.items()):
            return
        caller.sleep(min(0.5 * 1.5**poll, 5.0))
    raise CallError(Cause.TRANSIENT, "NotReady", f"not ready after {caller.limits.polls} requests")


def _page(
    caller: Caller, check: Check, region: str, names: Mapping[str, Any], answer: Answer
) -> Page:
    listing = check.list
    assert listing is not None  # noqa: S101  # see _read_one
    found = decode_whole(listing, search(listing.select, answer.data))
    if found is None and not check.fields:
        found = []  # AWS leaves an empty list out of an answer
    if not isinstance(found, list):
        raise ValueError(f"'{listing.select}' gives no list")  # noqa: TRY004  # an answer, not a bug
    caller.ledger.items(listing.name, region, len(found))
    observed_at = canonical(search(check.observed_at, answer.data)) if check.observed_at else ""
    resources: list[Resource] = []
    gaps: list[Gap] = []
    for row in found:
        made = _resource(check, region, row, names, observed_at or "")
        if isinstance(made, Gap):
            gaps.append(made)
        elif made is not None:
            resources.append(made)
    if check.batch:
        page = _described(caller, check, region, resources, names)
        return replace(page, gaps=(*gaps, *page.gaps))
    return Page(resources=tuple(resources), gaps=tuple(gaps))


def decode_whole(call: Call, value: Any) -> Any:
    """`value` as one JSON value, decoded as a whole where the check says so (`@`)."""
    if "@" in call.decode and value is not None:
        value = decode(value, {"@": call.decode["@"]})
    return canonical(value)


def decode_members(call: Call, value: Any) -> tuple[Any, tuple[tuple[str, ValueError], ...]]:
    """`value` with its members decoded, and those that could not be (they are left out)."""
    failed: list[tuple[str, ValueError]] = []
    for path, codec in call.decode.items():
        if path == "@":
            continue
        try:
            value = decode(value, {path: codec})
        except ValueError as error:
            value = rewrite(value, path, lambda _: None)
            failed.append((path, error))
    return value, tuple(failed)


def finish(
    check: Check, attributes: dict[str, Any], facets: frozenset[str] | None = None
) -> dict[str, Any]:
    """Apply defaults and redaction: to what `facets` gave, or (None) to the listing's members.

    A default of a facet that was not fetched, or could not be, does not make it exist.
    """
    apart = {facet.name for facet in check.facets}

    def concerned(path: str) -> bool:
        return head_of(path) not in apart if facets is None else head_of(path) in facets

    for path, default in check.defaults.items():
        if concerned(path):
            attributes = complete(attributes, path, default)
    for path in check.redact:
        if concerned(path):
            attributes = rewrite(attributes, path, redacted)
    return attributes


def _resource(
    check: Check, region: str, row: Any, names: Mapping[str, Any], observed_at: str
) -> Resource | Gap | None:
    """The row as a resource; a gap when it cannot be told which; None when it is not ours."""
    listing = check.list
    assert listing is not None  # noqa: S101  # see _read_one
    try:
        if check.item:
            row = {check.item: row}
        if not isinstance(row, dict):
            raise ValueError("a row is not an object")  # noqa: TRY004, TRY301  # an answer
        for path, name in check.aliases.items():
            row = rename(row, path, name)
        members = {**row, **{key: fill(text, {**row, **names}) for key, text in check.keep.items()}}
        if check.where and not _is_ours(check, members, names):
            return None
        values = {**members, **names}
        identity = fill_text(check.id, values)
        label = fill_text(check.label, values) if check.label else identity
        own = search(check.region, members) if check.region else region
    except ValueError as error:
        return gap_of(check.name, invalid(error), call=listing, region=region)
    members, failed = decode_members(listing, members)
    own = own if isinstance(own, str) and own else region
    gaps = tuple(
        gap_of(
            check.name,
            invalid(reason),
            call=listing,
            region=own,
            resource=identity,
            facet=head_of(path),
        )
        for path, reason in failed
    )
    return Resource(
        check=check.name,
        id=identity,
        label=label,
        region=own,
        attributes=finish(check, members),
        observed_at=observed_at,
        gaps=gaps,
    )


def _is_ours(check: Check, members: Mapping[str, Any], names: Mapping[str, Any]) -> bool:
    """Whether `where` is true of the row. Raises `ValueError` when only an absence makes it false.

    A row that lacks what tells it from the others would else leave the population in silence.
    """
    given = {**members, "_region": names["region"], "_account": names["account"]}
    if search(check.where, given):
        return True
    for path in reads(check.where):
        if search(path, given) is None and path not in {*check.optional, *check.defaults}:
            raise ValueError(f"'{check.where}' cannot be told: there is no '{path}'")
    return False


def _described(
    caller: Caller,
    check: Check,
    region: str,
    resources: list[Resource],
    names: Mapping[str, Any],
) -> Page:
    """The page with the rows of describe calls merged in, many resources a call.

    Resources of a call that failed are not delivered: they would lack members without a reason.
    """
    described: list[Resource] = []
    gaps: list[Gap] = []
    doubts: list[Doubt] = []
    for start in range(0, len(resources), check.batch_size):
        part = resources[start : start + check.batch_size]
        try:
            came = _describe(caller, check, region, part, names)
            described += came
            doubts += _not_described(check, region, part, came)
        except CallError as error:
            gaps.append(gap_of(check.name, error, call=check.batch, region=region))
        except ValueError as error:
            gaps.append(gap_of(check.name, invalid(error), call=check.batch, region=region))
    return Page(resources=tuple(described), gaps=tuple(gaps), doubts=tuple(doubts))


def _not_described(
    check: Check, region: str, part: Iterable[Resource], came: Iterable[Resource]
) -> Iterator[Doubt]:
    told = {resource.id for resource in came}
    for resource in part:
        if resource.id not in told:
            error = CallError(Cause.NOT_FOUND, "NotDescribed", f"nothing is said of {resource.id}")
            gap = gap_of(check.name, error, call=check.batch, region=region)
            yield Doubt(check=check.name, id=resource.id, gap=gap)


def _describe(
    caller: Caller, check: Check, region: str, part: list[Resource], names: Mapping[str, Any]
) -> list[Resource]:
    call = check.batch
    assert call is not None  # noqa: S101  # the only caller has looked
    keys = [_key(check, resource.attributes) for resource in part]
    params = {**fill(call.params, names), check.batch_param: keys}
    rows: dict[Any, dict[str, Any]] = {}
    for answer in caller.pages(call, params, region):
        found = decode_whole(call, search(call.select, answer.data))
        if found is None:
            found = []  # see _page
        if not isinstance(found, list):
            raise ValueError(f"'{call.select}' gives no list")  # noqa: TRY004  # an answer
        caller.ledger.items(call.name, region, len(found))
        for row in found:
            key = _key(check, row)
            decoded, failed = decode_members(call, row)
            if failed:
                raise failed[0][1]
            if rows.setdefault(key, decoded) != decoded:
                raise ValueError(f"'{key}' is described twice, and not alike")
    merged = []
    for key, resource in zip(keys, part, strict=True):
        row = rows.get(key)
        if row is not None:
            attributes = finish(check, {**resource.attributes, **row})
            merged.append(replace(resource, attributes=attributes))
    return merged


def _key(check: Check, row: Any) -> str:
    """What a row of a batch is matched by. Raises `ValueError` when it cannot be told."""
    key = row.get(check.batch_key) if isinstance(row, dict) else None
    if not isinstance(key, str):
        raise ValueError(f"a row has no '{check.batch_key}'")  # noqa: TRY004  # an answer
    return key
