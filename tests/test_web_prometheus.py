"""A real Prometheus is let in by token, by password and by certificate, and not without."""

import json
import urllib.parse

import bcrypt
import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_kit import Program, Prometheus, needs_prometheus, until
from tls_kit import make_certificates
from web_kit import NOW, opened

from agent.web.tokens import Scope, Tokens

pytestmark = needs_prometheus


class Scraper(Prometheus):
    """Scrapes each server in its own way, every second."""

    def __init__(self, folder, jobs):
        Program.__init__(self, folder)
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}}
        self.start(config | {"scrape_configs": jobs}, f"--storage.tsdb.path={self.folder / 'data'}")


@pytest.fixture
def certificates(tmp_path):
    (tmp_path / "tls").mkdir()
    return make_certificates(tmp_path / "tls")


def served(folder, certificates, *, mutual, tokens=""):
    """A server with TLS, a user and perhaps tokens, or one that wants certificates instead."""
    folder.mkdir()
    tls = {"cert_file": str(certificates.server), "key_file": str(certificates.server_key)}
    document = {"tls_server_config": tls}
    if mutual:
        tls["client_auth_type"] = "RequireAndVerifyClientCert"
        tls["client_ca_file"] = str(certificates.authority)
    else:
        hashed = bcrypt.hashpw(b"scrape-me", bcrypt.gensalt(4)).decode()
        document["basic_auth_users"] = {"prometheus": hashed}
    (folder / "web.yml").write_text(json.dumps(document))
    http = {"web_config": str(folder / "web.yml"), "tokens": str(tokens)}
    registry = CollectorRegistry()
    Gauge("assay_here", "It is.", registry=registry).set(1)
    return opened(folder, http=http, registry=registry)


def test_it_scrapes_with_token_password_and_certificate_and_not_without(tmp_path, certificates):
    file = tmp_path / "tokens.json"
    tokens = Tokens(file)
    made = {
        name: tokens.create(name, [scope], now=NOW, expires=None, random=name)
        for name, scope in (("metrics", Scope.METRICS), ("evidence", Scope.EVIDENCE))
    }
    ca = {"ca_file": str(certificates.authority)}
    own = {"cert_file": str(certificates.client), "key_file": str(certificates.client_key)}
    with (
        served(tmp_path / "asked", certificates, mutual=False, tokens=file) as asked,
        served(tmp_path / "mutual", certificates, mutual=True, tokens="none.json") as mutual,
    ):
        ways = {
            "bearer": (asked, ca, {"authorization": {"credentials": made["metrics"]}}),
            "basic": (
                asked,
                ca,
                {"basic_auth": {"username": "prometheus", "password": "scrape-me"}},
            ),
            "certificate": (mutual, ca | own, {}),
            "nothing": (asked, ca, {}),
            "wrong scope": (asked, ca, {"authorization": {"credentials": made["evidence"]}}),
            "no certificate": (mutual, ca, {}),
        }
        jobs = [
            {
                "job_name": name,
                "scheme": "https",
                "tls_config": tls,
                "static_configs": [{"targets": [urllib.parse.urlsplit(server.url).netloc]}],
                **more,
            }
            for name, (server, tls, more) in ways.items()
        ]
        with Scraper(tmp_path, jobs) as prometheus:
            until(lambda: len(prometheus.ask("up")) == len(ways))
            until(lambda: sum(value for _, value in prometheus.ask("up")) == 3)
            up = {labels["job"] for labels, value in prometheus.ask("up") if value}
            assert up == {"bearer", "basic", "certificate"}
            assert {labels["job"] for labels, _ in prometheus.ask("assay_here")} == up
