"""`assay permissions`: the exact policy that the rules in force need, ready to be applied."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
    sys.stdout.write(write([*policies, *_beside(settings)]))


def _beside(settings: Settings) -> Iterator[Policy]:
    """Policies of other identities than the role, from the targets that are reached through one."""
    from agent.permissions.aws import agent_policy, discovery_policy
    from checks.aws.settings import ROLE_ARN, AwsSettings

    targets = [target for target in settings.targets if isinstance(target, AwsSettings)]
    agent = agent_policy(target.role_arn for target in targets if target.role_arn)
    yield from [agent] if agent else []
    found = [(target, target.organization) for target in targets if target.organization]
    for number, (target, organization) in enumerate(found, start=1):
        entered = ROLE_ARN.fullmatch(target.role_arn)
        partition, account = entered.groups() if entered else (target.partition or "aws", "")
        places = (*organization.include, *organization.exclude)
        yield discovery_policy(
            "discovery" if len(found) == 1 else f"discovery-{number}",
            f"arn:{partition}:iam::*:role/{organization.role}",
            units=any(place.startswith("ou-") for place in places),
            account=account,
        )
