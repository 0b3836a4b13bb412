"""`assay permissions`: the exact policy that the rules in force need, ready to be applied."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CommandError

if TYPE_CHECKING:
    from agent.config import Settings
    from agent.permissions.aws import Policy


class PolicyFormat(StrEnum):
    """How a policy is written."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


def permissions(
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help="aws")],
    form: Annotated[
        PolicyFormat, typer.Option("--format", "-f", help="How to write it.")
    ] = PolicyFormat.JSON,
) -> None:
    """Print the exact policy that the rules in force need.

    terraform and cloudformation make the role too, which trusts one account that says an external
    id. json is the policy document alone; where one does not hold everything, or where the agent
    takes roles, it is `{"policies": [{"name", "for", "document"}]}`.
    """
    from agent.config import load_settings
    from agent.pack import load_pack
    from agent.permissions.aws import read_policies
    from agent.permissions.cloudformation import to_cloudformation
    from agent.permissions.terraform import to_terraform
    from agent.plan import make_plan

    if provider != "aws":
        raise CommandError(f"{provider}: not known; use aws")
    settings = load_settings(context.obj)
    pack = load_pack(settings)
    rules = {name: rule for name, rule in pack.rules.items() if rule.provider == provider}
    policies = read_policies(make_plan(rules, pack.checks).permissions)
    agent = _agent(settings)
    if form is PolicyFormat.JSON:
        sys.stdout.write(_json(policies, agent))
    else:
        to_text = to_terraform if form is PolicyFormat.TERRAFORM else to_cloudformation
        sys.stdout.write(to_text(policies, agent))


def _agent(settings: Settings) -> Policy | None:
    """Policy of the agent's own identity, from the targets that are reached through a role."""
    from agent.permissions.aws import agent_policy
    from checks.aws.settings import AwsSettings

    targets = settings.of(AwsSettings)
    return agent_policy((each.role_arn for each in targets if each.role_arn), discovers=False)


def _json(policies: tuple[Policy, ...], agent: Policy | None) -> str:
    if len(policies) == 1 and agent is None:
        return json.dumps(policies[0].document, indent=2) + "\n"
    rows = [
        {"name": policy.name, "for": "every observed account", "document": policy.document}
        for policy in policies
    ]
    if agent is not None:
        who = "the agent's own identity"
        rows.append({"name": agent.name, "for": who, "document": agent.document})
    return json.dumps({"policies": rows}, indent=2) + "\n"
