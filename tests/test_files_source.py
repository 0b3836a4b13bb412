"""A roster that cannot be believed is an error with its cause, never an empty roster."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aws_kit import Naps
from msgspec.structs import replace
from shipped import CHECKS

from agent.config import ConfigError, load_settings
from agent.evaluate import Tally, conclude, evaluate
from agent.model import Outcome
from agent.pack import load_pack
from agent.plan import make_plan
from agent.rules.load import load_rules
from checks.collect import collect
from checks.fields import read_field
from checks.files.columns import KINDS
from checks.files.session import SERVICE, FilesSession, Source, WithFiles
from checks.limits import Limits
from checks.model import Answer, CallError, Cause, Target
from checks.schema import schema_of

OF_FILES = {name: check for name, check in CHECKS.items() if name.startswith("files.")}
PERSON = "files.hr.person"
ROSTERED = ("aws-iam-user-in-hr-roster", "aws-iam-user-terminated-removed")
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "rules" / "aws" / "iam"
RULES = load_rules([FOLDER / f"{name}.yaml" for name in ROSTERED], CHECKS, schema_of)
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
    return FilesSession({"hr.person": source} if source else {}, lambda: NOW)


def asked(session, check=PERSON):
    call = CHECKS[check].list
    return session.request(call, call.params, "")


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


class Report:
    """A cloud that knows three users, and nothing of files."""

    target = Target(provider="aws", id="111122223333")
    identity, not_enabled, rates = "arn", (), {}

    def names(self, region):
        return {"account": "111122223333", "region": region, "partition": "aws"}

    def regions(self, service):  # noqa: ARG002 - as the protocol has it
        return ("eu-west-1",)

    def made(self):
        return ()

    def request(self, call, params, region, after=None):  # noqa: ARG002 - as above
        assert call.service == "iam"
        columns = ["user", "arn", "password_enabled", "access_key_1_active", "access_key_2_active"]
        lines = [",".join(columns)]
        lines += [f"{user},arn:{user},true,false,false" for user in ("Ana", "bob", "zoe")]
        return Answer(
            data={
                "State": "COMPLETE",
                "Content": "\n".join(lines).encode(),
                "GeneratedTime": NOW,
            },
            request_id="r1",
        )


def gathered(session, wanted):
    naps = Naps()
    clock = replace(naps.clock(), now=lambda: NOW)
    return collect(session, CHECKS, wanted, clock=clock, deadline=60, limits=Limits(tries=2))


def judged(session, rule):
    """What a shipped rule says of each user of the report."""
    one = RULES[rule]
    found, tally = [], Tally()
    for part in gathered(session, make_plan({rule: one}, CHECKS).facets):
        if part.check == one.check:
            more, counted = evaluate(one, part, now=NOW, target=session.target)
            found, tally = [*found, *more], tally + counted
    found += conclude(one, tally, now=NOW, target=session.target)
    return {finding.resource: finding for finding in found}


def test_people_are_joined_to_users_however_they_are_capitalised(tmp_path):
    session = WithFiles(Report(), session_of(written(tmp_path)))
    found = judged(session, "aws-iam-user-in-hr-roster")
    assert {name: one.outcome for name, one in found.items()} == {
        "arn:Ana": Outcome.PASS,
        "arn:bob": Outcome.FAIL,
        "arn:zoe": Outcome.FAIL,
    }
    assert "bob@example.com, who left, by hr.csv of 2026-06-30" in found["arn:bob"].message
    file = found["arn:Ana"].values["resource"]["Person"]["file"]
    assert file["name"] == "hr.csv"
    assert len(file["sha256"]) == 64
    left = judged(session, "aws-iam-user-terminated-removed")
    assert left["arn:bob"].outcome is Outcome.FAIL
    assert left["arn:Ana"].outcome is left["arn:zoe"].outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("rule", ROSTERED)
@pytest.mark.parametrize("text", [None, "", "email,status\n", ROSTER.replace("active", "away")])
def test_with_a_roster_that_cannot_be_believed_nobody_passes(tmp_path, text, rule):
    source = Source(path=tmp_path / "hr.csv") if text is None else written(tmp_path, text)
    found = judged(WithFiles(Report(), session_of(source)), rule)
    assert {one.outcome for one in found.values()} == {Outcome.ERROR}
    said = "not_found (ENOENT)" if text is None else "invalid (Malformed)"
    assert {one.message for one in found.values()} == {
        f"cannot see Person: files:hr.person: {said}"
    }


def test_a_leaver_without_a_day_of_leaving_is_an_error(tmp_path):
    source = written(tmp_path, "email,status\nbob@x.y,terminated\nana@x.y,active\n")
    session = WithFiles(Report(), session_of(source))
    found = judged(session, "aws-iam-user-terminated-removed")
    assert found["arn:bob"].outcome is Outcome.ERROR
    assert found["arn:Ana"].outcome is Outcome.NOT_APPLICABLE


def test_a_user_name_of_two_people_is_an_error_for_that_user(tmp_path):
    source = written(tmp_path, "email,status\nana@x.y,active\nana@z.y,active\nbob@x.y,active\n")
    session = WithFiles(Report(), session_of(source))
    found = judged(session, "aws-iam-user-in-hr-roster")
    assert found["arn:Ana"].outcome is Outcome.ERROR
    assert found["arn:bob"].outcome is Outcome.PASS


def test_rules_wait_for_files_that_nobody_has_configured(tmp_path):
    path = tmp_path / "assay.yaml"
    path.write_text("store: here\n")
    pack = load_pack(load_settings(path, {}), observed_only=True)
    assert {name: one.lacks for name, one in pack.waiting.items()} == {
        "aws-iam-user-in-hr-roster": (PERSON,),
        "aws-iam-user-terminated-removed": (PERSON,),
    }
    assert not pack.waiting.keys() & pack.rules.keys()
    path.write_text("files: {hr.person: {path: hr.csv}}\n")
    pack = load_pack(load_settings(path, {}), observed_only=True)
    assert not pack.waiting
    assert "aws-iam-user-in-hr-roster" in pack.rules


def said(folder, *words):
    """What a command says of a configuration without files: exit code and both streams."""
    path = folder / "assay.yaml"
    path.write_text("targets: [{provider: aws, account: '111122223333'}]\n")
    command = [sys.executable, "-m", "agent", "-c", str(path), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize(
    ("words", "code"),
    [(["check", "--rule", ROSTERED[0]], 3), (["rules", "show", ROSTERED[0]], 0)],
    ids=["check", "show"],
)
def test_whoever_asks_for_a_rule_that_waits_is_told_for_what(tmp_path, words, code):
    returned, text = said(tmp_path, *words)
    assert returned == code, text
    assert "not in force: needs files.hr.person" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("files: {hr.preson: {path: hr.csv}}\n", "files.hr.preson: no check reads it; there is hr"),
        ("files: {hr.person: {path: a, max_age: old}}\n", "files.hr.person.max_age: 'old' is not"),
        ("files: {hr.person: {}}\n", "path"),
    ],
)
def test_a_mistake_in_the_configuration_of_files_is_named(tmp_path, text, message):
    path = tmp_path / "assay.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"assay\.yaml") as raised:
        load_pack(load_settings(path, {}), observed_only=True)
    assert message in str(raised.value)


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
