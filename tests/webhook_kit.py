"""A receiver of webhooks on loopback, which verifies as Standard Webhooks tells receivers to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agent.webhooks.courier import Courier
from agent.webhooks.message import parse_secrets
from agent.webhooks.settings import WebhookSettings

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()


def verified(secret, headers, body, *, now=None, tolerance=300):
    """The payload, or AssertionError.

    Written from the specification's section "Verifying webhook authenticity", not from our code.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    name, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    assert abs((time.time() if now is None else now) - int(timestamp)) <= tolerance
    expected = hmac.new(key, b".".join([name.encode(), timestamp.encode(), body]), hashlib.sha256)
    wanted = base64.b64encode(expected.digest()).decode()
    found = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    assert any(version == "v1" and hmac.compare_digest(sig, wanted) for version, sig in found)
    return json.loads(body)


@dataclass
class Receiver:
    """What arrived, and how to answer next: a status, headers, a wait."""

    url: str = ""
    got: list = field(default_factory=list)
    """(id, payload) of what was taken or refused, in the order of arrival."""
    raw: list = field(default_factory=list)
    plan: list = field(default_factory=list)
    """Answers that are given first: a status, or (status, headers), or a function."""
    secret: str = SECRET
    clock: object = None
    """What tells the receiver the time; None: the real one."""

    @property
    def types(self):
        return [payload["type"] for _, payload in self.got]

    def wait(self, count, seconds=30):
        """Wait until that many arrived."""
        ends = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < ends:
            time.sleep(0.02)
        assert len(self.got) >= count, self.got


@contextmanager
def receiving():
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.raw.append((self.headers, body))
            now = receiver.clock().timestamp() if receiver.clock else None
            receiver.got.append(
                (self.headers["webhook-id"], verified(receiver.secret, self.headers, body, now=now))
            )
            answer = receiver.plan.pop(0) if receiver.plan else 204
            if callable(answer):
                answer(self)
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self):
            receiver.got.append(("a GET, which is never sent", {"type": self.path}))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self):
        return self.now

    def pass_by(self, **time):
        self.now += timedelta(**time)


def settings_of(url, **more):
    return WebhookSettings(**{"name": "chat", "url": url, "secret_env": "SECRET", **more})


def courier_of(store, url, clock, *, owed=lambda _: (), secret=SECRET, **more):
    """A courier without a thread."""
    return Courier(
        settings_of(url, **more),
        store,
        secrets=lambda: parse_secrets(secret),
        owed=owed,
        now=clock,
    )


def work(courier):
    courier.work(lambda: False)
