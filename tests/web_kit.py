"""A small log, what is in force beside it, and an HTTP server on both."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager

from agent_kit import configure
from evidence_world import HOUR, START, TARGET, open_world
from prometheus_client import CollectorRegistry

from agent.config import load_settings
from agent.controls.attest import to_body
from agent.controls.model import Attestation, File, Result
from agent.controls.waiver_log import standing_waivers, waiver_changes
from agent.scope import load_scope
from agent.waivers import Waiver
from agent.web.app import create_app
from agent.web.opening import open_server
from agent.web.server import Server
from agent.web.surfaces import Surfaces

OTHER = "aws:444455556666"
NOWHERE = "http://127.0.0.1:9"
"""The discard port: the account of the configuration is never asked."""
NOW = START + 100 * HOUR


def surfaces_on(world, folder, *, wrong=None, now=NOW, registry=None, **configuration):
    """What the application shows: the log of a world, and the rules of a small configuration."""
    scope = load_scope(load_settings(configure(folder, NOWHERE, **configuration), {}), {})
    return Surfaces(
        registry=registry or CollectorRegistry(),
        readiness=lambda: {} if wrong is None else wrong,
        store=world.store,
        scope=lambda: scope,
        decisions=lambda: scope.decisions,
        now=now if callable(now) else lambda: now,
    )


def history(world):
    """Six hours of two rules on two targets, with failures that come and go, and a gap."""
    world.plan()
    for hour in (0, 1, 2, 4, 5):
        for target in (TARGET, OTHER):
            found = {
                ("r1", f"b{number}"): "fail" if (hour + number) % 3 == 0 else "pass"
                for number in range(4)
            }
            world.run(hour, {**found, ("r2", "=HYPERLINK(1)"): "error"}, target=target)
    world.log.record_missed(START + 6 * HOUR)
    people(world)


def people(world):
    """Two waivers that come and go, and a control that was performed twice, once too late."""
    at = START + 7 * HOUR
    for name, since, until in (("short", 8, 10), ("long", 9, 5000)):
        waiver = Waiver(
            id=name,
            rule="r1",
            resources=("b0",),
            reason="=HYPERLINK(1)",
            requested_by="Ana",
            approved_by="Bob",
            since=START + since * HOUR,
            until=START + until * HOUR,
        )
        for body in waiver_changes({}, [waiver], at):
            world.log.append("waiver", body, at)
    for body in waiver_changes(standing_waivers(world.store), [], START + 11 * HOUR):
        world.log.append("waiver", body, START + 11 * HOUR)
    for hours, period in ((12, "2025-12"), (13, "2026-01")):
        said = Attestation(
            control="weaknesses-reported",
            period=period,
            performer="Ana",
            reviewer="Bob",
            performed_at=at,
            recorded_at=START + hours * HOUR,
            statement="Done",
            result=Result.DONE,
            files=(File(name="list.csv", sha256="0" * 64, size=3, kept=False),),
        )
        world.log.append("attestation", to_body(said), said.recorded_at)


@contextmanager
def served(folder, *, tell=lambda _: None, **more):
    """Serve a world, after `tell` has happened in it, to everybody; gives the server."""
    with open_world(folder) as world:
        tell(world)
        with Server(create_app(surfaces_on(world, folder, **more)), "127.0.0.1", 0) as server:
            yield server


@contextmanager
def opened(folder, *, tell=lambda _: None, http=None, reads=None, told=lambda _: None, **more):
    """Serve a world as the configuration's `http` says; gives the server."""
    with open_world(folder) as world:
        tell(world)
        http = {"listen": "127.0.0.1:0", **(http or {})}
        surfaces = surfaces_on(world, folder, http=http, **more)
        with open_server(surfaces.scope().settings, surfaces, reads, told) as server:
            yield server


def ask(server, path, method="GET", *, context=None, **headers):
    """The status, headers and body of an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    handlers = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(server.url + path, method=method, headers=headers)
    try:
        answer = urllib.request.build_opener(*handlers).open(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def ask_json(server, path, **headers):
    """The JSON of an answer that must be a good one."""
    status, _, body = ask(server, path, **headers)
    assert status == 200, body
    return json.loads(body)
