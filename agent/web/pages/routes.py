"""The addresses of the pages, their files and downloads; and what is said when something is wrong.

Handlers are plain functions: each runs in the thread pool, so that a slow page keeps none waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from agent.evidence.store import StoreError
from agent.reports.question import Kind
from agent.web.pages import finding_views, log_views, views
from agent.web.pages.desk import Desk
from agent.web.pages.downloads import FORMS, BusyError, file_name, make_report, write_report
from agent.web.pages.log import read_consistency
from agent.web.pages.page import Asked, AskedWronglyError, NotHereError
from agent.web.pages.render import compile_templates, render, render_problem, render_runbook
from agent.web.pages.runbooks import runbooks
from agent.web.pages.static import by_address
from agent.web.pages.views import View
from agent.web.surfaces import Surfaces

FOREVER = "public, max-age=31536000, immutable"
VIEWS: tuple[tuple[str, View], ...] = (
    ("/", views.overview),
    ("/controls", views.controls),
    ("/controls/{id}", views.control),
    ("/rules", views.rules),
    ("/rules/{id}", views.rule),
    ("/findings", finding_views.findings),
    ("/finding", finding_views.finding),
    ("/resource", finding_views.resource),
    ("/deviations", finding_views.register),
    ("/unseen", finding_views.unseen),
    ("/people", views.people),
    ("/runs", log_views.runs),
    ("/runs/{entry}", log_views.run),
    ("/log", log_views.log),
    ("/log/{index}", log_views.entry),
    ("/reports", log_views.reports),
)


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes of the pages, and what would make the first page that is asked for late."""
    shown = (surfaces.store, surfaces.scope, surfaces.decisions, surfaces.now)
    desk = Desk(*shown, surfaces.subtrees)
    desk.criteria()
    compile_templates()
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/static/{name}", _static)
    routes.add_api_route("/runbooks", _runbooks)
    routes.add_api_route("/runbooks/{name}", _runbook)
    routes.add_api_route("/log/consistency/{first}", _told(_consistency, desk))
    routes.add_api_route("/reports/{kind}.{form}", _told(_report, desk))
    for path, view in VIEWS:
        routes.add_api_route(path, _told(_shown(view), desk), name=view.__name__)
    return routes


Handler = Callable[[Desk, Asked], Response]


def _shown(view: View) -> Handler:
    @wraps(view)
    def handle(desk: Desk, asked: Asked) -> Response:
        return HTMLResponse(render(desk, view(desk, asked)))

    return handle


def _told(handler: Handler, desk: Desk) -> Callable[[Request], Response]:
    """Answer with a page that says what is wrong, where something is."""

    def handle(request: Request) -> Response:
        try:
            return handler(desk, Asked(request))
        except NotHereError as error:
            return _problem(HTTPStatus.NOT_FOUND, str(error))
        except AskedWronglyError as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))
        except BusyError:
            message = "Another report is being gathered; try again in half a minute."
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "30"})
        except StoreError as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, f"The evidence: {error}")

    return handle


def _problem(
    status: HTTPStatus, message: str, headers: dict[str, str] | None = None
) -> HTMLResponse:
    return HTMLResponse(render_problem(status, message), int(status), headers)


def _static(name: str) -> Response:
    file = by_address().get(name)
    if file is None:
        return _problem(HTTPStatus.NOT_FOUND, "There is no such file.")
    return Response(file.content, headers={"Content-Type": file.type, "Cache-Control": FOREVER})


def _runbooks() -> Response:
    return HTMLResponse(render_runbook(None))


def _runbook(name: str) -> Response:
    found = runbooks().get(name)
    if found is None:
        return _problem(HTTPStatus.NOT_FOUND, f"There is no runbook {name[:40]}: see /runbooks.")
    return HTMLResponse(render_runbook(found))


def _consistency(desk: Desk, asked: Asked) -> Response:
    first = asked.number_of("first")
    try:
        return JSONResponse(read_consistency(desk, first))
    except ValueError as error:
        return JSONResponse({"error": str(error)}, HTTPStatus.NOT_FOUND)


def _report(desk: Desk, asked: Asked) -> Response:
    """Gather a report and hand it out; the whole is gathered before a byte of it is sent."""
    kind, form = asked.id("kind"), asked.id("form")
    if kind not in list(Kind) or form not in FORMS:
        raise NotHereError(f"There is no report {kind}.{form}.")
    start, end = asked.moment("from") or desk.now(), asked.moment("to") or desk.now()
    if Kind(kind) is Kind.TYPE2 and not start < min(end, desk.now()):
        raise AskedWronglyError("from must be before to, and in the past")
    report = make_report(desk, Kind(kind), start, end)
    name = file_name(report, form)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(write_report(report, form), media_type=FORMS[form], headers=headers)
