"""`assay permissions`: the exact policy that the rules in force need, ready to be applied."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
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
    YAML = "yaml"
    SHELL = "shell"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


_Writers = Mapping[PolicyFormat, Callable[[], str]]
"""The first is what is written when none is chosen."""


def permissions(
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help="aws, azure or gcp")],
    form: Annotated[
        PolicyFormat | None,
        typer.Option("--format", "-f", help="How to write it; each cloud has some of these."),
    ] = None,
) -> None:
    """Print the exact policy that the enabled rules need.

    aws: json, the policy documents (where one does not hold everything, or where the agent takes
    roles, `{"policies": [{"name", "for", "document"}]}`), terraform or cloudformation, with a role
    that trusts one account that says an external id.

    azure: json, the custom role; shell, commands that grant the permissions of Microsoft Graph;
    terraform, both.

    gcp: yaml, the custom role, with what the directory of people needs; terraform.
    """
    from agent.config import load_settings
    from agent.pack import load_pack
    from agent.plan import make_plan

    if provider not in _CLOUDS:
        raise CommandError(f"{provider}: not known; use {', '.join(_CLOUDS)}")
    settings = load_settings(context.obj)
    pack = load_pack(settings)
    enabled = {**pack.rules, **{name: each.rule for name, each in pack.waiting.items()}}
    rules = {name: rule for name, rule in enabled.items() if rule.provider == provider}
    writers = _CLOUDS[provider](settings, make_plan(rules, pack.checks).permissions)
    write = writers.get(form or next(iter(writers)))
    if write is None:
        raise CommandError(f"{form}: not a format for {provider}; use {', '.join(writers)}")
    sys.stdout.write(write())


def _aws(settings: Settings, needed: tuple[str, ...]) -> _Writers:
    from agent.permissions.aws import read_policies, to_json
    from agent.permissions.cloudformation import to_cloudformation
    from agent.permissions.terraform import to_terraform

    policies = [*read_policies(needed), *_beside(settings)]
    return {
        PolicyFormat.JSON: lambda: to_json(policies),
        PolicyFormat.TERRAFORM: lambda: to_terraform(policies),
        PolicyFormat.CLOUDFORMATION: lambda: to_cloudformation(policies),
    }


def _azure(settings: Settings, needed: tuple[str, ...]) -> _Writers:
    from agent.permissions.azure import azure_role, to_json, to_shell, to_terraform
    from checks.azure.settings import AzureSettings

    targets = [target for target in settings.targets if isinstance(target, AzureSettings)]
    role = azure_role(
        needed,
        subscriptions=[each for target in targets for each in target.subscriptions],
        groups=[each for target in targets for each in target.management_groups],
    )
    return {
        PolicyFormat.JSON: lambda: to_json(role),
        PolicyFormat.SHELL: lambda: to_shell(role),
        PolicyFormat.TERRAFORM: lambda: to_terraform(role),
    }


def _gcp(settings: Settings, needed: tuple[str, ...]) -> _Writers:
    from agent.permissions.gcp import gcp_role, to_terraform, to_yaml
    from checks.gcp.settings import GcpSettings

    targets = [target for target in settings.targets if isinstance(target, GcpSettings)]
    role = gcp_role(needed, quota=any(target.quota_project for target in targets))
    return {
        PolicyFormat.YAML: lambda: to_yaml(role),
        PolicyFormat.TERRAFORM: lambda: to_terraform(role),
    }


_CLOUDS: Mapping[str, Callable[[Settings, tuple[str, ...]], _Writers]] = {
    "aws": _aws,
    "azure": _azure,
    "gcp": _gcp,
}


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
