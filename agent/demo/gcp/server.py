"""Serves a `World` on loopback over TLS: Cloud Asset Inventory by gRPC and REST, people, tokens.

It listens on loopback only, counts what it is asked, and fails where it is told to. The gRPC
service is made of Google's own message classes.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import grpc
from google.cloud import asset_v1
from google.protobuf import any_pb2, json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from msgspec import Struct

from agent.demo.gcp.world import Json, World
from agent.demo.tls import Identity

REACH = timedelta(days=35)
"""How far back the inventory remembers."""

LARGEST = 1000

POLL = 0.05
"""Seconds after which the server notices that it is to stop."""

HTTP = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class Fault(Struct, kw_only=True):
    """An error in place of an answer."""

    content: str = ""
    """Only of listings of this content type (`IAM_POLICY`), or of `users`; empty: of all."""
    code: str = ""
    """Name of the status (`PERMISSION_DENIED`); empty: the right answer, after `seconds`."""
    reason: str = ""
    """Of google.rpc.ErrorInfo."""
    metadata: Mapping[str, str] = {}
    body: bytes = b""
    """Sent as it is, over REST."""
    page: str = ""
    """Only of the page with this token."""
    times: int = 1_000_000
    seconds: float = 0.0


class Refusal(Exception):  # noqa: N818  # an answer, not an error of ours
    """An error as an answer."""

    def __init__(self, code: str, message: str, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fault = fault or Fault()

    def status(self) -> status_pb2.Status:
        """As gRPC and REST carry it."""
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code), message=self.message)
        if self.fault.reason:
            info = error_details_pb2.ErrorInfo(
                reason=self.fault.reason, domain="googleapis.com", metadata=self.fault.metadata
            )
            detail = any_pb2.Any()
            detail.Pack(info)
            status.details.append(detail)
        return status


class Server:
    """A running fake; a context manager."""

    def __init__(self, world: World, identity: Identity, *, page: int = LARGEST) -> None:
        """`page`: assets or users of an answer at most, whatever is asked for."""
        self.world = world
        self.authority = str(identity.authority)
        self.page = page
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        """What was asked: a content type and the page's token, or `users`, `token`."""
        self.unknown: set[str] = set()
        """Asset types that it does not list."""
        self.read_times: set[datetime] = set()
        self.tokens: set[str] = set()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._http.socket = identity.context().wrap_socket(self._http.socket, server_side=True)
        self.rest = f"localhost:{self._http.server_address[1]}"
        self._grpc = grpc.server(ThreadPoolExecutor(4))
        self._grpc.add_generic_rpc_handlers((_service(self),))
        pair = (identity.key.read_bytes(), identity.certificate.read_bytes())
        port = self._grpc.add_secure_port("localhost:0", grpc.ssl_server_credentials([pair]))
        self.grpc = f"localhost:{port}"

    def __enter__(self) -> Self:
        serve = partial(self._http.serve_forever, poll_interval=POLL)
        threading.Thread(target=serve, name="gcp", daemon=True).start()
        self._grpc.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._grpc.stop(grace=None)
        self._http.shutdown()
        self._http.server_close()

    def list_assets(self, request: Any, token: str) -> Any:
        """Answer one ListAssets. Raises `Refusal`."""
        content = asset_v1.ContentType(request.content_type).name
        self._told(content, request.page_token)
        self.known(token)
        if request.page_size > LARGEST:
            raise Refusal("INVALID_ARGUMENT", "page_size is above 1000")
        if {*request.asset_types} & self.unknown:
            raise Refusal("INVALID_ARGUMENT", "asset_types has one that is not supported")
        at = _moment(request)
        if at < datetime.now(UTC) - REACH:  # noqa: TID251 - the fake is a cloud, with a clock
            raise Refusal("INVALID_ARGUMENT", "read_time must be within the last 35 days")
        self.read_times.add(at)
        with self.world.lock:
            found = self.world.found(request.parent, request.asset_types, at)
        kept = [part for one in found if (part := _part(one, content))]
        start, size = int(request.page_token or 0), min(self.page, request.page_size or 100)
        more = str(start + size) if start + size < len(kept) else ""
        return asset_v1.ListAssetsResponse(
            read_time=at,
            assets=[_message(one) for one in kept[start : start + size]],
            next_page_token=more,
        )

    def list_users(self, query: Mapping[str, str], token: str) -> Json | bytes:
        """Answer one page of users. Raises `Refusal`."""
        fault = self._told("users", query.get("pageToken", ""))
        self.known(token)
        if fault and fault.body:
            return fault.body
        start = int(query.get("pageToken", "0"))
        size = min(self.page, int(query.get("maxResults", "100")))
        with self.world.lock:
            users = self.world.users
            told: Json = {"kind": "admin#directory#users", "etag": f'"{secrets.token_hex(8)}"'}
            if users[start : start + size]:
                told["users"] = users[start : start + size]
            if start + size < len(users):
                told["nextPageToken"] = str(start + size)
        return told

    def make_token(self) -> Json:
        """Answer a request for a token, of whatever kind of grant."""
        self._told("token", "")
        token = f"ya29.{secrets.token_hex(16)}"
        self.tokens.add(token)
        return {
            "access_token": token,
            "expires_in": 3600,
            "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }

    def known(self, token: str) -> None:
        """Refuse a token that is not one of ours, or no longer."""
        if token.removeprefix("Bearer ") not in self.tokens:
            fault = Fault(reason="ACCESS_TOKEN_EXPIRED")
            raise Refusal("UNAUTHENTICATED", "the token has expired", fault)

    def _told(self, what: str, page: str) -> Fault | None:
        with self._lock:
            self.asked.append((what, page))
            fault = next((one for one in self.faults if _is_of(one, what, page)), None)
            if fault:
                fault.times -= 1
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and fault.code:
            raise Refusal(fault.code, "so it is today", fault)
        return fault


def _is_of(fault: Fault, what: str, page: str) -> bool:
    return fault.times > 0 and fault.content in {"", what} and fault.page in {"", page}


def _moment(request: Any) -> datetime:
    if type(request).pb(request).HasField("read_time"):
        return datetime.fromtimestamp(request.read_time.timestamp(), UTC)
    return datetime.now(UTC)  # noqa: TID251 - as above


def _part(asset: Json, content: str) -> Json | None:
    """What a listing of this content tells of an asset."""
    wanted = {"RESOURCE": "resource", "IAM_POLICY": "iamPolicy", "ORG_POLICY": "orgPolicy"}
    if content not in wanted:
        return {key: asset[key] for key in asset if key not in wanted.values()}
    if wanted[content] not in asset:
        return None
    other = {*wanted.values()} - {wanted[content]}
    return {key: value for key, value in asset.items() if key not in other}


def _message(asset: Json) -> Any:
    return asset_v1.Asset(json_format.ParseDict(asset, asset_v1.Asset.pb(asset_v1.Asset())))


def _service(server: Server) -> Any:
    def list_assets(request: Any, context: Any) -> Any:
        token = dict(context.invocation_metadata()).get("authorization", "")
        try:
            return server.list_assets(request, token)
        except Refusal as refusal:
            context.abort_with_status(rpc_status.to_status(refusal.status()))

    method = grpc.unary_unary_rpc_method_handler(
        list_assets,
        request_deserializer=asset_v1.ListAssetsRequest.deserialize,
        response_serializer=asset_v1.ListAssetsResponse.serialize,
    )
    return grpc.method_handlers_generic_handler(
        "google.cloud.asset.v1.AssetService", {"ListAssets": method}
    )


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # http.server
            """Read: assets, users."""
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            token = self.headers.get("Authorization", "")
            if parts.path == "/admin/directory/v1/users":
                flat = {key: values[0] for key, values in query.items()}
                self._answered(lambda: server.list_users(flat, token))
            else:
                self._answered(lambda: _rest(server, parts.path, query, token))

        def do_POST(self) -> None:  # http.server
            """Fetch a token; there is nothing else to post to."""
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answered(server.make_token)

        def _answered(self, ask: Callable[[], Any]) -> None:
            try:
                self._send(200, ask())
            except Refusal as refusal:
                told = json_format.MessageToDict(refusal.status())
                status = HTTP.get(refusal.code, 500)
                told = {**told, "code": status, "status": refusal.code}
                self._send(status, {"error": told})

        def _send(self, status: int, body: Any) -> None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def _rest(server: Server, path: str, query: Mapping[str, list[str]], token: str) -> bytes:
    """ListAssets as REST carries it: /v1/PARENT/assets."""
    version, _, rest = path.strip("/").partition("/")
    parent, _, end = rest.rpartition("/")
    if version != "v1" or end != "assets":
        raise Refusal("NOT_FOUND", f"there is no {path}")
    given: Json = {"parent": parent}
    for key, values in query.items():
        if not key.startswith("$"):
            given[key] = values if key == "assetTypes" else values[0]
    if str(given.get("contentType", "")).isdigit():
        given["contentType"] = int(given["contentType"])
    message = asset_v1.ListAssetsRequest.pb(asset_v1.ListAssetsRequest())
    request = asset_v1.ListAssetsRequest(json_format.ParseDict(given, message))
    answer = server.list_assets(request, token)
    fault = next((one for one in server.faults if one.body and one.content != "users"), None)
    if fault:
        return fault.body
    text: str = json_format.MessageToJson(asset_v1.ListAssetsResponse.pb(answer))
    return text.encode()
