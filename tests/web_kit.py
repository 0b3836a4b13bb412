"""A small log, what is in force beside it, and an HTTP server on both."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager

from agent_kit import configure
from evidence_world import HOUR, START, open_world
from prometheus_client import CollectorRegistry

from agent.config import load_settings
from agent.scope import load_scope
from agent.web.app import create_app
from agent.web.server import Server
from agent.web.surfaces import Surfaces

NOWHERE = "http://127.0.0.1:9"
"""The discard port: the account of the configuration is never asked."""
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
NOW = START + 100 * HOUR


def surfaces_on(world, folder, *, wrong=None, now=NOW, **configuration):
    """What the application shows: the log of a world, and the rules of a small configuration."""
    scope = load_scope(load_settings(configure(folder, NOWHERE, **configuration), {}), {})
    return Surfaces(
        registry=CollectorRegistry(),
        readiness=lambda: {} if wrong is None else wrong,
        store=world.store,
        scope=lambda: scope,
        decisions=lambda: scope.decisions,
        now=lambda: now,
    )


@contextmanager
def served(folder, *, tell=lambda _: None, **more):
    """Serve a world, after `tell` has happened in it; gives the server."""
    with open_world(folder) as world:
        tell(world)
        with Server(create_app(surfaces_on(world, folder, **more)), "127.0.0.1", 0) as server:
            yield server


def ask(server, path, method="GET", **headers):
    """The status, headers and body of an answer."""
    url = f"http://127.0.0.1:{server.port}{path}"
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        answer = OPENER.open(
            urllib.request.Request(url, method=method, headers=headers), timeout=30
        )
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def ask_json(server, path, **headers):
    """The JSON of an answer that must be a good one."""
    status, _, body = ask(server, path, **headers)
    assert status == 200, body
    return json.loads(body)
