"""Redacted values keep their kind and nothing else."""

from __future__ import annotations

import pytest
from work_kit import ending

from checks.canonical import redacted
from checks.secret import LONGEST, kind_of

_KEY = "AKIA" + "IOSFODNN7EXAMPLE"

SECRETS = {
    "AWS access key id": _KEY,
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE",
    "GitHub token": "https://ghp_" + "a1" * 18 + "@github.com/o/r.git",
    "GitLab token": "glpat-" + "a1_b" * 5,
    "Slack token": "xoxb-" + "1234567890-abc",
    "Stripe key": "sk_live_" + "a1" * 8,
    "Google API key": "AIza" + "Sy" * 17 + "0",
    "package registry token": "npm_" + "a1" * 18,
    "signed token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + "c2lnbmF0dXJl",
    "address with a password": "postgres://app:hunter2@db.internal:5432/app",
    "assignment of a password": "#!/bin/sh\nexport DB_PASSWORD=hunter2hunter2\n",
}

HARMLESS = {
    "eu-west-1": "text",
    "https://user@bitbucket.org/o/r.git": "text",
    "https://example.com/?sig=abc": "text",
    "https://example.com:8443/path": "address",
    "PASSWORD=$DB_PASSWORD and go": "text",
    "password: {{resolve:secretsmanager:db}}": "text",
    "AKIAIOSFODNN7EXAMPLEX": "text",
    "true": "boolean",
    "-3.5": "number",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf": "reference",
    "{{resolve:ssm-secure:/db/password:1}}": "reference",
    "": "none",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_known_by_its_form(name: str) -> None:
    assert kind_of(SECRETS[name]) == f"secret: {name}"


@pytest.mark.parametrize(("text", "kind"), HARMLESS.items())
def test_what_has_no_secret_s_form_is_not_called_one(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize("name", SECRETS)
def test_nothing_of_a_secret_is_left_in_what_replaces_it(name: str) -> None:
    secret = SECRETS[name]
    left = redacted({"Variables": {"A": secret, "B": [secret, 3]}})
    assert left == {
        "Variables": {
            "A": f"(redacted secret: {name})",
            "B": [f"(redacted secret: {name})", "(redacted number)"],
        }
    }


@pytest.mark.parametrize("piece", ["eyJaaaaaaaa.", "://a:", "password", "AKIA", "-----BEGIN "])
def test_a_hostile_text_is_looked_at_in_linear_time(piece: str) -> None:
    text = piece * (LONGEST // len(piece))
    with ending(60):  # it takes a hundredth of that; backtracking takes hours
        kind_of(text)
