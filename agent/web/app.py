"""The HTTP application: what it serves, and what every request goes through.

`/healthz` says that the process answers. `/readyz` says that it does its work: the scheduler ticks,
the store takes entries, rules are loaded. A failing control never makes the agent unready.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from agent.metrics import choose_renderer
from agent.web import api, pages
from agent.web.guard import Guard
from agent.web.problems import install_problems
from agent.web.surfaces import Surfaces

THREADS = 8
"""Requests that read the store at a time; it lends no more connections than it has."""
COMPRESS_FROM = 1000
"""Bytes below which an answer is sent as it is."""
COMPRESSION = 5


def create_app(surfaces: Surfaces, before: Iterable[Middleware] = ()) -> ASGIApp:
    """Build what answers; `before` is what a request meets before that, the innermost first."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_life)
    app.router.redirect_slashes = False
    install_problems(app)
    app.include_router(api.router(surfaces))

    @app.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        wrong = dict(surfaces.readiness())
        return JSONResponse({"ready": not wrong, "wrong": wrong}, 503 if wrong else 200)

    # A plain `def`: it runs in the thread pool, so that a slow scrape does not block `/healthz`.
    @app.get("/metrics")
    def metrics(request: Request) -> Response:
        render, content_type = choose_renderer(request.headers.get("accept", ""))
        return Response(render(surfaces.registry), headers={"Content-Type": content_type})

    app.include_router(pages.router(surfaces))
    compressed = Middleware(GZipMiddleware, minimum_size=COMPRESS_FROM, compresslevel=COMPRESSION)
    # what is added last is met first
    for each in (compressed, *before):
        app.add_middleware(each.cls, *each.args, **each.kwargs)
    return Guard(app)  # around all of it: what goes wrong inside is answered by the outermost


@asynccontextmanager
async def _life(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield
