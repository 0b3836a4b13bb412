"""A collection whose every answer is there at once: the lanes are quicker than the reader."""

import sys
import threading
from types import MappingProxyType

import pytest
from aws_kit import Naps

from checks.collect import collect
from checks.load import load_checks
from checks.model import CallError, Cause, Target

REGIONS = tuple(f"region-{number}" for number in range(8))


class Refused:
    """A session that refuses every call without a network between."""

    target = Target(provider="aws", id="111122223333")
    identity = "arn:aws:sts::111122223333:assumed-role/nobody"
    not_enabled = ()
    rates = MappingProxyType({})

    def names(self, region):
        of_target = dict.fromkeys(("subscription", "tenant", "project", "project_number"), "it")
        return {"account": "111122223333", "region": region, "partition": "aws", **of_target}

    def regions(self, _service):
        return REGIONS

    def made(self):
        return ()

    def request(self, *_asked):
        raise CallError(Cause.DENIED, "AccessDenied", "no", status=403)


@pytest.mark.parametrize("threads", [4, 32])
def test_tasks_quicker_than_their_reader_do_not_lock_it(threads):
    checks = load_checks()
    listed = {name for name, check in checks.items() if check.list is not None}
    wanted = {name: frozenset(join.name for join in check.joins) for name, check in checks.items()}
    seen = []

    def look():
        for _ in range(20):
            parts = collect(
                Refused(),
                checks,
                wanted,
                clock=Naps().clock(),
                deadline=60,
                threads=threads,
            )
            seen.append({part.check for part in parts if part.gaps})

    every = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads meet in every order
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(timeout=60)
    sys.setswitchinterval(every)
    assert not looking.is_alive(), "the collection stands still"
    assert seen == [listed] * 20
