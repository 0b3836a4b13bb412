"""A roster of people as a file, and what reads it."""

import os
from datetime import UTC, datetime

from aws_kit import Naps
from msgspec.structs import replace
from shipped import CHECKS

from checks.collect import collect
from checks.files.session import FilesSession, Source
from checks.limits import Limits

PERSON = "files.hr.person"
ROSTERED = ("aws-iam-user-in-hr-roster", "aws-iam-user-terminated-removed")
"""Rules that join people to users."""
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
LEFT = "2026-05-01T00:00:00Z"
ROSTER = """email,name,status,terminated_at,users
Ana@example.com,Ana,active,,ana; ana.admin
bob@example.com,Bob,Terminated,2026-05-01,BOB
"""


def written(folder, text=ROSTER, name="hr.csv", at=NOW, **options):
    """A configured file, last modified `at`."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (at.timestamp(), at.timestamp()))
    return Source(path=path, **options)


def session_of(source=None):
    """What reads the file, at NOW."""
    return FilesSession({"hr.person": source} if source else {}, lambda: NOW)


def asked(session, check=PERSON):
    call = CHECKS[check].list
    return session.request(call, call.params, "")


def gathered(session, wanted):
    """The collection of what is wanted, at NOW."""
    naps = Naps()
    clock = replace(naps.clock(), now=lambda: NOW)
    return collect(session, CHECKS, wanted, clock=clock, deadline=60, limits=Limits(tries=2))
