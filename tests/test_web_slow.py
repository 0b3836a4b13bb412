"""Whoever asks or reads slowly keeps no connection; whoever waits for a slow answer gets it."""

import socket
import time

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse

from agent.web import protocol
from agent.web.server import Server

IDLE = 1
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


LONG = 64 << 20


def slow():
    time.sleep(2 * IDLE)
    yield b"done"


def long():
    for _ in range(LONG >> 20):
        yield b"x" * (1 << 20)


ANSWERS = {"/slow": slow, "/long": long}


@pytest.fixture
def connected():
    async def app(scope, receive, send):
        if scope["type"] == "http":
            stream = ANSWERS.get(scope["path"])
            answer = StreamingResponse(stream()) if stream else PlainTextResponse("ok")
            await answer(scope, receive, send)

    with (
        Server(app, "127.0.0.1", 0, idle=IDLE) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
    ):
        yield connection


def read_until(connection, end):
    text = b""
    while not text.endswith(end):
        part = connection.recv(65536)
        assert part, text
        text += part
    return text


def drip(connection, text):
    """Send a byte now and then until the other side has closed; gives the seconds until then."""
    begin = time.monotonic()
    connection.settimeout(0.1)
    for byte in text:
        try:
            connection.sendall(bytes([byte]))
            if connection.recv(1) == b"":
                return time.monotonic() - begin
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - begin
    return None


def test_a_connection_that_sends_nothing_is_closed(connected):
    assert connected.recv(1) == b""


def test_headers_that_come_byte_by_byte_are_not_waited_for(connected):
    assert drip(connected, b"GET / HTTP/1.1\r\nA: " + b"x" * 100) < 3 * IDLE


def test_neither_are_those_of_a_second_request(connected):
    connected.sendall(REQUEST)
    read_until(connected, b"ok")
    assert drip(connected, b"GET / HTTP/1.1\r\nA: " + b"x" * 100) < 3 * IDLE


def test_nor_is_a_body_that_nobody_reads(connected):
    connected.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nContent-Length: 100000\r\n\r\n"))
    read_until(connected, b"ok")
    assert drip(connected, b"x" * 100) < 3 * IDLE


def test_an_answer_that_takes_longer_is_waited_for_and_the_connection_kept(connected):
    connected.sendall(REQUEST.replace(b"/ ", b"/slow "))
    assert b"done" in read_until(connected, b"0\r\n\r\n")
    connected.sendall(REQUEST + REQUEST)
    read_until(connected, b"ok")


def test_an_answer_that_nobody_takes_is_not_kept_for_ever(connected, monkeypatch):
    monkeypatch.setattr(protocol, "STALLED", IDLE)
    connected.sendall(REQUEST.replace(b"/ ", b"/long "))
    time.sleep(3 * IDLE)
    text, part = b"", b"x"
    while part:
        try:
            part = connected.recv(1 << 20)
        except ConnectionResetError:
            break
        text += part
    assert text.startswith(b"HTTP/1.1 200 OK")
    assert len(text) < LONG, "the rest of it was given up"
