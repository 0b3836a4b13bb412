"""What people decided, as the configuration names it: controls, waivers, scope, events.

A value that is replaced as a whole by a reload, or not at all; `record` writes to the log what of
it is new there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from agent.config import Settings
from agent.controls.document import DocumentError
from agent.controls.events import (
    EventList,
    event_changes,
    last_digests,
    read_events,
)
from agent.controls.load import Library, load_controls
from agent.controls.model import Cadence, Control, Scope
from agent.controls.proof import controls_of
from agent.controls.scope import controls_in, load_scope_file
from agent.controls.waiver_file import load_waivers
from agent.controls.waiver_log import standing_waivers, waiver_changes
from agent.evidence import queries
from agent.evidence.entry import Kind, canonical, whole
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.pack import Pack
from agent.rules.frameworks import Framework, FrameworkError, load_frameworks
from agent.rules.rule import Rule
from agent.waivers import Waiver

OF = "controls"
"""What tells the entries of controls and scope from other `config` entries."""


class Decisions(Struct, frozen=True, kw_only=True):
    """What people decided."""

    library: Library
    scope: Scope
    waivers: tuple[Waiver, ...] = ()
    events: tuple[EventList, ...] = ()
    proves: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Rule -> the controls in scope that it proves."""

    @property
    def controls(self) -> Mapping[str, Control]:
        """The controls of the categories in scope."""
        return controls_in(self.scope, self.library.controls)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why lists of events could not be read."""
        return tuple(listed.failure for listed in self.events if listed.failure)


def load_decisions(settings: Settings, pack: Pack) -> Decisions:
    """Read all that the configuration names. Raises `DocumentError` on the first mistake."""
    frameworks = frameworks_of(settings)
    library = load_controls([settings.path(path) for path in settings.controls], frameworks)
    names = {*pack.rules, *pack.waiting, *pack.disabled, *pack.elsewhere}
    file = settings.path(settings.scope) if settings.scope else None
    scope = load_scope_file(file, library.controls) if file else Scope()
    return Decisions(
        library=library,
        scope=scope,
        proves=controls_of(controls_in(scope, library.controls), all_rules(pack)),
        waivers=load_waivers([settings.path(path) for path in settings.waivers], names),
        events=read_lists(settings, library),
    )


def read_lists(settings: Settings, library: Library) -> tuple[EventList, ...]:
    """Read the lists of events. Raises `DocumentError` for a control that has no events."""
    found = []
    for name, source in settings.events.items():
        control = library.controls.get(name)
        manual = control.manual if control else None
        if manual is None or manual.cadence is not Cadence.EVENT:
            kept = [n for n, c in library.controls.items() if c.manual and c.manual.population]
            message = f"no control of events; there is {', '.join(kept)}"
            raise DocumentError(f"{settings.file or 'configuration'}: events.{name}: {message}")
        found.append(read_events(name, settings.path(source.path), source.columns))
    return tuple(found)


def frameworks_of(settings: Settings) -> dict[str, Framework]:
    """Read the frameworks: the shipped ones and those beside the organisation's rules."""
    try:
        return load_frameworks(settings.path(path) / "frameworks" for path in settings.rules_paths)
    except FrameworkError as error:
        raise DocumentError(str(error)) from None


def all_rules(pack: Pack) -> dict[str, Rule]:
    """Give the rules in force and those that wait for a file: what a control can be proven by."""
    return {**pack.rules, **{name: one.rule for name, one in pack.waiting.items()}}


def record(log: Log, decisions: Decisions, now: datetime) -> list[int]:
    """Append what the log does not have yet; gives the indexes. Raises `StoreError`."""
    bodies = [
        *((Kind.CONFIG, body) for body in _config_changes(log.store, decisions)),
        *(
            (Kind.POPULATION, body)
            for body in event_changes(last_digests(log.store), decisions.events)
        ),
        *(
            (Kind.WAIVER, body)
            for body in waiver_changes(standing_waivers(log.store), decisions.waivers, now)
        ),
    ]
    return [log.append(kind, body, now) for kind, body in bodies]


def recorded_controls(store: Store) -> tuple[Scope, dict[str, Control]] | None:
    """Give scope and controls as the log last had them; None: it never had any."""
    last = _last_config(store)
    if last is None:
        return None
    with store.reading() as view:
        scope, controls = (whole(last[name], view.content) for name in ("scope", "controls"))
    found = {name: msgspec.convert(text, Control) for name, text in controls.items()}
    return msgspec.convert(scope, Scope), found


def _config_changes(store: Store, decisions: Decisions) -> list[dict[str, Any]]:
    body = {
        "of": OF,
        "scope": msgspec.to_builtins(decisions.scope),
        "controls": {
            name: _without_source(control) for name, control in decisions.library.controls.items()
        },
        "not_applicable": dict(decisions.library.not_applicable),
    }
    body["digest"] = sha256(canonical(body)).hexdigest()
    last = _last_config(store)
    return [] if last is not None and last["digest"] == body["digest"] else [body]


def _without_source(control: Control) -> dict[str, Any]:
    """Where a file lies on this machine is no part of what it says."""
    kept: dict[str, Any] = msgspec.to_builtins(control)
    return {key: value for key, value in kept.items() if key != "source" and value is not None}


def _last_config(store: Store) -> dict[str, Any] | None:
    found = None
    for _, body in queries.entries(store, kind=Kind.CONFIG):
        if body.get("of") == OF:
            found = body
    return found
