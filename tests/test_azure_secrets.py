"""What Azure shows of secrets is not kept."""

import json

from azure_kit import ONE, make_world, put, serving, tenant_on
from cloud_kit import look

ACCOUNT = "azure.operations.automation"


def test_what_an_open_variable_of_automation_holds_is_not_kept(tmp_path):
    world = make_world()
    identity = put(world, ONE, "Microsoft.Automation/automationAccounts", "jobs")
    held = {"name": "token", "properties": {"isEncrypted": False, "value": '"hunter2"'}}
    world.answer(f"{identity}/variables", [held])
    with serving(world, tmp_path) as server:
        seen = look(tenant_on(server, tmp_path).session(ONE), {ACCOUNT: {"Variables"}})
    [account] = seen.resources.values()
    assert account.attributes["Variables"][0]["properties"]["isEncrypted"] is False
    assert "hunter2" not in json.dumps(account.attributes)
