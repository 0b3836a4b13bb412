"""Beyond loopback nobody is let in who was not asked for something; who asks too much waits."""

import json
import logging
import socket

import bcrypt
import pytest
from evidence_world import open_world
from web_kit import NOW, ask, history, opened

from agent.evidence import queries
from agent.evidence.store import StoreError
from agent.web.rate import Buckets
from agent.web.reads import MOST, Reads
from agent.web.server import ServerError
from agent.web.tokens import Scope, Tokens

EVERYWHERE = "0.0.0.0:0"


def test_listening_beyond_loopback_without_asking_who_is_there_is_refused(tmp_path):
    with (
        pytest.raises(ServerError) as caught,
        opened(tmp_path, http={"listen": EVERYWHERE}),
    ):
        pass
    said = str(caught.value)
    assert said.startswith("http.listen: 0.0.0.0:0 is open to others without authentication;")
    assert "`assay token create NAME --scope metrics`" in said
    assert "http.insecure: true" in said
    assert "\n" not in said


def test_a_web_configuration_that_asks_for_nothing_does_not_count(tmp_path):
    (tmp_path / "web.yml").write_text("http_server_config: {http2: true}")
    http = {"listen": EVERYWHERE, "web_config": str(tmp_path / "web.yml")}
    with pytest.raises(ServerError, match="is open to others"), opened(tmp_path, http=http):
        pass


@pytest.mark.parametrize("way", ["tokens", "users", "insecure"])
def test_what_asks_for_something_or_is_told_not_to_may_listen_and_says_so(tmp_path, way, caplog):
    http = {"listen": EVERYWHERE}
    if way == "tokens":
        Tokens(tmp_path / "evidence/tokens.json").create(
            "one", [Scope.METRICS], now=NOW, expires=None, random="x"
        )
    if way == "users":
        hashed = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()
        (tmp_path / "web.yml").write_text(json.dumps({"basic_auth_users": {"ana": hashed}}))
        http["web_config"] = str(tmp_path / "web.yml")
    if way == "insecure":
        http["insecure"] = True
    with caplog.at_level(logging.WARNING, "assay"), opened(tmp_path, http=http) as server:
        server.url = f"http://127.0.0.1:{server.port}"
        assert ask(server, "/metrics")[0] == (200 if way == "insecure" else 401)
    told = "is open to whoever can reach it" if way == "insecure" else "travel without TLS"
    assert told in caplog.text


OWN = ("localhost", "localhost:9464", "127.0.0.1:9464", "127.8.8.8", "[::1]:9464", "a.localhost")
FOREIGN = ("evil.example", "evil.example:9464", "localhost.evil.example", "10.0.0.1", "[fe80::1]:1")


def test_another_sites_name_for_this_machine_reads_nothing(tmp_path):
    with opened(tmp_path) as server:
        assert [ask(server, "/api/v1/log", Host=name)[0] for name in OWN] == [200] * len(OWN)
        for name in FOREIGN:
            status, headers, body = ask(server, "/api/v1/log", Host=name)
            assert (status, headers["Content-Type"]) == (421, "application/problem+json"), name
            assert b"answers to names of its own machine" in body


@pytest.mark.parametrize("way", ["tokens", "insecure"])
def test_any_name_will_do_where_callers_are_asked_or_somebody_else_asks(tmp_path, way):
    http = {"insecure": way == "insecure"}
    headers = {"Host": "assay.example.com"}
    if way == "tokens":
        secret = Tokens(tmp_path / "evidence/tokens.json").create(
            "one", [Scope.EVIDENCE], now=NOW, expires=None, random="x"
        )
        headers["Authorization"] = f"Bearer {secret}"
    with opened(tmp_path, http=http) as server:
        assert ask(server, "/api/v1/log", **headers)[0] == 200


def test_who_asks_too_much_is_told_when_to_come_again_and_liveness_is_not_counted(tmp_path):
    with opened(tmp_path, http={"requests_per_second": 1}) as server:
        answers = [ask(server, "/readyz")[0] for _ in range(30)]
        assert set(answers) == {200}
        found = [ask(server, "/api/v1/log") for _ in range(12)]
        assert [status for status, *_ in found][:10] == [200] * 10
        status, headers, body = found[-1]
        assert (status, headers["Retry-After"]) == (429, "1")
        assert json.loads(body)["detail"] == "too many requests; again in 1 s"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_bucket_fills_again_with_time_and_no_further_than_to_the_brim():
    now = [0.0]
    buckets = Buckets(2, lambda: now[0])
    assert [buckets.take("a") for _ in range(21)] == [0.0] * 20 + [0.5]
    assert buckets.take("b") == 0.0
    now[0] = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0.0, 0.5]
    now[0] = 1e6
    assert [buckets.take("a") for _ in range(21)] == [0.0] * 20 + [0.5]


def test_what_is_too_long_is_refused(tmp_path):
    with opened(tmp_path) as server:
        assert ask(server, f"/api/v1/findings?target={'x' * 50_000}")[0] == 414
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000)
            assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_who_read_which_evidence_is_told_and_metrics_and_refusals_are_not(tmp_path):
    tokens = Tokens(tmp_path / "evidence/tokens.json")
    secret = tokens.create("auditor", list(Scope), now=NOW, expires=None, random="x")
    reads = Reads(lambda: NOW)
    with opened(tmp_path, reads=reads) as server:
        for path in ("/metrics", "/api/v1/gaps", "/api/v1/gaps", "/api/v1/rules/none"):
            ask(server, path, Authorization=f"Bearer {secret}")
        ask(server, "/api/v1/findings")
        ask(server, "/api/v1/findings?limit=3", "HEAD", Authorization=f"Bearer {secret}")
    with reads.batch() as body:
        assert [(each["by"], each["path"], each["times"]) for each in body["reads"]] == [
            ("token auditor", "/api/v1/findings?limit=3", 1),
            ("token auditor", "/api/v1/gaps", 2),
        ]
    with reads.batch() as body:
        assert body is None


def test_reads_that_the_store_refuses_are_in_the_next_batch():
    reads = Reads(lambda: NOW)
    for path in ("/a", "/b"):
        reads.note("ana", "::1", path)

    def seal():
        for path in ("/b", "/c"):
            reads.note("ana", "::1", path)
        raise StoreError("the disk is full")

    with pytest.raises(StoreError), reads.batch():
        seal()
    with reads.batch() as body:
        told = {each["path"]: each["times"] for each in body["reads"]}
    assert told == {"/a": 1, "/b": 2, "/c": 1}


def test_a_batch_of_reads_is_bounded_and_can_be_sealed(tmp_path):
    reads = Reads(lambda: NOW)
    for number in range(MOST + 7):
        reads.note("token " + "t" * 64, "2001:db8::ffff:ffff:ffff", f"/{number}?" + "\u00e9" * 999)
    with open_world(tmp_path) as world:
        history(world)
        with reads.batch() as body:
            world.log.append("export", body, NOW)
        (_, entry) = list(queries.entries(world.store, kind="export"))[-1]
        assert (entry["what"], entry["more"]) == ("read", 7)
