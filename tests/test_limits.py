"""Calls leave at the published rates, slow down when refused, and pause longer each time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.limits import LEAST_RATE, Clock, Limits, Pace, pause_before
from checks.model import Rate


class Time:
    def __init__(self):
        self.at = 1000.0

    def clock(self):
        return Clock(
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            monotonic=lambda: self.at,
            sleep=lambda _: None,
            random=lambda: 0.5,
        )


def leave(pace, time, count, operation="DescribeVpcs"):
    """Send `count` calls one after the other; the seconds that it took."""
    start = time.at
    for _ in range(count):
        time.at += pace.wait_for("ec2", operation, "us-east-1")
    return time.at - start


def test_a_burst_leaves_at_once_and_the_rest_at_the_rate():
    time = Time()
    pace = Pace({"ec2:*": Rate(20, 100)}, time.clock())
    assert leave(pace, time, 100) == 0
    assert leave(pace, time, 40) == pytest.approx(2.0)


def test_each_operation_has_its_own_bucket_and_a_service_may_share_one():
    time = Time()
    pace = Pace({"ec2:*": Rate(1, 1), "lambda": Rate(1, 1)}, time.clock())
    assert pace.wait_for("ec2", "DescribeVpcs", "us-east-1") == 0
    assert pace.wait_for("ec2", "DescribeSubnets", "us-east-1") == 0
    assert pace.wait_for("ec2", "DescribeVpcs", "eu-west-1") == 0
    assert pace.wait_for("ec2", "DescribeVpcs", "us-east-1") == pytest.approx(1)
    assert pace.wait_for("lambda", "GetPolicy", "us-east-1") == 0
    assert pace.wait_for("lambda", "ListFunctions", "us-east-1") == pytest.approx(1)


def test_what_is_not_published_runs_free_until_it_is_refused():
    time = Time()
    pace = Pace({}, time.clock())
    for _ in range(100):
        assert pace.wait_for("s3", "GetBucketAcl", "us-east-1") == 0
        time.at += 0.01
    pace.slow_down("s3", "GetBucketAcl", "us-east-1")
    waited = sum(pace.wait_for("s3", "GetBucketAcl", "us-east-1") > 0 for _ in range(10))
    assert waited >= 9


def test_refusals_that_come_together_slow_down_once():
    time = Time()
    pace = Pace({"ec2:*": Rate(20, 20)}, time.clock())
    leave(pace, time, 60)
    for _ in range(50):
        pace.slow_down("ec2", "DescribeVpcs", "us-east-1")
    assert leave(pace, time, 10) < 10 / (20 / 2) * 2


def test_the_rate_never_falls_to_nothing_and_rises_again():
    time = Time()
    pace = Pace({"ec2:*": Rate(20, 20)}, time.clock())
    for _ in range(30):
        leave(pace, time, 1)
        pace.slow_down("ec2", "DescribeVpcs", "us-east-1")
        time.at += 1.5
    assert leave(pace, time, 2) <= 2 / LEAST_RATE + 1
    slow = leave(pace, time, 20)
    leave(pace, time, 400)
    assert leave(pace, time, 20) < slow


@given(st.integers(1, 12), st.floats(0, 0.999), st.none() | st.floats(0, 1e6))
def test_a_pause_is_never_longer_than_the_cap_nor_shorter_than_asked(attempt, random, asked):
    limits = Limits(pause=0.5, longest_pause=20)
    pause = pause_before(attempt, limits, random, asked)
    assert 0 <= pause <= 20
    assert pause >= min(asked or 0, 20)
    assert pause <= max(0.5 * 2 ** (attempt - 1), min(asked or 0, 20))
