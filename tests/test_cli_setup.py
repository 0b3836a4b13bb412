"""`assay rules`, `init`, `permissions`, `doctor`, and the command line as a process."""

import json
import os
import subprocess
import sys

from agent_kit import ROOT, RULES, configure, items
from aws_kit import ENVIRONMENT

from agent.config import load_settings


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
