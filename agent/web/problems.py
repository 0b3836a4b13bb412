"""Errors of the API as RFC 9457 says: `application/problem+json`, one clear line in `detail`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from agent.evidence.store import StoreError

API = "/api/"
MEDIA = "application/problem+json"


class Problem(BaseModel):
    """What is wrong with a request, or with the agent (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="`about:blank`: the title says it all.", examples=["about:blank"])
    title: str = Field(description="What the status means.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What to do about it.", examples=["there is no rule x"])


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, *, path: str = API
) -> Response:
    """Answer with an error: a problem for the API, a line of text for all else."""
    if not path.startswith(API):
        return PlainTextResponse(f"{detail}\n", status, headers=headers)
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Response(msgspec.json.encode(body), status, headers=headers, media_type=MEDIA)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe for OpenAPI the errors that an operation can answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}}
        for status in statuses
    }


def install_problems(app: FastAPI) -> None:
    """Answer every error of the application so."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _defect)


async def _http(request: Request, error: Exception) -> Response:
    status, detail, headers = 500, str(error), {}
    if isinstance(error, HTTPException):
        status, detail, headers = error.status_code, error.detail, dict(error.headers or {})
    path = request.url.path
    if detail == HTTPStatus(status).phrase and status == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {path}"
    return problem(status, detail, headers, path=path)


async def _parameters(request: Request, error: Exception) -> Response:
    """Name each parameter that is wrong, and why."""
    lines = []
    for each in error.errors() if isinstance(error, RequestValidationError) else ():
        name = ".".join(str(part) for part in each["loc"] if part not in {"query", "path"})
        unknown = each["type"] == "extra_forbidden"
        message = "there is no such parameter" if unknown else each["msg"]
        message = message.removeprefix("Value error, ")
        lines.append(f"{name}: {message[:1].lower()}{message[1:]}")
    return problem(422, "; ".join(lines), path=request.url.path)


async def _store(request: Request, error: Exception) -> Response:
    """The evidence cannot be read: not the caller's mistake."""
    return problem(503, str(error).rpartition("/")[2], path=request.url.path)


async def _defect(request: Request, error: Exception) -> Response:
    """A mistake of ours: the server writes it to the log, and nothing of it goes out."""
    del error
    detail = "something is wrong inside the agent; its log says what"
    return problem(500, detail, path=request.url.path)
