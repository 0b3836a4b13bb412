"""`assay permissions`: the exact policy that the rules in force need, ready to be applied."""

from __future__ import annotations

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
    """Print the exact policy that the enabled rules need.

    terraform and cloudformation make the role too, which trusts one account that says an external
    id. json is the policy document alone; where one does not hold everything, or where the agent
    takes roles, it is `{"policies": [{"name", "for", "document"}]}`.
    """
    from agent.config import load_settings
    from agent.pack import load_pack
    from agent.permissions.aws import read_policies, to_json
    from agent.permissions.cloudformation import to_cloudformation
    from agent.permissions.terraform import to_terraform
    from agent.plan import make_plan

    if provider != "aws":
        raise CommandError(f"{provider}: not known; use aws")
    settings = load_settings(context.obj)
    pack = load_pack(settings)
    enabled = {**pack.rules, **{name: each.rule for name, each in pack.waiting.items()}}
    rules = {name: rule for name, rule in enabled.items() if rule.provider == provider}
    policies = read_policies(make_plan(rules, pack.checks).permissions)
    write = {
        PolicyFormat.JSON: to_json,
        PolicyFormat.TERRAFORM: to_terraform,
        PolicyFormat.CLOUDFORMATION: to_cloudformation,
    }[form]
    sys.stdout.write(write(policies, _agent(settings)))


def _agent(settings: Settings) -> Policy | None:
    """Policy of the agent's own identity, from the targets that are reached through a role."""
    from agent.permissions.aws import agent_policy
    from checks.aws.settings import AwsSettings

    targets = settings.of(AwsSettings)
    return agent_policy((each.role_arn for each in targets if each.role_arn), discovers=False)
