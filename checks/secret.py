"""Says what kind of text a redacted value was, so that rules can judge what is never kept.

A value is looked at once, in memory, and only its kind goes on: `secret: GitHub token` for what
is recognised as a secret by its form, else `reference`, `address`, `number`, `boolean`, `none` or
`text`. A password has no form, so `text` means "not known to be a secret": a rule looks at the
value's name as well.
"""

from __future__ import annotations

import re

MARK = "secret: "
"""What the kind of every recognised secret starts with; no other kind holds it."""

LONGEST = 1_000_000
"""Characters looked at. No provider keeps a longer text as a setting (EC2 user data: 16 KB)."""


def kind_of(text: str) -> str:
    """Name the kind of `text`, in words that hold nothing of it."""
    looked_at = text[:LONGEST]
    for name, pattern in _HARMLESS:
        if pattern.fullmatch(looked_at):
            return name
    for name, pattern in _SECRETS:
        if pattern.search(looked_at):
            return MARK + name
    return "text"


_NAME = r"(?:password|passwd|pwd|secret|token|api_?key|access_?key|private_?key|credentials?)"

_SECRETS = (
    ("private key", re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY")),
    ("AWS access key id", re.compile(r"(?<![A-Z0-9])A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Z0-9])")),
    ("GitHub token", re.compile(r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}")),
    ("GitLab token", re.compile(r"glpat-[A-Za-z0-9_-]{20}")),
    ("Slack token", re.compile(r"xox[abeprs]-[A-Za-z0-9-]{10}")),
    ("Stripe key", re.compile(r"[rs]k_live_[A-Za-z0-9]{16}")),
    ("Google API key", re.compile(r"AIza[A-Za-z0-9_-]{35}")),
    ("package registry token", re.compile(r"npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{20}")),
    ("signed token", re.compile(r"eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8}")),
    ("address with a password", re.compile(r"://[^\s/:@]{0,256}:[^\s/@]{1,256}@")),
    (
        "assignment of a password",
        # `DB_PASSWORD=...` in a script or settings; not `$VARIABLE`, `{{reference}}` or a path.
        re.compile(
            _NAME + r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?[^\s\"'$<{/(][^\s\"'$]{7}", re.IGNORECASE
        ),
    ),
)
"""Forms of secrets, the most telling first. Every pattern starts with fixed text or is bounded, so
that the search stays linear in the length of the text."""

_HARMLESS = (
    ("boolean", re.compile(r"true|false", re.IGNORECASE)),
    ("number", re.compile(r"[-+]?[0-9]{1,12}(?:\.[0-9]{1,6})?")),
    # An ARN, or what CloudFormation and ECS resolve when they need it: the name of a secret.
    ("reference", re.compile(r"arn:[\w:/.+=@,-]{1,2000}|\{\{resolve:[^{}]{1,1000}\}\}")),
    # Without a user, a query or a fragment, which are where addresses carry keys.
    ("address", re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s@?#]{1,2000}")),
    ("none", re.compile(r"\s{0,100}")),
)
