"""The image's health check: in the clear, by TLS and behind client certificates."""

import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler

import pytest

from agent.demo.tls import make_identity

SCRIPT = Path(__file__).parent.parent / "deploy/image/healthcheck.py"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass


class Fails(Answers):
    def do_GET(self):
        self.send_response(500)
        self.end_headers()


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a question in the clear to a server that speaks TLS


@pytest.fixture
def listening(tmp_path):
    servers = []

    def start(handler, *, tls="no"):
        server = Quiet(("127.0.0.1", 0), handler)
        if tls != "no":
            identity = make_identity(tmp_path, datetime.now(UTC))
            context = identity.context()
            if tls.startswith("mutual"):
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(identity.authority)
            if tls.endswith("1.2"):
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def check(listen):
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT],
        env={"ASSAY_HTTP_LISTEN": listen, "http_proxy": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("tls", ["no", "server", "mutual", "mutual 1.2"])
def test_an_agent_that_answers_is_healthy(listening, tls):
    assert check(f"0.0.0.0:{listening(Answers, tls=tls)}") == (0, "")


@pytest.mark.parametrize("tls", ["no", "server"])
def test_another_answer_is_not_healthy(listening, tls):
    assert check(f"127.0.0.1:{listening(Fails, tls=tls)}") == (1, "/healthz answers 500\n")


def test_a_server_of_something_else_is_not_healthy(listening):
    class Other(BaseRequestHandler):
        def handle(self):
            self.request.recv(100)
            self.request.sendall(b"220 mail ready\r\n")

    code, said = check(f"127.0.0.1:{listening(Other)}")
    assert code == 1
    assert "/healthz cannot be asked: [SSL: WRONG_VERSION_NUMBER]" in said


def test_nobody_there_is_one_line_and_not_a_traceback():
    port = Quiet(("127.0.0.1", 0), Answers)
    port.server_close()
    code, said = check(f"127.0.0.1:{port.server_address[1]}")
    assert code == 1
    assert said == "/healthz cannot be asked: [Errno 111] Connection refused\n"
