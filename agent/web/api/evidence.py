"""What the log knows: findings as of a time, their history, deviations, runs, gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from agent.evidence import queries
from agent.evidence.entry import MAX_INT, to_micros
from agent.evidence.paging import Key
from agent.evidence.rows import SPAN_COLUMNS, run_row, span_row
from agent.model import Outcome
from agent.web.api import forms
from agent.web.api.answers import FOREVER, Fetch, Form, Rows, json_answer, page_answer
from agent.web.api.cursor import read_cursor, read_pinned
from agent.web.api.documents import paged, single
from agent.web.api.parameters import (
    BEGINNING,
    DeviationsAsked,
    FindingsAsked,
    HistoryAsked,
    PeriodAsked,
)
from agent.web.api.shapes import (
    DeviationPage,
    FindingPage,
    GapPage,
    RunDetail,
    RunPage,
    SpanPage,
    StandingPage,
)
from agent.web.surfaces import Surfaces

HISTORY = Form(schema="assay.history.v1", columns=SPAN_COLUMNS, key=(int,))
STANDINGS = Form(
    schema="assay.standings.v1",
    columns=("target", "rule", "status", *(str(each) for each in Outcome), "finished"),
    key=(str, str),
)
Entry = Annotated[int, Path(ge=0, le=MAX_INT, description="The entry's index.")]


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(tags=["evidence"])
    store = surfaces.store

    @routes.get(
        "/findings", **paged(FindingPage, "List the findings as they stand, or stood.", "evidence")
    )
    def list_findings(request: Request, query: Annotated[FindingsAsked, Query()]) -> Response:
        after, at = read_pinned(
            request.url.path, query, forms.FINDINGS.key, query.at or surfaces.now()
        )
        rows = forms.findings(store, query, at)(after, query.limit)
        pinned = (to_micros(at),)
        return page_answer(request, query, forms.FINDINGS, rows, pinned=pinned, about={"at": at})

    @routes.get(
        "/standings",
        **paged(StandingPage, "List how each rule stands on each target, or stood.", "evidence"),
    )
    def list_standings(request: Request, query: Annotated[FindingsAsked, Query()]) -> Response:
        after, at = read_pinned(request.url.path, query, STANDINGS.key, query.at or surfaces.now())
        rows = _standings(surfaces, query, at)(after, query.limit)
        return page_answer(
            request, query, STANDINGS, rows, pinned=(to_micros(at),), about={"at": at}
        )

    @routes.get("/history", **paged(SpanPage, "Show how a rule judged a resource.", "evidence"))
    def show_history(request: Request, query: Annotated[HistoryAsked, Query()]) -> Response:
        after = read_cursor(request.url.path, query, HISTORY.key)
        begin = int(after[0]) if after else 0
        spans = queries.history(store, rule=query.rule, resource=query.resource)
        part = [span_row(one) for one in spans[begin : begin + query.limit]]
        end = begin + query.limit
        rows: Rows = ([*part], (end,) if end < len(spans) else None)
        return page_answer(request, query, HISTORY, rows)

    @routes.get(
        "/deviations", **paged(DeviationPage, "List every failure of a period.", "evidence")
    )
    def list_deviations(request: Request, query: Annotated[DeviationsAsked, Query()]) -> Response:
        return _of_period(
            request,
            query,
            forms.DEVIATIONS,
            lambda start, end: forms.deviations(store, query, start, end),
        )

    @routes.get("/runs", **paged(RunPage, "List the runs that ended in a period.", "evidence"))
    def list_runs(request: Request, query: Annotated[PeriodAsked, Query()]) -> Response:
        return _of_period(
            request, query, forms.RUNS, lambda start, end: forms.runs(store, query, start, end)
        )

    @routes.get("/runs/{entry}", **single(RunDetail, "Show a run, rule by rule.", "evidence"))
    def show_run(request: Request, entry: Entry) -> Response:
        with store.reading() as view:
            body = queries.run_body(view, entry) if view.run_at(entry) is not None else None
        if body is None:
            raise HTTPException(404, f"entry {entry} is not a run")
        return json_answer(request, _run(entry, body), keep=FOREVER)

    @routes.get("/gaps", **paged(GapPage, "List the slots of a period without a run.", "evidence"))
    def list_gaps(request: Request, query: Annotated[PeriodAsked, Query()]) -> Response:
        return _of_period(
            request, query, forms.GAPS, lambda start, end: forms.gaps(store, query, start, end)
        )

    def _of_period(
        request: Request,
        query: PeriodAsked | DeviationsAsked,
        form: Form,
        of: Callable[[datetime, datetime], Fetch],
    ) -> Response:
        after, end = read_pinned(request.url.path, query, form.key, query.end or surfaces.now())
        rows = of(query.start or BEGINNING, end)(after, query.limit)
        return page_answer(request, query, form, rows, pinned=(to_micros(end),))

    return routes


def _standings(surfaces: Surfaces, query: FindingsAsked, at: datetime) -> Fetch:
    """Give how each rule stands on each target; too old is `unknown`, whatever it was."""

    def fetch(after: Key | None, limit: int) -> Rows:
        counts = queries.counts_as_of(surfaces.store, at)
        found = [
            _standing(basis, counts.get((basis.target, basis.rule), {}))
            for basis in queries.bases(surfaces.store, at)
            if query.target in (None, basis.target)
            and query.rule in (None, basis.rule)
            and (after is None or (basis.target, basis.rule) > tuple(after))
        ]
        wanted = {str(outcome) for outcome in query.outcome}
        kept = [row for row in found if not wanted or row["status"] in wanted]
        last = kept[limit - 1] if len(kept) > limit else None
        return [*kept[:limit]], (last["target"], last["rule"]) if last else None

    return fetch


def _standing(basis: queries.Basis, counts: Mapping[Outcome, int]) -> dict[str, Any]:
    seen = Outcome.worst(outcome for outcome, count in counts.items() if count)
    return {
        "target": basis.target,
        "rule": basis.rule,
        "status": "unknown" if basis.stale else str(seen),
        **{str(outcome): counts.get(outcome, 0) for outcome in Outcome},
        "finished": basis.finished,
        "limit_seconds": None if basis.limit is None else round(basis.limit.total_seconds()),
    }


def _run(entry: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **run_row(entry, body),
        "counts": body["counts"],
        "unseen": body["gaps"] or [],
        "state_root": body["state_root"],
        "inventory_root": body["inventory_root"],
    }
