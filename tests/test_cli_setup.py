"""`assay rules`, `init`, `permissions`, `doctor`, and the command line as a process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from agent_kit import ROOT, RULES, configure, items
from aws_kit import ENVIRONMENT

from agent import __version__
from agent.cli import main
from agent.cli.app import run
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
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "agent", "-c", str(assay.config), "rules", "list"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_one_line_however_it_is_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["assay", "--version"])
    main()
    assert run(["--version", "check"]) == 0
    assert capsys.readouterr().out == f"assay {__version__}\n" * 2


@pytest.fixture
def interrupts():
    """An interrupt is one, also where it was ignored from the start.

    A shell without job control lets what it runs in the background ignore SIGINT (POSIX, Shell
    Command Language, 2.11), and Python leaves that as it finds it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_ctrl_c_ends_a_command_with_its_own_exit_code(assay, cloud):
    # An interrupt that comes while the interpreter tidies up is lost: it does not count as one.
    for _ in range(3):
        with cloud.broken("*", kind="delay", seconds=0.5) as slow:

            def interrupt(slow=slow):
                while not slow.seen:
                    time.sleep(0.02)
                os.kill(os.getpid(), signal.SIGINT)

            hand = threading.Thread(target=interrupt)
            hand.start()
            code, _, err = assay("doctor")
            hand.join()
        if code == 130:
            break
    assert (code, err) == (130, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rules", "show", "aws-s3-bucket-versionin"], "no such rule in force, did you mean"),
        (["rules", "new", "a-rule", "--check", "aws.s3.bucket", "--folder", "{}/no"], "be written"),
        (["init", "{}/no/assay.yaml"], "cannot be written: No such file"),
        (["evidence", "as-of", "--outcome", "good"], "--outcome good: use one of fail, error"),
        (["evidence", "as-of", "noon"], "'noon' is not a time: write 2026-11-24"),
        (["evidence", "gaps", "--from", "2026-02-01", "--to", "2026-01-01"], "--from must be"),
        (["evidence", "verify", "--checkpoint", "{}/no"], "cannot be read: No such file"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(assay, words, message):
    assay("check", "--rule", "aws-s3-bucket-versioning")
    code, _, err = assay(*(word.replace("{}", str(assay.folder)) for word in words))
    assert code == 3
    assert message in err
    assert err.count("\n") == 1


def test_the_doctor_says_what_is_wrong_with_credentials_store_and_clock(assay, cloud):
    with cloud.broken("sts:GetCallerIdentity", code="InvalidClientTokenId"):
        code, out, _ = assay("doctor")
    assert (code, "nobody says who we are" in out) == (2, True)
    assay("check", "--rule", "aws-s3-bucket-versioning")
    _, out, _ = assay("doctor")
    assert "evidence.db" in out
    (assay.folder / "evidence/log.key").unlink()
    code, out, _ = assay("doctor")
    assert (code, "wrong" in out) == (2, True)
