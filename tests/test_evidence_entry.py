"""What is sealed has one form: the vectors of RFC 8785, and the rules of an entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence.entry import (
    MAX_ENTRY,
    EntryError,
    Kind,
    blobs_of,
    canonical,
    decode_entry,
    decode_values,
    encode_entry,
    encode_values,
    from_micros,
    from_rfc3339,
    to_micros,
    to_rfc3339,
    whole,
)

CASES = json.loads((Path(__file__).parent / "data/evidence/canonical.json").read_text())["cases"]
NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_published_vectors_of_rfc_8785_hold(case):
    assert canonical(json.loads(case["input"])).decode() == case["output"]


@given(JSON)
def test_the_fast_way_writes_what_the_reference_library_writes(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXT, JSON | st.integers(), min_size=1, max_size=4))
def test_values_come_back_as_they_were_with_large_integers_exact(values):
    values = {f"x{key}": part for key, part in values.items()}
    assert decode_values(encode_values(values)) == values


def test_nothing_read_has_no_bytes():
    assert (encode_values({}), decode_values(b"")) == (b"", {})


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": {1, 2**60}}, {"a": object()}], ids=["nan", "set", "object"]
)
def test_what_is_not_json_is_not_written(value):
    with pytest.raises(EntryError):
        encode_values(value)


def test_an_entry_reads_as_it_was_written():
    data, blobs = encode_entry(Kind.GAP, NOW, {"target": "aws:1", "slots": 3, "big": 2**60})
    assert blobs == {}
    assert decode_entry(data) == {
        "v": 1,
        "kind": "gap",
        "at": "2026-01-31T08:00:00Z",
        "target": "aws:1",
        "slots": 3,
        "big": str(2**60),
    }


def test_a_part_that_is_too_long_becomes_a_blob():
    long = ["x" * 50] * 2000
    data, blobs = encode_entry(Kind.CONFIG, NOW, {"long": long, "short": {"a": [1]}})
    entry = decode_entry(data)
    (digest,) = blobs_of(entry)
    assert len(data) <= MAX_ENTRY
    assert sha256(blobs[digest]).hexdigest() == digest
    assert whole(entry["long"], lambda key: blobs[key.hex()]) == long
    assert whole(entry["short"], lambda _: None) == {"a": [1]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": 1.5}, r"\.a is a float"),
        ({"a": [{"b": b"x"}]}, r"\.a\[0\]\.b is a bytes"),
        ({"a": {1: 2}}, "a key that is not text"),
        ({"v": 2, "at": ""}, "reserved members in the body of an entry: at, v"),
        ({"a": "x" * 70000}, "no long part"),
    ],
)
def test_what_an_entry_cannot_hold_is_refused(body, message):
    with pytest.raises(EntryError, match=message):
        encode_entry(Kind.CONFIG, NOW, body)


@pytest.mark.parametrize("data", [b"{", b'{"b":1,"a":2}', b'{"a": 1}', b"[1]", b'{"a":1e400}'])
def test_bytes_that_are_not_canonical_are_refused(data):
    with pytest.raises(EntryError):
        decode_entry(data)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 - made aware below
def test_times_come_back_exactly(moment):
    moment = moment.replace(tzinfo=UTC)
    assert from_rfc3339(to_rfc3339(moment)) == moment
    assert from_micros(to_micros(moment)) == moment


def test_a_time_is_written_in_utc():
    berlin = datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1)))
    assert to_rfc3339(berlin) == "2026-01-31T08:00:00Z"


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-01-31", "2026-01-31T08:00:00", "2026-01-31T08:00:00+00:00"]
)
def test_a_time_in_another_form_is_refused(text):
    with pytest.raises(EntryError):
        from_rfc3339(text)


def test_a_time_without_its_zone_is_not_sealed():
    with pytest.raises(EntryError):
        to_rfc3339(datetime(2026, 1, 1))  # noqa: DTZ001 - the point
