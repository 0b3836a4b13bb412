"""What the documents say is so."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from shipped import CHECKS, all_rules

from agent.cel import FUNCTIONS
from agent.controls.load import load_controls
from agent.permissions import azure, gcp
from agent.permissions.aws import read_policies, to_json
from agent.permissions.cloudformation import to_cloudformation
from agent.permissions.terraform import to_terraform
from agent.plan import make_plan
from agent.reference.families import load_families
from agent.reference.markdown import anchor
from agent.reference.pages import reference_pages
from agent.rules.frameworks import load_frameworks
from agent.rules.load import load_rules
from agent.rules.schema import SCHEMA
from checks.load import load_checks
from checks.schema import schema_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
STALE = "out of date: `make docs` writes it anew"


@cache
def rules():
    return all_rules()


def blocks(text):
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def test_the_rule_of_the_readme_loads(tmp_path):
    (rule,) = blocks(README)
    name = re.search(r"^id: (\S+)$", rule, re.MULTILINE)[1]
    file = tmp_path / f"{name}.yaml"
    file.write_text(rule)
    assert list(load_rules([file], CHECKS, schema_of)) == [name]


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


def test_the_reference_and_the_mapping_are_those_of_the_rules():
    """When this fails: `make docs`."""
    schemas = {name: schema_of(check, CHECKS) for name, check in CHECKS.items()}
    frameworks = load_frameworks()
    controls = load_controls([], frameworks).controls
    pages = reference_pages(
        rules(),
        CHECKS,
        schemas,
        frameworks=frameworks,
        controls=controls,
        families=load_families(),
    )
    there = set((ROOT / "docs" / "reference").rglob("*.md"))
    written = {str(path.relative_to(ROOT / "docs")) for path in there} | {"mapping.md"}
    assert sorted(written ^ set(pages)) == [], STALE
    stale = [name for name in pages if (ROOT / "docs" / name).read_text() != pages[name]]
    assert stale == [], STALE


def test_every_link_of_the_reference_leads_somewhere():
    pages = [*(ROOT / "docs" / "reference").rglob("*.md"), ROOT / "docs" / "mapping.md"]
    headings = {
        page: {
            anchor(line.lstrip("# ")) for line in page.read_text().splitlines() if line[:1] == "#"
        }
        for page in pages
    }
    for page in pages:
        words = re.sub(
            r"```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE
        )
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", words):
            name, _, place = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target in headings, (page.name, link)
            assert not place or place in headings[target], (page.name, link)


SHIPPED = {
    "aws/policy.json": (read_policies, to_json),
    "aws/main.tf": (read_policies, to_terraform),
    "aws/role.yaml": (read_policies, to_cloudformation),
    "azure/role.json": (azure.azure_role, azure.to_json),
    "azure/graph.sh": (azure.azure_role, azure.to_shell),
    "azure/main.tf": (azure.azure_role, azure.to_terraform),
    "gcp/role.yaml": (gcp.gcp_role, gcp.to_yaml),
    "gcp/main.tf": (gcp.gcp_role, gcp.to_terraform),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_permissions_are_those_of_the_rules(name):
    """When this fails: `make docs`."""
    cloud = name.partition("/")[0]
    of_cloud = {rule: found for rule, found in rules().items() if found.provider == cloud}
    gather, write = SHIPPED[name]
    wanted = write(gather(make_plan(of_cloud, CHECKS).permissions))
    assert (ROOT / "deploy" / "permissions" / name).read_text() == wanted, STALE
