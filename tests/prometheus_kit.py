"""A real Prometheus, a real Alertmanager and a webhook, on loopback, with the shipped rules."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy/prometheus/assay.rules.yml"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="prometheus and promtool are not installed (Debian: prometheus)",
)
needs_alertmanager = pytest.mark.skipif(
    not shutil.which("prometheus-alertmanager"),
    reason="prometheus-alertmanager is not installed (Debian: prometheus-alertmanager)",
)


def until(found, seconds=30):
    """Give what `found` gives, once it is true."""
    ends = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < ends, f"not within {seconds} seconds: {value!r}"
        time.sleep(0.2)
    return value


def fetch(url):
    """Give the body of an answer; None while nobody answers."""
    try:
        with OPENER.open(url, timeout=10) as answer:
            return answer.read()
    except OSError:
        return None


def quick(rules):
    """The groups of a rules file, evaluated every second, and alerts after one."""
    document = yaml.safe_load(rules)
    for group in document["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    return yaml.safe_dump(document)


class Program:
    """A server of this test's own, on a free port of loopback; use it as a context."""

    name = ""
    ready = "/-/ready"

    def __init__(self, folder):
        self.folder = folder / self.name
        self.folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{self.address}"

    def start(self, config, *words):
        path = self.folder / "config.yml"
        path.write_text(yaml.safe_dump(config))
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    self.name,
                    f"--config.file={path}",
                    f"--web.listen-address={self.address}",
                    *words,
                ],
                stdout=log,
                stderr=log,
            )

    def __enter__(self):
        def is_ready():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            return fetch(self.url + self.ready) is not None

        until(is_ready)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=30)


class Prometheus(Program):
    """Scrapes one agent every second."""

    name = "prometheus"

    def __init__(self, folder, agent, *, alertmanager=""):
        super().__init__(folder)
        self.rules = self.folder / "quick.rules.yml"
        self.rules.write_text(quick(RULES.read_text()))
        target = {"targets": [urllib.parse.urlsplit(agent.url).netloc]}
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "rule_files": [str(self.rules)],
            "scrape_configs": [{"job_name": "assay", "static_configs": [target]}],
        }
        if alertmanager:
            to = {"static_configs": [{"targets": [alertmanager]}]}
            config["alerting"] = {"alertmanagers": [to]}
        self.start(config, f"--storage.tsdb.path={self.folder / 'data'}")

    def api(self, path, **words):
        answer = json.loads(fetch(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(words)}"))
        assert answer["status"] == "success"
        return answer["data"]

    def ask(self, expression):
        """Give the labels and values of an instant vector."""
        found = self.api("query", query=expression)
        assert found["resultType"] == "vector", expression
        return [(each["metric"], float(each["value"][1])) for each in found["result"]]


class Alertmanager(Program):
    """Sends what is given to it to one webhook, by alert."""

    name = "prometheus-alertmanager"

    def __init__(self, folder, webhook):
        super().__init__(folder)
        self.start(
            {
                "route": {
                    "receiver": "hook",
                    "group_by": ["alertname"],
                    "group_wait": "1s",
                    "group_interval": "1s",
                    "repeat_interval": "1h",
                },
                "receivers": [{"name": "hook", "webhook_configs": [{"url": webhook.url}]}],
            },
            f"--storage.path={self.folder / 'data'}",
            "--cluster.listen-address=",
        )


class Webhook:
    """Keeps the alerts that are posted to it; use it as a context."""

    def __init__(self):
        self.alerts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):  # noqa: N805 - `self` is the hook
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.alerts += json.loads(body)["alerts"]
                handler.send_response(200)
                handler.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def got(self, name, status="firing", **labels):
        """Give the alerts of a name, with these labels among theirs, that came with a status."""
        return [
            each
            for each in self.alerts
            if {"alertname": name, **labels}.items() <= each["labels"].items()
            and each["status"] == status
        ]
