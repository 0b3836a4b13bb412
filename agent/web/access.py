"""Who may read what: bearer tokens, passwords, client certificates; liveness is for everybody.

A token is sent as `Bearer`, or as the password of `Basic`, which a browser asks a person for. Where
nothing of this is configured, everybody who can connect may read all.
"""

from __future__ import annotations

import base64
import binascii
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

import bcrypt
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Response
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from agent.web.problems import problem
from agent.web.tokens import Scope, TokenError, Tokens
from agent.web.webconfig import WebConfig

LOG = logging.getLogger("assay")
OPEN = ("/healthz", "/readyz")
REALM = 'realm="assay"'
ALL = frozenset(Scope)
CHECKS = 4
"""Passwords that are checked at a time: readers have threads of their own."""
KEPT = 256
"""Verdicts on passwords that are kept: one takes a tenth of a second."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks."""

    name: str
    """`token prometheus`, `user ana`; empty: nobody was asked."""
    scopes: frozenset[Scope] = ALL


class Access:
    """Decides who asks, and whether they may."""

    def __init__(
        self, config: Callable[[], WebConfig], tokens: Tokens, now: Callable[[], datetime]
    ) -> None:
        """`config` gives what is in force when it is asked."""
        self._config, self._tokens, self._now = config, tokens, now
        self._passwords = Passwords(config().users)
        self._asked = False

    def asks(self) -> bool:
        """Whether anything beyond the connection is asked for.

        From the first user on, until a restart: the last one that is removed opens nothing, nor
        does a file that was just emptied to be written anew.
        """
        self._asked = bool(self._config().users) or self._asked
        return self._asked or self._tokens.asked_for()

    def caller(self, authorization: str) -> Caller | None:
        """Tell who sends this header; None: nobody who is known. Raises `TokenError`."""
        if not self.asks():
            return Caller(name="")
        kind, _, value = authorization.partition(" ")
        if kind.lower() == "bearer":
            return self._token(value.strip())
        if kind.lower() != "basic":
            return None
        user, password = _basic(value.strip())
        if self._tokens.asked_for() and (found := self._token(password)):
            return found
        return Caller(name=f"user {user}") if self._held().hold(user, password) else None

    def _held(self) -> Passwords:
        """Give the passwords in force; verdicts on those of before are forgotten."""
        users = self._config().users
        if users != self._passwords.users:
            self._passwords = Passwords(users)
        return self._passwords

    def _token(self, secret: str) -> Caller | None:
        token = self._tokens.find(secret, self._now())
        if token is None:
            return None
        return Caller(name=f"token {token.name}", scopes=frozenset(token.scopes))


class Gate:
    """Lets through who may read; who it is stands in the request's state."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access
        self._turns = CapacityLimiter(CHECKS)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("authorization", "")
        # bcrypt is slow on purpose: not in the thread that answers everybody
        answer = await run_sync(self._decide, scope, said, limiter=self._turns)
        await (answer or self._app)(scope, receive, send)

    def _decide(self, scope: Connection, said: str) -> Response | None:
        path = scope["path"]
        try:
            caller = self._access.caller(said)
        except TokenError as error:
            LOG.error("nobody is let in: %s", error)
            return problem(503, "the tokens cannot be read; see the agent's log", path=path)
        if caller is None:
            why = ' error="invalid_token",' if said else ""
            offers = {"WWW-Authenticate": f'Bearer{why} {REALM}, Basic {REALM}, charset="UTF-8"'}
            return problem(401, "a token that holds is asked for", offers, path=path)
        needed = Scope.METRICS if path == "/metrics" else Scope.EVIDENCE
        if needed not in caller.scopes:
            why = f'Bearer error="insufficient_scope", scope="{needed}", {REALM}'
            detail = f"{caller.name} has no scope {needed}"
            return problem(403, detail, {"WWW-Authenticate": why}, path=path)
        scope.setdefault("state", {})["caller"] = caller
        return None


class Passwords:
    """The users of a web configuration; verdicts are kept for a while."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self.users = users
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, bool] = OrderedDict()

    def hold(self, user: str, password: str) -> bool:
        """Whether this is the password of the user; takes as long for a user there is not."""
        if not self.users:
            return False
        known = self.users.get(user)
        against = known or next(iter(self.users.values()))
        key = sha256(f"{user}\0{against}\0{password}".encode()).digest()
        with self._lock:
            verdict = self._known.get(key)
        if verdict is None:
            secret = password.encode()
            # beyond 72 bytes bcrypt looks at nothing
            short = len(secret) <= 72 and b"\0" not in secret  # noqa: PLR2004 - see above
            verdict = short and bcrypt.checkpw(secret, against.encode()) and known is not None
            with self._lock:
                self._known[key] = verdict
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return verdict


def _basic(value: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return user, password
