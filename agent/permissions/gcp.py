"""The custom role of Google Cloud that the rules in force need, and what of the directory. Pure.

Two systems: IAM takes permissions of a role, granted on an organization, a folder or a project; the
Admin SDK takes OAuth scopes, delegated to the service account in the Admin console.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from msgspec import Struct

SESSION = ("cloudasset.assets.listResource",)
"""What the session itself asks, whatever the rules: which projects there are."""

QUOTA = ("serviceusage.services.use",)
"""What naming a project whose quota the calls use needs beside, on that project."""

OAUTH = "https://"
"""How an OAuth scope begins; a permission of IAM is `service.resource.verb`."""


class Role(Struct, frozen=True, kw_only=True):
    """What the rules need of Google Cloud."""

    permissions: tuple[str, ...]
    """Of IAM, sorted."""
    scopes: tuple[str, ...]
    """OAuth scopes of the Admin SDK, sorted."""


def gcp_role(permissions: Iterable[str], *, quota: bool = False) -> Role:
    """Sort `permissions` by who grants them; `quota`: whether a quota project is configured."""
    needed = sorted({*permissions, *SESSION, *(QUOTA if quota else ())})
    return Role(
        permissions=tuple(name for name in needed if not name.startswith(OAUTH)),
        scopes=tuple(name for name in needed if name.startswith(OAUTH)),
    )


def to_yaml(role: Role) -> str:
    """Write the role as `gcloud iam roles create --file` takes it."""
    lines = [
        "# Written by `assay permissions gcp`: what the rules in force read, and no more.",
        "#   gcloud iam roles create assayReader --organization=ORGANIZATION --file=role.yaml",
        "#   gcloud organizations add-iam-policy-binding ORGANIZATION \\",
        "#     --role=organizations/ORGANIZATION/roles/assayReader \\",
        "#     --member=serviceAccount:ACCOUNT",
        *_people(role),
        "title: Assay reader",
        "description: Reads what the rules of Assay are about, and no more.",
        "stage: GA",
        "includedPermissions:",
        *(f"- {name}" for name in role.permissions),
    ]
    return "\n".join(lines) + "\n"


def to_terraform(role: Role) -> str:
    """Write a module that makes the role and grants it to the service account."""
    permissions = [
        "locals {",
        "  permissions = [",
        *(f"    {json.dumps(name)}," for name in role.permissions),
        "  ]",
        "}",
    ]
    head = [_HEAD.rstrip("\n"), *_people(role)]
    return "\n".join([*head, "", _PROVIDER, *permissions, "", _BODY])


def _people(role: Role) -> list[str]:
    """What has to be done beside, by hand, for the people of the directory."""
    if not role.scopes:
        return []
    return [
        "# The people are read from the directory, which IAM does not govern. In the Admin console",
        "# (Security > API controls > Domain-wide delegation) add the client id of the service",
        "# account with the scope below, and name the administrator to read as in assay.yaml",
        "# (`admin`); or give the account an administrator role that reads users.",
        *(f"#   {scope}" for scope in role.scopes),
    ]


_HEAD = """\
# Written by `assay permissions gcp --format terraform`: what the rules in force read, and no more.
# Apply it once an organization.
"""

_PROVIDER = """\
terraform {
  required_version = ">= 1.3"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 4.0"
    }
  }
}

variable "organization" {
  description = "The number of the organization."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.organization))
    error_message = "An organization's id is a number."
  }
}

variable "service_account" {
  description = "E-mail address of the service account that the agent runs as."
  type        = string
}
"""

_BODY = """\
resource "google_organization_iam_custom_role" "read" {
  org_id      = var.organization
  role_id     = "assayReader"
  title       = "Assay reader"
  description = "Reads what the rules of Assay are about, and no more."
  permissions = local.permissions
}

resource "google_organization_iam_member" "read" {
  org_id = var.organization
  role   = google_organization_iam_custom_role.read.name
  member = "serviceAccount:${var.service_account}"
}
"""
