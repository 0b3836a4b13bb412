"""The command line: what it shows, what it exits with, and one clear line for what is wrong."""

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from agent_kit import ROOT, RULES, TARGET, configure, make_account
from aws_endpoint import Endpoint
from aws_kit import ENVIRONMENT, client

from agent.cli.app import run
from agent.config import load_settings
from agent.home import open_log
from agent.run import CLOCK


@pytest.fixture(scope="module", autouse=True)
def environment():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def cloud(environment):  # noqa: ARG001 - the environment comes first
    with Endpoint() as endpoint:
        endpoint.group = make_account(endpoint)
        yield endpoint


@pytest.fixture
def assay(cloud, tmp_path, capsys):
    """Run a command on the pretended cloud: (exit code, output, error)."""
    config = configure(tmp_path, cloud.url)

    def call(*words, config=config):
        code = run(["-c", str(config), *map(str, words)])
        said = capsys.readouterr()
        return int(code), said.out, said.err

    call.folder = tmp_path
    call.config = config
    return call


def items(out):
    return json.loads(out)["items"]


# --- check -------------------------------------------------------------------------------------


def test_check_shows_the_worst_first_and_exits_with_1_when_something_fails(assay, cloud):
    code, out, err = assay("check")
    assert code == 1
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["OUTCOME", "SEVERITY", "RULE"]
    assert [line.split()[0] for line in lines[1:4]] == ["fail", "fail", "fail"]
    assert f"security-group/{cloud.group}" in out
    assert "sealed as entry 1" in out
    assert err == ""


def test_check_exits_with_0_when_all_passes(assay, cloud):
    config = configure(assay.folder, cloud.url, ["iam/aws-iam-root-no-access-keys.yaml"])
    code, out, _ = assay("check", config=config)
    assert code == 0
    assert out.splitlines()[1].split()[0] == "pass"


def test_a_denied_call_is_an_error_with_what_to_grant_and_exit_code_2(assay, cloud):
    with cloud.broken("s3:GetBucketVersioning"):
        code, out, _ = assay("check", "--rule", "aws-s3-bucket-versioning")
    assert code == 2
    assert "what could not be seen" in out
    assert "grant s3:GetBucketVersioning" in out


def test_a_failure_counts_more_than_what_could_not_be_seen(assay, cloud):
    with cloud.broken("s3:GetBucketVersioning"):
        code, out, _ = assay("check", "--format", "json")
    assert code == 1
    outcomes = {(f["rule"], f["outcome"]) for f in items(out)[0]["findings"]}
    assert ("aws-s3-bucket-versioning", "error") in outcomes
    assert ("aws-s3-bucket-versioning", "pass") not in outcomes
    assert ("aws-ec2-security-group-ssh", "fail") in outcomes


def test_check_as_json_says_who_looked_and_what_was_found(assay):
    _, out, _ = assay("check", "--format", "json")
    document = json.loads(out)
    (report,) = document["items"]
    assert document["schema"] == "assay.check.v1"
    assert report["target"] == TARGET
    assert report["identity"].startswith("arn:aws:")
    assert {
        f["resource"] for f in report["findings"] if f["rule"] == "aws-s3-bucket-versioning"
    } == {
        "arn:aws:s3:::good",
        "arn:aws:s3:::bad",
    }


def test_check_as_csv_is_one_row_a_finding(assay):
    _, out, _ = assay("check", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["outcome"] for row in rows} >= {"pass", "fail"}
    assert all(row["target"] == TARGET for row in rows)


def test_changed_shows_only_what_differs(assay, cloud):
    assay("check")
    _, out, _ = assay("check", "--changed", "--format", "json")
    assert items(out)[0]["findings"] == []
    s3 = client(cloud, "s3")
    s3.put_bucket_versioning(Bucket="good", VersioningConfiguration={"Status": "Suspended"})
    _, out, _ = assay("check", "--changed", "--format", "json")
    s3.put_bucket_versioning(Bucket="good", VersioningConfiguration={"Status": "Enabled"})
    (found,) = items(out)[0]["findings"]
    assert (found["resource"], found["outcome"]) == ("arn:aws:s3:::good", "fail")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["check", "--rule", "aws-s3-bucket-versionin"],
            "did you mean 'aws-s3-bucket-versioning'?",
        ),
        (["check", "--target", "aws:1"], f"not configured; there is {TARGET}"),
        (["check", "--nonsense"], "No such option"),
        (["rules", "show", "nope"], "there is no such rule in force"),
        (["rules", "new", "a-b", "--check", "aws.s3.buket"], "did you mean 'aws.s3.bucket'?"),
        (["permissions", "oracle"], "oracle: not known; use aws"),
        (["evidence", "as-of", "yesterday"], "'yesterday' is not a time"),
        (["evidence", "log", "--kind", "x"], "--kind x: use one of"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_3(assay, words, message):
    code, out, err = assay(*words)
    assert code == 3
    assert out == ""
    assert message in err
    assert err.startswith("assay: ")
    assert err.count("\n") == 1


def test_credentials_that_are_refused_leave_everything_an_error_and_exit_code_2(assay, cloud):
    with cloud.broken("*", code="ExpiredToken", message="The security token is expired"):
        code, out, _ = assay("check", "--format", "json")
    assert code == 2
    report = items(out)[0]
    assert {f["outcome"] for f in report["findings"]} == {"error"}
    assert {row["cause"] for row in report["unseen"]} == {"auth"}


def test_an_endpoint_that_nobody_answers_at_is_an_error_and_not_a_pass(assay):
    config = configure(assay.folder, "http://127.0.0.1:9")
    code, out, _ = assay("check", "--format", "json", config=config)
    assert code == 2
    assert {f["outcome"] for f in items(out)[0]["findings"]} == {"error"}


def test_without_an_account_id_unknown_credentials_end_in_one_line(assay):
    config = configure(
        assay.folder, "x", targets=[{"provider": "aws", "endpoint_url": "http://127.0.0.1:9"}]
    )
    code, _, err = assay("check", config=config)
    assert code == 2
    assert "cannot tell which account this is" in err
    assert err.count("\n") == 1


# --- stores that cannot be used -----------------------------------------------------------------


def test_a_second_agent_on_one_store_is_refused(assay):
    with open_log(load_settings(assay.config, {}), at=CLOCK.now()):
        code, _, err = assay("check")
    assert code == 3
    assert "another agent" in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_line(assay, cloud):
    (assay.folder / "file").write_text("")
    config = configure(assay.folder, cloud.url, store="file/evidence")
    code, _, err = assay("check", config=config)
    assert code == 3
    assert "cannot be made" in err
    assert err.count("\n") == 1


def test_a_corrupt_store_is_one_line_and_nothing_is_written_over(assay):
    assay("check")
    store = assay.folder / "evidence/evidence.db"
    damaged = b"not a database" * 1000
    for extra in ("-wal", "-shm"):
        store.with_name(store.name + extra).unlink(missing_ok=True)
    store.write_bytes(damaged)
    code, _, err = assay("check")
    assert code == 3
    assert err.count("\n") == 1
    assert store.read_bytes() == damaged


def test_a_lost_key_is_not_replaced_by_a_new_one(assay):
    assay("check")
    (assay.folder / "evidence/log.key").unlink()
    code, _, err = assay("check")
    assert code == 3
    assert "the key of this log is gone" in err


def test_reading_evidence_that_is_not_there_says_how_to_make_it(assay):
    code, _, err = assay("evidence", "log")
    assert code == 3
    assert "there is no evidence yet" in err


# --- evidence ----------------------------------------------------------------------------------


def test_the_log_lists_what_was_sealed(assay):
    assay("check")
    _, out, _ = assay("evidence", "log", "--format", "json")
    assert [item["kind"] for item in items(out)] == ["key", "run"]
    _, out, _ = assay("evidence", "show", 1)
    entry = json.loads(out)
    assert entry["target"] == TARGET
    assert entry["header"]["self_test"] == {"failed": [], "rules": 3}
    code, _, err = assay("evidence", "show", 99)
    assert code == 3
    assert "the log has 2" in err


def test_as_of_tells_the_past_from_the_present(assay, cloud):
    assay("check")
    between = CLOCK.now().isoformat()
    s3 = client(cloud, "s3")
    s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Enabled"})
    assay("check")
    s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Suspended"})
    words = ("evidence", "as-of", "--rule", "aws-s3-bucket-versioning", "--format", "json")
    _, then, _ = assay(*words, between)
    _, now, _ = assay(*words, "now")
    outcome = {
        name: {i["resource"]: i["outcome"] for i in items(out)}
        for name, out in (("then", then), ("now", now))
    }
    assert outcome["then"]["arn:aws:s3:::bad"] == "fail"
    assert outcome["now"]["arn:aws:s3:::bad"] == "pass"


def test_a_failure_that_was_mended_stays_a_deviation(assay, cloud):
    s3 = client(cloud, "s3")
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket="good", VersioningConfiguration={"Status": status})
        assay("check", "--rule", "aws-s3-bucket-versioning")
    _, out, _ = assay("evidence", "deviations", "--format", "json")
    (found,) = [i for i in items(out) if i["resource"] == "arn:aws:s3:::good"]
    assert found["ended_by"] == "pass"
    assert found["last_good"] < found["start"] <= found["last_bad"] < found["end"]


def test_gaps_accounts_for_every_slot(assay):
    assay("check")
    code, out, _ = assay("evidence", "gaps")
    assert code == 0
    assert out.startswith("no gap\n0 slots expected")


def test_verify_says_valid_and_names_what_is_not(assay):
    assay("check")
    code, out, _ = assay("evidence", "verify")
    assert code == 0
    assert out == "valid: assay.test/agent, 2 entries; chained, not anchored\n"
    store = assay.folder / "evidence/evidence.db"
    with sqlite3.connect(store) as connection:
        for (name,) in connection.execute(
            "select name from sqlite_master where type='trigger'"
        ).fetchall():
            connection.execute(f'drop trigger "{name}"')
        connection.execute("update change set outcome = 3 where outcome = 0")
    connection.close()
    code, out, _ = assay("evidence", "verify")
    assert code == 1
    assert out.startswith("invalid: ")


def test_a_kept_checkpoint_finds_a_log_that_was_made_anew(assay):
    assay("check")
    _, kept, _ = assay("evidence", "checkpoint")
    held = assay.folder / "held.txt"
    held.write_text(kept)
    assert assay("evidence", "verify", "--checkpoint", held)[0] == 0
    key = (assay.folder / "evidence/log.key").read_bytes()
    shutil.rmtree(assay.folder / "evidence")
    (assay.folder / "evidence").mkdir()
    (assay.folder / "evidence/log.key").write_bytes(key)
    (assay.folder / "evidence/log.key").chmod(0o400)
    assay("check")
    assert assay("evidence", "verify")[0] == 0
    code, out, _ = assay("evidence", "verify", "--checkpoint", held)
    assert code == 1
    assert out.startswith("invalid: ")


def test_replay_gives_every_outcome_again(assay, cloud):
    with cloud.broken("s3:GetBucketPolicy", mentions="bad"):
        assay("check")
    code, out, _ = assay("replay")
    assert code == 0
    assert "0 differ" in out
    assert not out.startswith("entry 1: 0 findings")


# --- rules -------------------------------------------------------------------------------------


def test_rules_are_listed_shown_and_tested(assay):
    _, out, _ = assay("rules", "list", "--format", "json")
    assert [i["rule"] for i in items(out)] == sorted(rule.split("/")[1][:-5] for rule in RULES)
    _, out, _ = assay("rules", "show", "aws-s3-bucket-versioning")
    assert "s3:GetBucketVersioning" in out
    code, out, _ = assay("rules", "test")
    assert code == 0
    assert "0 wrong" in out


def test_a_new_rule_loads_and_its_examples_hold(assay):
    code, _, _ = assay(
        "rules", "new", "my-rule", "--check", "aws.s3.bucket", "--folder", assay.folder
    )
    assert code == 0
    path = assay.folder / "my-rule.yaml"
    code, out, _ = assay("rules", "test", path)
    assert code == 0
    assert "1 rules, 0 wrong" in out
    code, _, err = assay(
        "rules", "new", "my-rule", "--check", "aws.s3.bucket", "--folder", assay.folder
    )
    assert code == 3
    assert "exists already" in err


def test_a_broken_rule_is_named_with_its_place(assay):
    path = assay.folder / "a-rule.yaml"
    path.write_text("id: a-rule\ntitel: x\n")
    code, _, err = assay("rules", "test", path)
    assert code == 3
    assert f"{path}:2:1" in err
    assert "did you mean 'title'?" in err


def test_lint_finds_nothing_in_the_shipped_rules(assay, cloud):
    config = configure(assay.folder, cloud.url, shipped_rules=True, rules_paths=[])
    code, out, _ = assay("rules", "lint", config=config)
    assert code == 0
    assert "error" not in {line.split()[0] for line in out.splitlines()}


# --- setting up --------------------------------------------------------------------------------


def test_init_writes_a_configuration_that_loads_and_never_overwrites(assay):
    path = assay.folder / "new.yaml"
    assert assay("init", path)[0] == 0
    assert load_settings(path, {}).targets[0].provider == "aws"
    before = path.read_bytes()
    code, _, err = assay("init", path)
    assert code == 3
    assert "exists already" in err
    assert path.read_bytes() == before


def test_permissions_are_exactly_what_the_rules_need(assay):
    _, out, _ = assay("permissions", "aws")
    policy = json.loads(out)
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert actions == {
        "ec2:DescribeRegions",
        "ec2:DescribeSecurityGroups",
        "s3:GetBucketPolicy",
        "s3:GetBucketVersioning",
        "s3:ListAllMyBuckets",
    }


def test_the_doctor_says_what_to_grant(assay, cloud):
    code, out, _ = assay("doctor")
    assert code == 0
    assert "we are arn:aws:" in out
    with cloud.broken("s3:GetBucketVersioning"):
        code, out, _ = assay("doctor")
    assert code == 2
    assert "grant s3:GetBucketVersioning" in out


# --- the process -------------------------------------------------------------------------------


def test_every_listing_has_json(assay):
    assay("check")
    for words in (
        ["rules", "list"],
        ["rules", "show", "aws-s3-bucket-versioning"],
        ["rules", "test"],
        ["rules", "lint"],
        ["evidence", "log"],
        ["evidence", "as-of"],
        ["evidence", "deviations"],
        ["evidence", "gaps"],
        ["replay"],
        ["doctor"],
        ["check"],
    ):
        _, out, _ = assay(*words, "--format", "json")
        assert json.loads(out)["schema"].startswith("assay."), words


def test_help_imports_no_sdk_and_no_server():
    program = (
        "import sys; from agent.cli.app import run; run(['--help']);"
        "bad = {'boto3', 'botocore', 'sqlalchemy', 'fastapi', 'uvicorn', 'jsonschema', 'moto'};"
        "sys.exit(sorted(bad & sys.modules.keys()) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_early_is_no_error(assay):
    done = subprocess.run(
        f"{sys.executable} -m agent -c {assay.config} rules list | true",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
    )
    assert done.stderr == ""
