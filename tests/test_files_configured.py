"""A rule waits for the file that it needs, and whoever asks for it is told for what."""

import subprocess
import sys
from pathlib import Path

import pytest
from files_kit import PERSON, ROSTERED

from agent.config import ConfigError, load_settings
from agent.pack import load_pack

ROOT = Path(__file__).parents[1]


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
