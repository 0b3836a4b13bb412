"""What may be sealed of what somebody left in the inbox: only what a command writes, and whole.

An entry stays for ever. One that its readers cannot read would stop every report after it, and a
sample that its seed does not draw would make every bundle invalid. So each is read here first, as
its readers and the verifier will read it. What lets evidence go is not among it: a legal hold can
be ordered there, and is released only by whoever may write the log itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from agent.controls import attest, respond
from agent.evidence.entry import EntryError, Kind, to_rfc3339
from agent.evidence.store import Store
from agent.retention import holds
from agent.samples.draw import SampleError, read_population, sample_body
from agent.samples.population import population_body

_REFUSED = (
    attest.AttestError,
    respond.RespondError,
    SampleError,
    msgspec.MsgspecError,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    OverflowError,
)
_Said = TypeVar("_Said", bound=msgspec.Struct)


class _Hold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a legal hold."""

    of: str
    id: str
    reason: str
    by: str


def admit(
    kind: Kind, body: Mapping[str, Any], contents: Sequence[bytes], at: datetime, store: Store
) -> None:
    """Check what was left and is to be sealed at `at`. Raises `EntryError` and `StoreError`."""
    check = _CHECKS.get(kind)
    if check is None:
        raise EntryError(f"no command leaves an entry of the kind {kind}")
    try:
        check(body, contents, at, store)
    except _REFUSED as error:
        said = " ".join(str(error).split())[:200]
        raise EntryError(f"no command leaves such an entry of the kind {kind}: {said}") from error


def _attestation(
    body: Mapping[str, Any], _contents: Sequence[bytes], at: datetime, _store: Store
) -> None:
    said = _typed(attest.read_body(-1, {**body, "at": to_rfc3339(at)}))
    # A clock that was set back in between loses no statement: the command has asked its own.
    attest.verify_words(replace(said, recorded_at=max(at, said.performed_at)))
    _same(body, attest.to_body(said))


def _response(
    body: Mapping[str, Any], _contents: Sequence[bytes], at: datetime, store: Store
) -> None:
    said = _typed(respond.read_body(-1, {**body, "at": to_rfc3339(at)}))
    respond.verify_reply(said, store, max(at, said.said_at))  # as above
    _same(body, respond.to_body(said))


def _population(
    body: Mapping[str, Any], contents: Sequence[bytes], _at: datetime, _store: Store
) -> None:
    (content,) = contents
    query = msgspec.convert(body["query"], dict[str, str])
    source = msgspec.convert(body["source"], str)
    _same(body, population_body(source, query, content.decode().splitlines())[0])


def _sample(
    body: Mapping[str, Any], _contents: Sequence[bytes], _at: datetime, store: Store
) -> None:
    entry, size = (msgspec.convert(body[name], int) for name in ("population", "size"))
    _same(body, sample_body(read_population(store, entry), body["nonce"], size))


def _export(
    body: Mapping[str, Any], _contents: Sequence[bytes], _at: datetime, _store: Store
) -> None:
    if not isinstance(body["what"], str):
        raise TypeError("it does not say what was handed out")


def _hold(body: Mapping[str, Any], _contents: Sequence[bytes], _at: datetime, store: Store) -> None:
    said = msgspec.convert(body, _Hold)
    if said.of != "hold" or not all((said.id, said.reason, said.by)):
        raise ValueError("only holds are, each with a name, a reason and by whom")
    if said.id in holds(store):
        raise ValueError(f"the hold {said.id} stands: what it says stays until it is released")


def _typed(said: _Said) -> _Said:
    """Give it as its own types say, so that no member is of another. Raises `ValidationError`."""
    return msgspec.convert(msgspec.to_builtins(said), type(said))


def _same(body: Mapping[str, Any], written: Mapping[str, Any]) -> None:
    """Refuse what says more than the command would, or says it otherwise. Raises `ValueError`."""
    if dict(body) != dict(written):
        names = {
            name for name in body.keys() | written.keys() if body.get(name) != written.get(name)
        }
        raise ValueError(f"it is written otherwise: {', '.join(sorted(names))}")


_CHECKS: Mapping[Kind, Callable[[Mapping[str, Any], Sequence[bytes], datetime, Store], None]] = {
    Kind.ATTESTATION: _attestation,
    Kind.RESPONSE: _response,
    Kind.POPULATION: _population,
    Kind.SAMPLE: _sample,
    Kind.EXPORT: _export,
    Kind.RETENTION: _hold,
}
