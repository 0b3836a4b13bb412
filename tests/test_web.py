"""The agent's HTTP: it can only be read, says what is wrong, and its address is its own."""

import json
import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry

from agent.web.app import SECURITY_HEADERS, Surfaces, create_app
from agent.web.server import Server, ServerError

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(server, path, method="GET"):
    """The status, headers and body of an answer."""
    url = f"http://127.0.0.1:{server.port}{path}"
    try:
        answer = OPENER.open(urllib.request.Request(url, method=method), timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read().decode()


@pytest.fixture
def wrong():
    return {}


@pytest.fixture
def server(wrong):
    app = create_app(Surfaces(registry=CollectorRegistry(), readiness=lambda: wrong))
    with Server(app, "127.0.0.1", 0) as server:
        yield server


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/nothing"])
def test_it_can_only_be_read(server, method, path):
    status, headers, _ = ask(server, path, method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/nothing"])
def test_every_answer_forbids_what_a_page_could_be_made_to_do(server, path):
    _, headers, body = ask(server, path)
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert ask(server, path, "HEAD")[2] == ""
    assert body or path == "/metrics"


def test_it_is_ready_when_nothing_is_wrong(server, wrong):
    status, _, body = ask(server, "/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "wrong": {}})
    wrong["store"] = "the disk is full"
    status, _, body = ask(server, "/readyz")
    assert (status, json.loads(body)["wrong"]) == (503, {"store": "the disk is full"})
    assert ask(server, "/healthz")[0] == 200


def test_an_address_in_use_is_an_error_that_names_it(server):
    app = create_app(Surfaces(registry=CollectorRegistry(), readiness=dict))
    with pytest.raises(ServerError, match=f"cannot listen on 127.0.0.1:{server.port}: Address"):
        Server(app, "127.0.0.1", server.port)
