"""The demo's cloud: moto's AWS on loopback, in a process of its own, with weather.

`python -m agent.demo.cloud [--port N] [--until-eof [--then-remove FOLDER]]` prints `{"port": N}`
and serves until it is ended; with `--until-eof` also when its standard input closes, which happens
by itself when the process that started it is gone, however it went; then it removes FOLDER, which
that process could not do any more.

It listens on 127.0.0.1 only. Beside the AWS API, at `/__...`, with JSON bodies:

    GET  /__counts    {"calls": {"s3:ListBuckets": 3}, "refused": {...}, "unimplemented": {...}}
    POST /__reset     count from zero
    POST /__deny      [{"operation": "s3:GetBucketPolicy", "containing": "name", ...}]: only these
    POST /__throttle  the same, refused for rate
    POST /__delay     {"seconds": 0.03}: every call waits
    POST /__age       {"user": "ana", "days": 120, "used": 100, "keys": {"AKIA...": [200, 90]}}
    POST /__root      {"mfa": true, "keys": false}
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from agent.demo.memory import Age, make_old, public_snapshots
from agent.demo.naming import Named, Request, name_call
from agent.demo.normalise import Moment, Root, answer_missing, normalise
from agent.demo.refusal import Kind, refuse
from agent.demo.weather import Refused, Weather

ACCOUNT = "123456789012"
"""moto's default account, and the placeholder of AWS's own documentation."""

_App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def main(arguments: list[str] | None = None) -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m agent.demo.cloud")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    parser.add_argument("--then-remove", type=Path, help="a folder to remove at the end of input")
    options = parser.parse_args(arguments)
    # moto's own switches, read by it at its import: about 1,300 public images that nobody here
    # owns would each cost a row (study peers.md, section 2), and AdministratorAccess must exist.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # noqa: TID251 - moto reads it from there
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # noqa: TID251 - moto reads it from there
    server = _server(options.port)
    if options.until_eof:
        threading.Thread(target=_end_at_eof, args=[options.then_remove], daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.server_port}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _end_at_eof(folder: Path | None) -> None:
    sys.stdin.buffer.read()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _server(port: int) -> Any:
    try:
        from moto.moto_server import werkzeug_app  # noqa: PLC0415 - an optional dependency
        from werkzeug.serving import make_server  # noqa: PLC0415 - comes with moto
    except ImportError as error:
        raise SystemExit(
            f"assay demo needs moto ({error}): install it with  pip install 'assay[demo]'"
        ) from error

    class Quiet(werkzeug_app.MotoRequestHandler):
        """Kept connections, no delay of small answers, no line a request."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_request(self, *_: Any) -> None:
            """Say nothing."""

    def create_app(service: Any) -> Any:
        app = werkzeug_app.create_backend_app(service)
        app.config["PROPAGATE_EXCEPTIONS"] = False  # an error of moto's is an answer, status 500
        return app

    moto = werkzeug_app.DomainDispatcherApplication(create_app)
    return make_server(
        "127.0.0.1", port, Gate(moto, Weather()), threaded=True, request_handler=Quiet
    )


class Gate:
    """A WSGI application in front of moto: names, counts, refuses, delays, amends."""

    def __init__(self, moto: _App, weather: Weather) -> None:
        self._moto = moto
        self._weather = weather
        self._root = Root()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """One request: a control at `/__...`, else a call of the AWS API."""
        request = _request(environ)
        if request.path.startswith("/__"):
            answer = json.dumps(self._control(request.path[3:], request.body)).encode()
            return _answer(start_response, "200 OK", [("Content-Type", "application/json")], answer)
        call = name_call(request)
        if call is None:
            return self._moto(environ, start_response)
        if self._weather.delay:
            time.sleep(self._weather.delay)
        if kind := self._weather.meet(call, request):
            return self._refuse(call, kind, start_response)
        return self._call(call, request, environ, start_response)

    def _refuse(
        self, call: Named, kind: Kind, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        refusal = refuse(call, kind, request_id=_request_id(self._weather))
        return _answer(start_response, refusal.status, [*refusal.headers], refusal.body)

    def _call(
        self,
        call: Named,
        request: Request,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        status, headers, body = _ask(self._moto, request, environ)
        if status.startswith("500"):
            # moto's own races under concurrent calls; an SDK would retry too, but seconds later.
            status, headers, body = _ask(self._moto, request, environ)
        if status.startswith(("500", "501")) or (
            status.startswith("404") and body.lstrip()[:9].lower() == b"<!doctype"
        ):
            if nothing := answer_missing(call.name):
                said = [
                    ("Content-Type", "application/json"),
                    ("x-amzn-RequestId", _request_id(self._weather)),
                ]
                return _answer(start_response, "200 OK", said, nothing)
            self._weather.note_missing(call)
            return self._refuse(call, Kind.MISSING, start_response)
        if status.startswith("200"):
            body = normalise(call.name, body, self._moment(call, request))
        names = {name.lower() for name, _ in headers}
        if not names & {"x-amzn-requestid", "x-amz-request-id"}:
            # AWS gives every answer an id; moto forgets it for some services.
            headers = [*headers, ("x-amzn-RequestId", _request_id(self._weather))]
        return _answer(start_response, status, headers, body)

    def _moment(self, call: Named, request: Request) -> Moment:
        return Moment(
            now=_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            account=ACCOUNT,
            root=self._root,
            request=request,
            public_snapshots=lambda: public_snapshots(ACCOUNT, call.region),
        )

    def _control(self, name: str, body: bytes) -> Any:
        value: Any = json.loads(body) if body else None
        match name:
            case "counts":
                return self._weather.counts()
            case "reset":
                self._weather.reset()
            case "deny":
                self._weather.set_refused(Kind.DENIED, msgspec.convert(value, list[Refused]))
            case "throttle":
                self._weather.set_refused(Kind.THROTTLED, msgspec.convert(value, list[Refused]))
            case "delay":
                self._weather.delay = float(value["seconds"])
            case "age":
                make_old(ACCOUNT, msgspec.convert(value, Age), _now())
            case "root":
                self._root = msgspec.convert(value, Root)
            case _:
                return {"error": f"no such control: {name}"}
        return {}


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this process is the provider, and has its own clock


def _request(environ: dict[str, Any]) -> Request:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=body,
    )


def _ask(
    moto: _App, request: Request, environ: Mapping[str, Any]
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Moto's answer, whole; the request can be asked again."""
    said: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
        said[:] = [status, headers]
        return lambda _data: None

    parts = moto({**environ, "wsgi.input": io.BytesIO(request.body)}, start)
    body = b"".join(parts)
    if close := getattr(parts, "close", None):
        close()
    return cast("str", said[0]), cast("list[tuple[str, str]]", said[1]), body


def _answer(
    start_response: Callable[..., Any], status: str, headers: list[tuple[str, str]], body: bytes
) -> list[bytes]:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start_response(status, [*kept, ("Content-Length", str(len(body)))])
    return [body]


def _request_id(weather: Weather) -> str:
    return f"demo-{sum(weather.counts()['calls'].values()):012d}"


if __name__ == "__main__":
    main()
