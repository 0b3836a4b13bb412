"""One delivery is bounded in time and in bytes, whatever the receiver does."""

import time
from datetime import UTC, datetime

import pytest
from webhook_kit import (
    SECRET,
)

from agent.webhooks.message import parse_secrets, sign
from agent.webhooks.post import post

pytest_plugins = "webhook_world"


def drip(handler):
    """A byte now and then, for as long as anybody listens."""
    try:
        for byte in b"HTTP/1.1 204 No Content\r\nA-Long-Header: " + b"x" * 1000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)
    except OSError:
        pass


def be_silent(_handler):
    time.sleep(2)


@pytest.mark.parametrize("how", [drip, be_silent])
def test_who_is_slow_is_given_up_when_the_time_is_up(receiver, how):
    receiver.plan = [how]
    begin = time.monotonic()
    receiver.clock, now = None, datetime.now(UTC)
    headers = sign(parse_secrets(SECRET), "msg_1", now, b"{}")
    answer = post(receiver.url, b"{}", headers, seconds=0.5, at=now)
    assert (answer.status, answer.is_taken) == (0, False)
    assert time.monotonic() - begin < 1.5


def test_an_answer_without_end_is_not_read_to_its_end(receiver):
    def flood(handler):
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass

    receiver.plan = [flood]
    receiver.clock, now = None, datetime.now(UTC)
    headers = sign(parse_secrets(SECRET), "msg_1", now, b"{}")
    assert post(receiver.url, b"{}", headers, seconds=5, at=now).status == 200
