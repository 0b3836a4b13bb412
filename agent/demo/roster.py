"""The roster that Human Resources of the pretended firm exports: who works there, and who left."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.demo.seed import Truth

NAME = "roster.csv"
LEFT = timedelta(days=30)
"""How long ago everybody who left has left."""


def write_roster(
    truth: Truth | None, path: Path, now: datetime, *, beside: Iterable[str] = ()
) -> None:
    """Write the people behind the account's users; one who is not known there is left out.

    `beside` are the names of those who have no user in it: of them the last is not known, and the
    one before has left.
    """
    users = truth.of("aws.iam.user") if truth else ()
    people = [one for one in users if one.facts["person"] and one.facts["known"]]
    others = list(beside)[:-1]
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(("E-mail", "Status", "Last day", "Logins"))
    for one in people:
        rows.writerow((f"{one.handle}@harbour.example", *_standing(one.facts, now), one.handle))
    for name in others:
        standing = _standing({"stays": name != others[-1]}, now)
        rows.writerow((f"{name}@harbour.example", *standing, f"{name}@harbour.example"))
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def configure_roster(path: Path) -> Mapping[str, Any]:
    """What the configuration says of the roster at `path`."""
    return {
        "hr.person": {
            "path": str(path),
            "columns": {
                "email": "E-mail",
                "status": "Status",
                "terminated_at": "Last day",
                "users": "Logins",
            },
            "values": {"status": {"employed": "active", "left": "terminated"}},
        }
    }


def _standing(facts: Mapping[str, Any], now: datetime) -> tuple[str, str]:
    return ("employed", "") if facts["stays"] else ("left", f"{now - LEFT:%Y-%m-%d}")
