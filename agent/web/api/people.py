"""What people decided, stated and have to do, as the log has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from agent.controls.attest import recorded_attestations
from agent.controls.duties import AHEAD, duties
from agent.controls.rows import (
    ATTESTATION_COLUMNS,
    DUE_COLUMNS,
    WAIVER_COLUMNS,
    attestation_row,
    due_row,
    recorded_waiver_row,
)
from agent.controls.waiver_log import Recorded, Turn, recorded_waivers
from agent.evidence.entry import to_micros
from agent.evidence.store import Store
from agent.web.api.answers import Form, page_answer
from agent.web.api.cursor import read_cursor, read_pinned
from agent.web.api.documents import paged
from agent.web.api.forms import among
from agent.web.api.parameters import (
    BEGINNING,
    AttestationsAsked,
    DutiesAsked,
    WaiversAsked,
)
from agent.web.api.people_shapes import AttestationPage, DutyPage, WaiverPage
from agent.web.surfaces import Surfaces

WAIVERS = Form(schema="assay.waivers.recorded.v1", columns=WAIVER_COLUMNS, key=(str,))
ATTESTATIONS = Form(schema="assay.attestations.v1", columns=ATTESTATION_COLUMNS, key=(int,))
DUTIES = Form(schema="assay.due.v1", columns=DUE_COLUMNS, key=(int, str, str))


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter()
    store = surfaces.store

    @routes.get(
        "/waivers", **paged(WaiverPage, "List the waivers as they stand, or stood.", "people")
    )
    def list_waivers(request: Request, query: Annotated[WaiversAsked, Query()]) -> Response:
        after, at = read_pinned(request.url.path, query, WAIVERS.key, query.at or surfaces.now())
        rows = [row for row in _waivers(store, at) if _is_asked(row, query)]
        page = among(rows, "waiver")(after, query.limit)
        pinned = (to_micros(at),)
        return page_answer(request, query, WAIVERS, page, pinned=pinned, about={"at": at})

    @routes.get("/attestations", **paged(AttestationPage, "List what people stated.", "people"))
    def list_attestations(
        request: Request, query: Annotated[AttestationsAsked, Query()]
    ) -> Response:
        after = read_cursor(request.url.path, query, ATTESTATIONS.key)
        start, end = query.start or BEGINNING, query.end or surfaces.now()
        rows = [
            attestation_row(each)
            for each in recorded_attestations(store)
            if start <= each.recorded_at < end and query.control in (None, each.control)
        ]
        page = among(rows, "entry")(after, query.limit)
        return page_answer(request, query, ATTESTATIONS, page)

    @routes.get("/duties", **paged(DutyPage, "List what people have, or had, to do.", "people"))
    def list_duties(request: Request, query: Annotated[DutiesAsked, Query()]) -> Response:
        after, at = read_pinned(request.url.path, query, DUTIES.key, query.at or surfaces.now())
        decisions = surfaces.decisions()
        rows = [
            {**row, "result": row["result"] or None}
            for due in duties(store, decisions, at, ahead=AHEAD)
            if query.control in (None, due.control)
            for row in [due_row(due, decisions.controls[due.control], at)]
            if query.state in (None, row["state"])
        ]
        page = among(rows, "due", "control", "period")(after, query.limit)
        pinned = (to_micros(at),)
        return page_answer(request, query, DUTIES, page, pinned=pinned, about={"at": at})

    return routes


def _waivers(store: Store, at: datetime) -> list[dict[str, Any]]:
    """Give what the log had last told of each waiver by then."""
    first: dict[str, datetime] = {}
    last: dict[str, Recorded] = {}
    for each in recorded_waivers(store):
        if each.at <= at:
            last[each.id] = each
            if each.turn is Turn.ADDED:
                first[each.id] = each.at
    return [recorded_waiver_row(each, first.get(name, each.at), at) for name, each in last.items()]


def _is_asked(row: dict[str, Any], query: WaiversAsked) -> bool:
    return query.state in (None, row["state"]) and query.rule in (None, row["rule"])
