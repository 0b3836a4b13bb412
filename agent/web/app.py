"""The HTTP application: GET and HEAD only, nothing cached, nothing written.

`/healthz` says that the process answers. `/readyz` says that it does its work: the scheduler ticks,
the store takes entries, rules are loaded. A failing control never makes the agent unready.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from agent.metrics import choose_renderer
from agent.web import pages
from agent.web.surfaces import Surfaces

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style inside a page."""
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(surfaces: Surfaces) -> FastAPI:
    """Build the ASGI application."""
    app = FastAPI(title="Assay", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def read_only(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse(
                "read-only\n", status_code=405, headers={"Allow": "GET, HEAD", **SECURITY_HEADERS}
            )
        response = await call_next(request)  # type: ignore[misc] # starlette types it as object
        for name, value in SECURITY_HEADERS.items():  # a static file says itself how long it keeps
            response.headers.setdefault(name, value)
        return response  # type: ignore[no-any-return] # as above

    @app.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @app.api_route("/readyz", methods=["GET", "HEAD"])
    def readyz() -> JSONResponse:
        wrong = dict(surfaces.readiness())
        return JSONResponse({"ready": not wrong, "wrong": wrong}, 503 if wrong else 200)

    # A plain `def`: it runs in the thread pool, so that a slow scrape does not block `/healthz`.
    @app.api_route("/metrics", methods=["GET", "HEAD"])
    def metrics(request: Request) -> Response:
        render, content_type = choose_renderer(request.headers.get("accept", ""))
        return Response(render(surfaces.registry), headers={"Content-Type": content_type})

    app.include_router(pages.router(surfaces))
    return app
