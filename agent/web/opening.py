"""Opens the HTTP server as it is configured: who is let in, over what, from where."""

from __future__ import annotations

import logging

from starlette.middleware import Middleware

from agent.config import Settings
from agent.home import folder_of
from agent.web.access import Access, Gate
from agent.web.app import create_app
from agent.web.hosts import OwnNames
from agent.web.rate import Throttle
from agent.web.reads import Reads, Witness
from agent.web.reread import Told, WebConfigFile
from agent.web.server import Server, ServerError
from agent.web.settings import HttpSettings
from agent.web.surfaces import Surfaces
from agent.web.tokens import NAME, Tokens
from agent.web.webconfig import WebConfig

LOG = logging.getLogger("assay")


def open_server(
    settings: Settings,
    surfaces: Surfaces,
    reads: Reads | None = None,
    told: Told = lambda _: None,
) -> Server:
    """Bind the address and build all that answers there; `reads` notes who reads evidence.

    `told` hears, when the web configuration changed, whether what it says is in force. Raises
    `ServerError` and `WebConfigError`, before anything is answered.
    """
    http = settings.http
    in_force = WebConfigFile(settings.path(http.web_config), told) if http.web_config else WebConfig
    config = in_force()
    access = Access(in_force, tokens_of(settings), surfaces.now)
    refuse_open(http, config, access)
    before = [Middleware(Witness, reads=reads)] if reads is not None else []
    before.append(Middleware(Gate, access=access))
    if http.is_local and not http.insecure:
        before.append(Middleware(OwnNames, asks=access.asks))
    if http.requests_per_second:
        before.append(Middleware(Throttle, rate=http.requests_per_second))
    app = create_app(surfaces, before)
    return Server(app, http.host, http.port, tls=config.tls)


def tokens_of(settings: Settings) -> Tokens:
    """Give the tokens of a configuration."""
    written = settings.http.tokens
    return Tokens(settings.path(written) if written else folder_of(settings) / NAME)


def refuse_open(http: HttpSettings, config: WebConfig, access: Access) -> None:
    """Refuse to let in from elsewhere whoever comes. Raises `ServerError`.

    TLS alone lets everybody in; it only keeps what they read from others.
    """
    if http.is_local or config.requires_certificate:
        return
    if access.asks():
        if config.tls is None:
            LOG.warning("http.listen: %s: passwords and tokens travel without TLS", http.listen)
        return
    if not http.insecure:
        raise ServerError(
            f"http.listen: {http.listen} is open to others without authentication; make a token"
            " (`assay token create NAME --scope metrics`), name a web configuration"
            " (http.web_config), or set `http.insecure: true` behind something that authenticates"
        )
    LOG.warning(
        "http.listen: %s is open to whoever can reach it: http.insecure is set", http.listen
    )
