"""Stretches of time obey the same laws as sets of instants, whatever their order and overlap."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from evidence_world import HOUR, START
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence.completeness import SlotGap
from agent.evidence.entry import to_micros
from agent.reports.blind import Window, unlooked
from agent.reports.model import Day, Health
from agent.reports.timeline import DAY, calendar, cut, days_of, merge, total, without, worst_of
from agent.reports.wording import length, percent

PIECES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def instants(pieces):
    return {at for start, end in pieces for at in range(start, end)}


@given(PIECES)
def test_merged_pieces_are_apart_and_cover_the_same(pieces):
    merged = merge(pieces)
    assert instants(merged) == instants(pieces)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(merged))


@given(PIECES, PIECES)
def test_cut_pieces_are_what_both_cover(pieces, windows):
    assert instants(cut(pieces, windows)) == instants(pieces) & instants(windows)


@given(PIECES, PIECES)
def test_what_is_left_is_outside_the_holes(pieces, holes):
    assert instants(without(pieces, merge(holes))) == instants(pieces) - instants(holes)


@given(PIECES)
def test_the_total_counts_what_overlaps_once(pieces):
    assert total(pieces) == timedelta(microseconds=len(instants(pieces)))


@given(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda period: period[0] < period[1]),
    st.dictionaries(
        st.sampled_from(list(Health)),
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=4),
    ),
)
def test_a_day_shows_the_worst_that_touches_it(period, layers):
    quarter = DAY // 4
    scaled = {
        health: [(start * quarter, end * quarter) for start, end in pieces]
        for health, pieces in layers.items()
    }
    span = (period[0] * quarter, period[1] * quarter)
    found = calendar(span, scaled)
    assert [day.date for day in found] == [
        date(1970, 1, 1) + timedelta(days=number) for number in days_of(span)
    ]
    for number, day in zip(days_of(span), found, strict=True):
        inside = instants([(max(period[0], number * 4), min(period[1], number * 4 + 4))])
        touching = [h for h in Health if instants(layers.get(h, [])) & inside]
        assert day.health == min(touching, key=list(Health).index, default=Health.NONE)


def test_calendars_fold_into_the_worst_day_by_day():
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    one = (Day(first, Health.PASS), Day(second, Health.NONE))
    two = (Day(first, Health.BLIND), Day(second, Health.WAIVED))
    assert worst_of([one, two]) == two
    assert worst_of([]) == ()


@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([1, 2, 3, 6]),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda span: span[0] < span[1]),
)
def test_the_slots_of_a_rule_in_a_gap_are_blind_until_its_next_slot(start, hours, every, span):
    gap = SlotGap(
        target="t",
        start=START + start * HOUR,
        end=START + (start + hours) * HOUR,
        slots=hours,
        reason="agent_down",
        author="agent",
        entry=1,
    )
    low, high = (to_micros(START + each * HOUR) for each in span)
    micros = every * 3_600_000_000
    found = list(unlooked("t", [Window(low, high, micros)], {"t": [gap]}))
    inside = [
        hour
        for hour in range(start, start + hours)
        if hour % every == 0 and span[0] <= hour < span[1]
    ]
    expected = {at for hour in inside for at in range(hour, min(hour + every, span[1]))}
    blind = {
        hour
        for each in found
        for hour in range(round((each.start - START) / HOUR), round((each.end - START) / HOUR))
    }
    assert blind == expected


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(seconds=5), "5 s"),
        (timedelta(minutes=35), "35 min"),
        (timedelta(days=2, hours=4), "2 d 4 h"),
        (timedelta(days=1500, minutes=1, seconds=20), "1,500 d 1 min"),
        (None, "not known"),
    ],
    ids=["seconds", "minutes", "days", "long", "none"],
)
def test_lengths_are_written_for_people(duration, said):
    assert length(duration) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0.0 %"),
        (0.00001, "less than 0.1 %"),
        (0.5, "50.0 %"),
        (0.99999, "more than 99.9 %"),
        (1, "100.0 %"),
    ],
    ids=["none", "little", "half", "most", "all"],
)
def test_what_is_not_all_and_not_nothing_never_rounds_to_it(share, said):
    assert percent(share) == said
