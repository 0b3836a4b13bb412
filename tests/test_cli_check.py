"""`assay check`: what it shows, what it exits with, and one line for what is wrong."""

import csv
import io
import json

import pytest
from agent_kit import TARGET, configure, items
from aws_kit import client


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
