"""Durations are read as people write them, and written so that they read the same again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.duration import parse_duration, to_text


@given(st.integers(0, 999_999).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_is_written_reads_the_same_again(duration):
    written = to_text(duration)
    assert (written == "0s") == (not duration)
    assert not duration or parse_duration(written) == duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (90, "90s"), (3600, "1h"), (86400 * 14, "2w")]
)
def test_the_largest_unit_that_divides_it_is_taken(seconds, text):
    assert to_text(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["", "0d", "-1d", "1 h", "1.5h", "h", "1y", "1234567s"])
def test_anything_else_is_refused_with_what_is_accepted(text):
    with pytest.raises(ValueError, match="is not a duration; write a number and s, m, h, d or w"):
        parse_duration(text)
