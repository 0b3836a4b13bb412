"""The custom role of Azure that the rules in force need, and what of Microsoft Graph. Pure.

Two systems: Resource Manager takes actions of a role, assigned on subscriptions or management
groups; Microsoft Graph takes application permissions, granted to the program once for the tenant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from msgspec import Struct

SESSION = (
    "Microsoft.Authorization/permissions/read",
    "Microsoft.ResourceGraph/resources/read",
    "Microsoft.Resources/subscriptions/read",
)
"""What the session itself asks, whatever the rules: which subscriptions there are, what we may
read on each, and Resource Graph."""

GROUPS = ("Microsoft.Management/managementGroups/descendants/read",)
"""What finding the subscriptions below management groups needs beside."""

GRAPH = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph, the same in every tenant."""

ANYWHERE = "/providers/Microsoft.Management/managementGroups/ROOT_GROUP_ID"
"""Where the role can be assigned when the configuration names no place: to be filled in; the root
group's id is that of the tenant."""

NAME = "Assay reader"
DESCRIPTION = "Reads what the rules of Assay are about, and no more."


class Role(Struct, frozen=True, kw_only=True):
    """What the rules need of Azure."""

    actions: tuple[str, ...]
    """Of Resource Manager, sorted."""
    graph: tuple[str, ...]
    """Application permissions of Microsoft Graph, sorted."""
    scopes: tuple[str, ...] = (ANYWHERE,)
    """Where the role can be assigned."""


def azure_role(
    permissions: Iterable[str],
    *,
    subscriptions: Iterable[str] = (),
    groups: Iterable[str] = (),
) -> Role:
    """Sort `permissions` by who grants them; `groups` are the management groups that are entered.

    An action of Resource Manager has a slash (`Microsoft.Compute/disks/read`), a permission of
    Graph has none (`User.Read.All`).
    """
    needed, groups = sorted(set(permissions)), sorted(set(groups))
    actions = {*SESSION, *(GROUPS if groups else ()), *(name for name in needed if "/" in name)}
    entered = [f"/providers/Microsoft.Management/managementGroups/{group}" for group in groups]
    entered += [f"/subscriptions/{each}" for each in sorted(set(subscriptions))]
    return Role(
        actions=tuple(sorted(actions, key=str.lower)),
        graph=tuple(name for name in needed if "/" not in name),
        scopes=tuple(entered) or (ANYWHERE,),
    )


def to_json(role: Role) -> str:
    """Write the role as `az role definition create --role-definition @FILE` takes it."""
    definition = {
        "Name": NAME,
        "IsCustom": True,
        "Description": DESCRIPTION,
        "Actions": list(role.actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": list(role.scopes),
    }
    return json.dumps(definition, indent=2) + "\n"


def to_shell(role: Role) -> str:
    """Write the commands that grant the permissions of Graph to an identity."""
    return _SHELL.format(permissions=" \\\n  ".join(role.graph), graph=GRAPH)


def to_terraform(role: Role) -> str:
    """Write a module that makes the role, assigns it and grants the permissions of Graph."""
    lines = ["locals {", *_list("actions", role.actions), "", *_list("graph", role.graph), "}"]
    return "\n".join([_HEAD, *lines, "", _BODY])


def _list(name: str, values: Iterable[str]) -> list[str]:
    return [f"  {name} = [", *(f"    {json.dumps(value)}," for value in values), "  ]"]


_SHELL = """\
#!/bin/sh
# Written by `assay permissions azure --format shell`: grants what the rules in force read of
# Microsoft Graph, and no more. To be run once a tenant, by a Privileged Role Administrator:
#   sh graph.sh OBJECT_ID_OF_THE_SERVICE_PRINCIPAL_OR_MANAGED_IDENTITY
# The application permissions take effect at once; they need no consent beside.
set -eu
principal=${{1:?the object id of the service principal or managed identity}}
graph=$(az ad sp show --id {graph} --query id --output tsv)
for permission in \\
  {permissions}
do
  role=$(az ad sp show --id {graph} \\
    --query "appRoles[?value=='$permission' && contains(allowedMemberTypes, 'Application')].id" \\
    --output tsv)
  az rest --method POST \\
    --uri "https://graph.microsoft.com/v1.0/servicePrincipals/$graph/appRoleAssignedTo" \\
    --headers Content-Type=application/json \\
    --body "{{\\"principalId\\": \\"$principal\\", \\"resourceId\\": \\"$graph\\", \\"appRoleId\\": \\"$role\\"}}"
done
"""  # noqa: E501 - a line of shell is one line

_HEAD = """\
# Written by `assay permissions azure --format terraform`: what the rules in force read, and no
# more. Apply it once a tenant.

terraform {
  required_version = ">= 1.3"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 3.0"
    }
    azuread = {
      source  = "hashicorp/azuread"
      version = ">= 2.30"
    }
  }
}

variable "scope" {
  description = "Where the role is made and assigned: the id of a management group or a subscription."
  type        = string

  validation {
    condition     = can(regex("^/(subscriptions|providers/Microsoft.Management/managementGroups)/[^/]+$", var.scope))
    error_message = "A scope is /subscriptions/ID or /providers/Microsoft.Management/managementGroups/ID"
  }
}

variable "principal_id" {
  description = "Object id of the service principal or managed identity that the agent runs as."
  type        = string
}
"""  # noqa: E501 - a line of Terraform is one line

_BODY = """\
resource "azurerm_role_definition" "read" {
  name              = "Assay reader"
  description       = "Reads what the rules of Assay are about, and no more."
  scope             = var.scope
  assignable_scopes = [var.scope]

  permissions {
    actions = local.actions
  }
}

resource "azurerm_role_assignment" "read" {
  scope              = var.scope
  role_definition_id = azurerm_role_definition.read.role_definition_resource_id
  principal_id       = var.principal_id
}

data "azuread_service_principal" "graph" {
  client_id = "00000003-0000-0000-c000-000000000000"
}

resource "azuread_app_role_assignment" "read" {
  for_each = toset(local.graph)

  app_role_id         = data.azuread_service_principal.graph.app_role_ids[each.value]
  principal_object_id = var.principal_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}
"""
