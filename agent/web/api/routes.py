"""All routes of the API, under `/api/v1`, and the document that describes them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.openapi.utils import get_openapi

from agent import __version__
from agent.web.api import decided, evidence, exports, people, proofs, sealed
from agent.web.api.answers import json_answer
from agent.web.problems import Problem
from agent.web.surfaces import Surfaces

PREFIX = "/api/v1"
TAGS = {
    "rules": "What must be true.",
    "controls": "What the organization says it does, and what proves it.",
    "targets": "Who is observed.",
    "people": "What people decided, stated and have to do.",
    "evidence": "What the log knows: findings, deviations, runs, gaps.",
    "log": "The log itself, and the proofs that it was not changed.",
    "exports": "Whole listings, streamed.",
}
ABOUT = """Everything that Assay knows, read-only, from its sealed log.

Listings come in pages: `next` is the `cursor` of the page after. JSON, or CSV by `format` or
`Accept`. Times are RFC 3339 in UTC; periods are half-open. Errors are `application/problem+json`.
`HEAD` answers as `GET` does, without a body."""


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes of the API."""
    routes = APIRouter(prefix=PREFIX)
    for part in (decided, people, evidence, sealed, proofs, exports):
        routes.include_router(part.router(surfaces))
    described: list[dict[str, Any]] = []

    @routes.get("/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> Response:
        if not described:
            described.append(describe(routes))
        return json_answer(request, described[0])

    return routes


def describe(routes: APIRouter) -> dict[str, Any]:
    """Write the OpenAPI document of the routes."""
    document = get_openapi(
        title="Assay",
        version=__version__,
        summary="Continuous control monitoring with sealed evidence.",
        description=ABOUT,
        routes=routes.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = document["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`assay token create`"},
        "password": {"type": "http", "scheme": "basic", "description": "`http.web_config`"},
    }
    return document
