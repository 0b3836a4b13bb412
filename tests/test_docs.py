"""What the documents say is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cel import FUNCTIONS
from agent.rules.load import load_rules
from agent.rules.schema import SCHEMA
from checks.aws.schema import schema_of
from checks.load import load_checks

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(text):
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def test_the_rule_of_the_readme_loads(tmp_path):
    (rule,) = blocks(README)
    name = re.search(r"^id: (\S+)$", rule, re.MULTILINE)[1]
    file = tmp_path / f"{name}.yaml"
    file.write_text(rule)
    assert list(load_rules([file], load_checks(), schema_of)) == [name]


def test_the_check_of_the_guide_loads(tmp_path):
    (check,) = blocks((ROOT / "docs/checks.md").read_text())
    file = tmp_path / "s3.yaml"
    file.write_text(check)
    assert list(load_checks([file], shipped=False)) == ["aws.s3.bucket"]


def test_every_key_of_a_rule_and_every_function_of_our_own_is_in_the_guide():
    guide = (ROOT / "docs/rules.md").read_text()
    assert [key for key in SCHEMA["properties"] if f"`{key}`" not in guide] == []
    shown = set(re.findall(r"`([a-z_A-Z]+)\(|`([a-zA-Z]+)`", guide))
    named = {word for pair in shown for word in pair}
    ours = {"days", "age_days", "lower", "glob", "cidr_contains", "is_public_cidr", "port_in"}
    assert ours | {"policy_allows", "policy_denies"} <= named & {name for name, _ in FUNCTIONS}


@pytest.mark.parametrize("line", re.findall(r"^    assay (\w+)", README, re.MULTILINE))
def test_every_command_of_the_readme_exists(line):
    words = [sys.executable, "-m", "agent", line, "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


def test_every_file_that_the_readme_links_to_is_there():
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / link).exists(), link
