"""Serves a `World` on loopback over TLS: one server for Entra, Resource Manager and Graph.

It listens on 127.0.0.1 only, counts what it is asked, and fails where it is told to.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from agent.demo.azure.world import Json, World
from agent.demo.tls import Identity

OBJECT = "0b1ec700-0000-4000-8000-00000000a55a"
"""The object id of whoever asks."""

POLL = 0.05
"""Seconds after which the server notices that it is to stop."""

_QUERY = re.compile(r"(\w+) \| where type in~ \(([^)]*)\) \| project [\w, ]+ \| order by id asc\Z")
"""The shape of question that the fake's Resource Graph understands."""


class Fault(Struct, kw_only=True):
    """An answer in place of the right one, for requests whose `METHOD URL` matches."""

    matching: str
    """A regular expression, searched."""
    status: int = 200
    code: str = ""
    """Of Azure's error object; empty: `body` as it is."""
    message: str = "so it is today"
    headers: Mapping[str, str] = {}
    body: bytes = b""
    times: int = 1_000_000
    seconds: float = 0.0
    """To wait before answering; with nothing else given, the right answer comes then."""


class Asked(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    """Without the query, as it was sent."""
    query: Mapping[str, str]


class Reply(Struct, kw_only=True):
    """What is sent back."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = {}


class Server:
    """A running fake; a context manager."""

    def __init__(self, world: World, identity: Identity, *, page: int = 1000) -> None:
        """`page`: rows of an answer at most, whatever is asked for."""
        self.world = world
        self.authority = str(identity.authority)
        self.page = page
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.tokens: set[str] = set()
        self.life = 3600
        """Seconds for which a token is good."""
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._http.socket = identity.context().wrap_socket(self._http.socket, server_side=True)
        self.url = f"https://localhost:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        serve = partial(self._http.serve_forever, poll_interval=POLL)
        threading.Thread(target=serve, name="azure", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def counts(self) -> Counter[str]:
        """Requests by `METHOD path`, ids of subscriptions and resources taken out."""
        with self._lock:
            return Counter(f"{one.method} {_general(one.path)}" for one in self.asked)

    def respond(self, asked: Asked, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request."""
        with self._lock:
            self.asked.append(asked)
            fault = self._fault(f"{asked.method} {asked.path}?{_text(asked.query)}")
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and (fault.code or fault.body or fault.status != 200 or fault.headers):  # noqa: PLR2004  # HTTP
            told: Any = fault.body
            if fault.code:
                told = {"error": {"code": fault.code, "message": fault.message}}
            return Reply(status=fault.status, body=told, headers=fault.headers)
        if asked.path.lower().endswith("/oauth2/v2.0/token"):
            return self._token(asked, body)
        if "/.well-known/" in asked.path or "/discovery/" in asked.path:
            return self._discovery(asked)
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "ExpiredAuthenticationToken", "The access token has expired.")
        with self.world.lock:
            return self._route(asked, body)

    def _route(self, asked: Asked, body: bytes) -> Reply:
        path = asked.path.strip("/").lower()
        if path == "providers/microsoft.resourcegraph/resources" and asked.method == "POST":
            return self._query(json.loads(body))
        if asked.method != "GET":
            return _error(405, "MethodNotAllowed", "this world cannot be changed from here")
        for version in ("v1.0/", "beta/"):
            if path.startswith(version):
                found = self.world.graph.get(asked.path.strip("/").removeprefix(version))
                return self._listed(asked, found, "@odata.")
        return self._arm(asked, path)

    def _arm(self, asked: Asked, path: str) -> Reply:
        parts = path.split("/")
        if path == "subscriptions":
            shown = [each for each in self.world.subscriptions.values() if each.permissions]
            return self._listed(asked, [_described(each, self.world.tenant) for each in shown], "")
        if parts[0] == "subscriptions" and len(parts) > 1:
            found = self.world.subscriptions.get(parts[1])
            if found is None or not found.permissions:
                return _error(403, "AuthorizationFailed", "The client has no authorization.")
            if len(parts) == 2:  # noqa: PLR2004  # subscriptions/ID
                return Reply(body=_described(found, self.world.tenant))
            if path.endswith("microsoft.authorization/permissions"):
                return self._listed(asked, list(found.permissions), "")
        return self._listed(asked, self.world.answers.get(path), "")

    def _listed(self, asked: Asked, found: Any, prefix: str) -> Reply:
        """An object as it is; a list by pages, the next one named by `<prefix>nextLink`."""
        if found is None:
            return _error(404, "ResourceNotFound", f"{asked.path} was not found.")
        if not isinstance(found, list):
            return Reply(body=found)
        start = int(asked.query.get("$skiptoken", "0"))
        size = min(self.page, int(asked.query.get("$top", self.page)))
        told: Json = {"value": found[start : start + size]}
        if start + size < len(found):
            query = {**asked.query, "$skiptoken": str(start + size)}
            told[f"{prefix}nextLink"] = f"{self.url}{asked.path}?{_text(query)}"
        return Reply(body=told)

    def _query(self, question: Json) -> Reply:
        understood = _QUERY.match(question["query"])
        if not understood:
            return _error(400, "InvalidQuery", "this question is not understood here")
        types = [name.strip(" '") for name in understood[2].split(",")]
        rows = self.world.find(understood[1], types, question["subscriptions"])
        options = question.get("options", {})
        start = int(base64.b64decode(options.get("$skipToken", "") or b"MA=="))
        size = min(self.page, int(options.get("$top", 1000)))
        told: Json = {
            "totalRecords": len(rows),
            "count": len(rows[start : start + size]),
            "data": rows[start : start + size],
            "resultTruncated": "false",
        }
        if start + size < len(rows):
            told["$skipToken"] = base64.b64encode(str(start + size).encode()).decode()
        return Reply(
            body=told,
            headers={
                "x-ms-user-quota-remaining": "14",
                "x-ms-user-quota-resets-after": "00:00:05",
            },
        )

    def _token(self, asked: Asked, body: bytes) -> Reply:
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        if form.get("client_secret", "good") != "good":
            description = "AADSTS7000215: Invalid client secret provided."
            told = {"error": "invalid_client", "error_description": description}
            return Reply(status=401, body=told)
        claims = {
            "oid": OBJECT,
            "appid": form.get("client_id", ""),
            "tid": asked.path.strip("/").split("/")[0],
            "aud": form.get("scope", "").removesuffix("/.default"),
            "jti": secrets.token_hex(8),
        }
        token = ".".join(["e30", _encoded(claims), "demo"])
        self.tokens.add(token)
        return Reply(body={"token_type": "Bearer", "expires_in": self.life, "access_token": token})

    def _discovery(self, asked: Asked) -> Reply:
        tenant = asked.path.strip("/").split("/")[0]
        base = f"{self.url}/{tenant}"
        told = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        return Reply(body=told)

    def _fault(self, text: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.matching, text):
                fault.times -= 1
                return fault
        return None


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are written apart; the second would wait

        def _go(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            asked = Asked(self.command, unquote(parts.path), _lower(query))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.respond(asked, headers, self.rfile.read(length))
            self._send(reply)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _go  # noqa: N815  # http.server

        def _send(self, reply: Reply) -> None:
            raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            given: Mapping[str, str] = {
                "Content-Type": "application/json; charset=utf-8",
                "x-ms-request-id": secrets.token_hex(16),
                **reply.headers,
            }
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status=status, body={"error": {"code": code, "message": message}})


def _described(found: Any, tenant: str) -> Json:
    return {
        "id": f"/subscriptions/{found.id}",
        "subscriptionId": found.id,
        "displayName": found.name,
        "state": found.state,
        "tenantId": tenant,
    }


def _encoded(claims: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def _lower(query: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in query.items()}


def _text(query: Mapping[str, str]) -> str:
    return "&".join(f"{key}={value}" for key, value in query.items())


_IDS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"(?i)/subscriptions/[^/]+", lambda _: "/subscriptions/S"),
    (r"(?i)/resourcegroups/[^/]+", lambda _: "/resourceGroups/G"),
    (r"(?i)(/providers/[^/]+/[^/]+)/[^/]+", lambda found: f"{found[1]}/N"),
)


def _general(path: str) -> str:
    for pattern, change in _IDS:
        path = re.sub(pattern, change, path)
    return path
