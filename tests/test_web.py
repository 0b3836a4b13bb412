"""The agent's HTTP: it can only be read, says what is wrong, and its address is its own."""

import json
import socket

import pytest
from web_kit import ask, served

from agent.web.guard import SECURITY_HEADERS
from agent.web.server import Server, ServerError


@pytest.fixture(scope="module")
def wrong():
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory, wrong):
    with served(tmp_path_factory.mktemp("web"), wrong=wrong) as server:
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
    assert ask(server, path, "HEAD")[2] == b""
    assert body or path == "/metrics"


def test_it_is_ready_when_nothing_is_wrong(server, wrong):
    status, _, body = ask(server, "/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "wrong": {}})
    wrong["store"] = "the disk is full"
    status, _, body = ask(server, "/readyz")
    assert (status, json.loads(body)["wrong"]) == (503, {"store": "the disk is full"})
    assert ask(server, "/healthz")[0] == 200
    wrong.clear()


def test_a_defect_is_answered_without_a_word_of_it_and_is_in_the_log(tmp_path, caplog):
    class Broken:
        def keys(self):
            raise RuntimeError("a secret of ours")

    with served(tmp_path, wrong=Broken()) as server:
        status, headers, body = ask(server, "/readyz")
    assert (status, b"secret" in body) == (500, False)
    assert b"its log says what" in body
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "a secret of ours" in caplog.text


def test_an_address_in_use_is_an_error_that_names_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"cannot listen on 127.0.0.1:{port}: Address"):
            Server(None, "127.0.0.1", port)
