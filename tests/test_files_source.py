"""A roster that cannot be believed is an error with its cause, never an empty roster."""

import json
import os
from datetime import timedelta

import pytest
from files_kit import LEFT, NOW, PERSON, ROSTER, asked, gathered, session_of, written
from shipped import CHECKS

from checks.fields import read_field
from checks.files.columns import KINDS
from checks.files.session import SERVICE, Source
from checks.model import CallError, Cause

OF_FILES = {name: check for name, check in CHECKS.items() if name.startswith("files.")}


def rows_of(source):
    """What the file says, without what is said of the file."""
    rows = asked(session_of(source)).data["rows"]
    return [{name: value for name, value in row.items() if name != "file"} for row in rows]


PEOPLE = [
    {"email": "ana@example.com", "name": "Ana", "status": "active", "users": ["ana", "ana.admin"]},
    {
        "email": "bob@example.com",
        "name": "Bob",
        "status": "terminated",
        "terminated_at": LEFT,
        "users": ["BOB"],
    },
]


YAML = """
- {email: ana@example.com, name: Ana, status: active, users: [ana, ana.admin]}
- email: bob@example.com
  name: Bob
  status: terminated
  terminated_at: 2026-05-01T02:00:00+02:00
  users: BOB
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hr.csv", ROSTER),
        ("hr.CSV", "\ufeff" + ROSTER.replace(";", "").replace(",", ";").replace("ana a", "ana a")),
        ("hr.csv", ROSTER.replace(",", "\t").replace("\n", "\r\n") + "\r\n"),
        ("hr.json", json.dumps(PEOPLE)),
        ("hr.json", json.dumps({"rows": PEOPLE, "by": "the HR system"})),
        ("hr.yaml", json.dumps({"rows": PEOPLE}, indent=1)),
        ("hr.yml", YAML),
    ],
    ids=["csv", "semicolons", "tabs", "json", "json-object", "yaml", "yaml-list"],
)  # fmt: skip
def test_every_format_says_the_same(tmp_path, name, text):
    assert rows_of(written(tmp_path, text, name)) == PEOPLE


def test_the_file_can_have_its_own_words(tmp_path):
    text = "E-Mail,Employment,Last day,Secret\nana@example.com,On leave,,x\n"
    source = written(
        tmp_path,
        text,
        columns={"email": "e-mail", "status": "Employment", "terminated_at": "Last day"},
        values={"status": {"on leave": "active"}},
    )
    users = ["ana@example.com", "ana"]  # without a column of them
    assert rows_of(source) == [{"email": "ana@example.com", "status": "active", "users": users}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "hr.csv has no rows, which is suspicious"),
        ("email,status\n\n", "hr.csv has no rows, which is suspicious"),
        ("email,name\nana@example.com,Ana\n", "hr.csv has no column 'status'; it has email, name"),
        ("email,status\nana@example.com\n", "hr.csv line 2 has 1 fields, the header 2"),
        ("email,status\n,active\n", "hr.csv line 2 has no email"),
        ("email,status\nana,active\n", "hr.csv line 2, email: 'ana' is not an e-mail address"),
        ("email,status\na@b.c,away\n", "line 2, status: 'away' is none of active, terminated"),
        ("email,status\na@b.c,active\nA@b.c,active\n", "line 3 has the same email as line 2"),
        ("email,email,status\n", "two columns are called 'email'"),
        ("email,status,terminated_at\na@b.c,terminated,1/5/26\n", "'1/5/26' is not a date"),
        ('email,status\n"a@b.c,active\n', "hr.csv line "),
        (b"email,status\n\xff@b.c,active\n", "hr.csv is not UTF-8 text (byte 13)"),
    ],
)  # fmt: skip
def test_one_bad_line_refuses_the_file(tmp_path, text, message):
    with pytest.raises(CallError) as raised:
        asked(session_of(written(tmp_path, text)))
    assert (raised.value.cause, raised.value.code) == (Cause.INVALID, "Malformed")
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hr.json", "[", "is not JSON"),
        ("hr.json", '[{"email": "a@b.c", "email": "d@e.f"}]', "is given twice"),
        ("hr.json", '{"people": []}', "neither a list of rows"),
        ("hr.json", "[1]", "row 1 is not an object"),
        ("hr.json", '[{"email": true, "status": "active"}]', "row 1, email: a bool where text"),
        ("hr.yaml", "a: &a 1\n", "is not YAML"),
        ("hr.yaml", "- {email: a@b.c, status: active, users: [[x]]}\n", "a list where text"),
        ("hr.xlsx", "", "'.xlsx' is none of .csv, .json"),
    ],
)
def test_a_document_of_another_shape_is_refused(tmp_path, name, text, message):
    with pytest.raises(CallError, match="Malformed") as raised:
        asked(session_of(written(tmp_path, text, name)))
    assert message in raised.value.message


def test_a_column_that_the_configuration_names_must_be_there(tmp_path):
    source = written(tmp_path, columns={"terminated_at": "Last day"})
    with pytest.raises(CallError, match="has no column 'Last day'"):
        asked(session_of(source))


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(days=7), None),
        (timedelta(days=7, minutes=1), "Stale"),
        (-timedelta(minutes=59), None),
        (-timedelta(minutes=61), "FromTheFuture"),
    ],
)
def test_a_file_is_of_a_time_and_may_not_be_older_or_newer(tmp_path, age, code):
    session = session_of(written(tmp_path, at=NOW - age))
    if code is None:
        assert asked(session).data["observed_at"] == f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}"
        return
    with pytest.raises(CallError) as raised:
        asked(session)
    assert (raised.value.cause, raised.value.code) == (Cause.INVALID, code)


def test_the_time_of_export_counts_before_that_of_the_file(tmp_path):
    text = "email,status,made\na@b.c,active,2026-06-28\nd@e.f,active,2026-06-29\n"
    answer = asked(session_of(written(tmp_path, text, observed_at="made")))
    assert answer.data["observed_at"] == "2026-06-28T00:00:00Z"
    document = json.dumps({"made": "2026-06-01", "rows": PEOPLE})
    with pytest.raises(CallError, match=r"29\.5 days old; it may be 7\.0"):
        asked(session_of(written(tmp_path, document, "hr.json", observed_at="made")))
    with pytest.raises(CallError, match="does not say in 'made' when it was exported"):
        asked(session_of(written(tmp_path, observed_at="made")))


def test_what_is_no_file_is_named_and_nothing_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    causes = {}
    for name in ("none.csv", "", "pipe.csv"):
        with pytest.raises(CallError) as raised:
            asked(session_of(Source(path=tmp_path / name)))
        causes[name] = (raised.value.cause, raised.value.code)
    assert causes == {
        "none.csv": (Cause.NOT_FOUND, "ENOENT"),
        "": (Cause.INVALID, "EISDIR"),
        "pipe.csv": (Cause.INVALID, "NotAFile"),
    }
    with pytest.raises(CallError, match="NotConfigured: no file is configured") as raised:
        asked(session_of())
    assert (raised.value.cause, raised.value.code) == (Cause.NOT_ENABLED, "NotConfigured")


def test_a_file_is_a_target_of_its_own_with_its_digest_as_the_request_id(tmp_path):
    session = session_of(written(tmp_path))
    collecting = gathered(session, {PERSON: frozenset()})
    (part,) = [part for part in collecting if part.check == PERSON]
    assert [one.id for one in part.resources] == [
        "person:ana@example.com",
        "person:bob@example.com",
    ]
    assert {one.observed_at for one in part.resources} == {"2026-06-30T12:00:00Z"}
    (digest,) = collecting.collection.first_ids
    assert digest == f"sha256:{part.resources[0].attributes['file']['sha256']}"
    assert [call.call for call in collecting.collection.calls] == ["files:hr.person"]
    assert session.target.label == "files:files"


@pytest.mark.parametrize("name", OF_FILES)
def test_a_check_of_files_declares_what_its_columns_give(name):
    check = OF_FILES[name]
    columns, key = check.list.params["columns"], check.list.params["key"]
    assert f"{SERVICE}.{check.list.operation}" == name
    assert columns[key]["required"]
    assert {*columns, "file.name", "file.sha256", "file.observed_at"} == {*check.fields}
    for column, spec in columns.items():
        assert spec["kind"] in KINDS
        _, optional = read_field(check.fields[column])
        assert not (optional and spec.get("required")), column
        if spec["kind"] == "word":
            assert check.fields[column].split()[1:] == spec["values"]
