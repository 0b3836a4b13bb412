"""Messages are signed as published, with every secret that holds, and no secret is shown."""

from datetime import UTC, datetime

import pytest
from webhook_kit import (
    OTHER,
    SECRET,
    courier_of,
    verified,
    work,
)

from agent.webhooks.message import SecretError, parse_secrets, sign

pytest_plugins = "webhook_world"
FAIL = {("r1", "a"): "fail"}


def test_the_signature_is_that_of_the_published_vector():
    """The example of the reference implementations' own tests (libraries/python)."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = sign(
        parse_secrets(secret),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verified(secret, headers, b'{"test": 2432232314}', now=1614265330)


def test_while_a_secret_is_replaced_both_verify(world, receiver, clock):
    courier = courier_of(world.store, receiver.url, clock, secret=f"{OTHER}\n{SECRET}\n")
    world.run(0, FAIL)
    work(courier)
    headers, body = receiver.raw[0]
    for secret in (SECRET, OTHER):
        assert verified(secret, headers, body, now=clock().timestamp())
    with pytest.raises(AssertionError):
        verified("whsec_" + "A" * 43 + "=", headers, body, now=clock().timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_!!!!",
        "whsec_" + "A" * 88 + "====",
        "a b c d",
    ],
)
def test_what_is_no_secret_is_refused(text):
    with pytest.raises(SecretError):
        parse_secrets(text)


def test_a_secret_that_is_wrong_is_not_shown():
    with pytest.raises(SecretError) as refused:
        parse_secrets("whsec_c2hvcnQ=")
    assert "c2hvcnQ" not in str(refused.value)
