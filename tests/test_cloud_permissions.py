"""The printed roles of Azure and Google Cloud are enough, and nothing in them is too much."""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from cloud_kit import CHECKS

from agent.permissions.azure import ANYWHERE, azure_role, to_json, to_shell
from agent.permissions.azure import SESSION as AZURE
from agent.permissions.gcp import SESSION as GCP
from agent.permissions.gcp import gcp_role, to_yaml
from agent.permissions.gcp import to_terraform as gcp_terraform
from agent.plan import calls_of, make_plan
from agent.rules.load import load_rules
from agent.rules.rule import Rule
from checks.azure.rights import missing
from checks.schema import schema_of

ROOT = Path(__file__).parents[1]


@cache
def rules(cloud: str) -> dict[str, Rule]:
    return load_rules([ROOT / "rules" / cloud], CHECKS, schema_of)


@cache
def needed(cloud: str) -> tuple[str, ...]:
    return make_plan(rules(cloud), CHECKS).permissions


def test_every_listing_of_azure_is_given_by_the_printed_role_and_by_no_less() -> None:
    actions = json.loads(to_json(azure_role(needed("azure"))))["Actions"]
    plan = make_plan(rules("azure"), CHECKS)
    wanted = {
        need
        for call in calls_of(plan.facets, CHECKS)
        if call.service in {"resourcegraph", "arm"}
        for need in call.needs
    }
    assert missing(wanted, [{"actions": actions}]) == ()
    assert set(actions) - wanted == set(AZURE)
    for action in wanted:
        assert missing([action], [{"actions": [one for one in actions if one != action]}])


def test_no_printed_action_can_write_or_read_data() -> None:
    role = json.loads(to_json(azure_role(needed("azure"))))
    assert [name for name in role["Actions"] if not name.lower().endswith("/read")] == []
    assert role["DataActions"] == role["NotActions"] == []
    assert [name for name in role["Actions"] if "*" in name] == []
    verbs = {name.rpartition(".")[2] for name in gcp_role(needed("gcp")).permissions}
    assert [verb for verb in verbs if not verb.startswith(("list", "get", "search"))] == []


def test_what_graph_grants_is_apart_from_the_role() -> None:
    role = azure_role(["User.Read.All", "Microsoft.Compute/disks/read"])
    assert role.graph == ("User.Read.All",)
    assert "User.Read.All" not in to_json(role)
    assert "User.Read.All" in to_shell(role)
    assert set(azure_role(needed("azure")).graph) >= {"User.Read.All", "AuditLog.Read.All"}


def test_the_role_can_be_assigned_where_the_configuration_looks() -> None:
    one = "11111111-2222-3333-4444-555555555555"
    assert azure_role([]).scopes == (ANYWHERE,)
    assert azure_role([], subscriptions=[one]).scopes == (f"/subscriptions/{one}",)
    grouped = azure_role([], groups=["prod"])
    assert grouped.scopes == ("/providers/Microsoft.Management/managementGroups/prod",)
    assert "Microsoft.Management/managementGroups/descendants/read" in grouped.actions


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no shell")
def test_the_commands_for_graph_are_a_shell_script() -> None:
    script = to_shell(azure_role(needed("azure")))
    subprocess.run(["sh", "-n"], input=script, text=True, check=True, timeout=10)


def test_the_role_of_google_cloud_holds_permissions_and_the_directory_a_scope() -> None:
    role = gcp_role(needed("gcp"))
    written = yaml.safe_load(to_yaml(role))
    plan = make_plan(rules("gcp"), CHECKS)
    wanted = {
        need
        for call in calls_of(plan.facets, CHECKS)
        if call.service == "asset"
        for need in call.needs
    }
    assert set(written["includedPermissions"]) == {*wanted, *GCP}
    scope = "https://www.googleapis.com/auth/admin.directory.user.readonly"
    alone = gcp_role([scope])
    assert alone.permissions == GCP
    for text in (to_yaml(alone), gcp_terraform(alone)):
        assert f"#   {scope}\n" in text
    assert "delegation" not in to_yaml(gcp_role([]))


def test_a_quota_project_needs_a_permission_beside() -> None:
    assert "serviceusage.services.use" in gcp_role([], quota=True).permissions
    assert "serviceusage.services.use" not in gcp_role([]).permissions


def test_a_format_that_a_cloud_does_not_have_is_refused_with_those_that_it_has() -> None:
    words = [sys.executable, "-m", "agent", "-c", "/dev/null", "permissions", "gcp", "-f", "json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "json: not a format for gcp; use yaml, terraform" in done.stderr
