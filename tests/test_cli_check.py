"""`assay check`: what it shows, what it exits with, and one line for what is wrong."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from agent_kit import ROOT, TARGET, configure, items
from aws_kit import client

from agent.cli.told import to_grant


def test_check_shows_the_worst_first_and_exits_with_1_when_something_fails(assay, cloud):
    code, out, err = assay("check")
    assert code == 1
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["OUTCOME", "SEVERITY", "RULE"]
    assert [line.split()[0] for line in lines[1:4]] == ["fail", "fail", "fail"]
    assert f"security-group/{cloud.group}" in out
    assert "sealed as entry 2" in out
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


UNSURE = """\
id: aws-s3-bucket-numbered
title: Names of buckets are numbers above zero
check: aws.s3.bucket
severity: low
every: 1h
criteria: {soc2: [CC6.1]}
require: int(resource.Name) > 0
message: "{{resource.Name}} is too low"
rationale: To try what cannot be judged.
remediation: None.
examples:
  - {expect: pass, resource: {Name: "1"}}
  - {expect: fail, resource: {Name: "0"}}
  - {expect: error, resource: {Name: one}}
"""


def test_what_cannot_be_judged_is_told_with_its_reason(assay, cloud, tmp_path):
    file = tmp_path / "aws-s3-bucket-numbered.yaml"
    file.write_text(UNSURE)
    code, out, _ = assay("check", config=configure(tmp_path, cloud.url, rules_paths=[str(file)]))
    assert code == 2
    _, _, told = out.partition("what could not be judged:\n")
    assert "arn:aws:s3:::good  value  'good' is not an int" in told


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_what_is_lacking_is_asked_of_the_cloud_that_lacks_it(cloud):
    reports = [{"target": f"{cloud}:one", "unseen": [{"grant": ["b", "a"]}, {"grant": ["a"]}]}]
    reports += [{"target": "aws:other", "unseen": []}]
    assert to_grant(reports) == (
        f"\ngrant a, b; `assay permissions {cloud}` prints the whole policy\n"
    )


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_that_leaves_early_does_not_turn_a_failure_into_a_pass(assay, form):
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "agent", "-c", str(assay.config), "check", "--format", form]
    done = subprocess.run(
        words, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False, cwd=ROOT
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


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
