"""Whole listings, streamed: a batch of rows is in memory at a time, whatever the log's length."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agent.web.api import forms
from agent.web.api.answers import export_answer
from agent.web.api.documents import exported
from agent.web.api.parameters import (
    BEGINNING,
    DeviationsExported,
    EntriesExported,
    FindingsExported,
    PeriodExported,
)
from agent.web.surfaces import Surfaces


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/exports")
    store, now = surfaces.store, surfaces.now

    @routes.get("/findings", **exported("Stream the findings as they stand, or stood."))
    def export_findings(request: Request, query: Annotated[FindingsExported, Query()]) -> Response:
        fetch = forms.findings(store, query, query.at or now())
        return export_answer(request, "findings", forms.FINDINGS, fetch, query.format)

    @routes.get("/deviations", **exported("Stream every failure of a period."))
    def export_deviations(
        request: Request, query: Annotated[DeviationsExported, Query()]
    ) -> Response:
        fetch = forms.deviations(store, query, query.start or BEGINNING, query.end or now())
        return export_answer(request, "deviations", forms.DEVIATIONS, fetch, query.format)

    @routes.get("/runs", **exported("Stream the runs that ended in a period."))
    def export_runs(request: Request, query: Annotated[PeriodExported, Query()]) -> Response:
        fetch = forms.runs(store, query, query.start or BEGINNING, query.end or now())
        return export_answer(request, "runs", forms.RUNS, fetch, query.format)

    @routes.get("/gaps", **exported("Stream the slots of a period without a run."))
    def export_gaps(request: Request, query: Annotated[PeriodExported, Query()]) -> Response:
        fetch = forms.gaps(store, query, query.start or BEGINNING, query.end or now())
        return export_answer(request, "gaps", forms.GAPS, fetch, query.format)

    @routes.get("/entries", **exported("Stream the entries of the log, oldest first."))
    def export_entries(request: Request, query: Annotated[EntriesExported, Query()]) -> Response:
        fetch = forms.entries(store, query)
        return export_answer(request, "entries", forms.ENTRIES, fetch, query.format)

    return routes
