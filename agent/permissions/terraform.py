"""The role that Assay takes in an observed account, and its policies, as a Terraform module. Pure.

Written as `terraform fmt` would leave it. The trust names an account and an external id: without
the second, anybody who may use the agent could make it read for them (IAM user guide, "the
confused deputy problem").
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from agent.permissions.aws import OBSERVED, Policy

_HEAD = """\
# Written by `assay permissions aws --format terraform`: what the rules in force read, and no more.
# Apply it in every account that is observed.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

variable "agent_account" {
  description = "The account that the agent runs in: twelve digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.agent_account))
    error_message = "An account's id is twelve digits."
  }
}

variable "external_id" {
  description = "What the agent must say to be let in (external_id of the target in assay.yaml)."
  type        = string

  validation {
    condition = (
      can(regex("^[A-Za-z0-9_+=,.@:/-]{2,}$", var.external_id)) && length(var.external_id) <= 1224
    )
    error_message = "An external id is 2 to 1,224 letters, digits or _+=,.@:/-"
  }
}

variable "role_name" {
  description = "What the role is called (the end of role_arn in assay.yaml)."
  type        = string
  default     = "assay-read"
}

data "aws_partition" "current" {}
"""

_BODY = """\
resource "aws_iam_role" "read" {
  name        = var.role_name
  description = "Taken by Assay to read what its rules are about."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${var.agent_account}:root" }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_policy" "read" {
  for_each = local.policies

  name        = "${var.role_name}-${each.key}"
  description = "What the rules of Assay read."
  policy      = jsonencode(each.value)
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = aws_iam_policy.read

  role       = aws_iam_role.read.name
  policy_arn = each.value.arn
}

output "role_arn" {
  description = "What to write as role_arn of the target in assay.yaml."
  value       = aws_iam_role.read.arn
}
"""  # noqa: E501 - a line of Terraform is one line

_BESIDE = """\

data "aws_caller_identity" "current" {}

# For other identities than the role: each is made in its own account alone; attach it there.
resource "aws_iam_policy" "beside" {
  for_each = {
    for name, policy in local.beside : name => policy
    if data.aws_caller_identity.current.account_id == policy.account
  }

  name        = "${var.role_name}-${each.key}"
  description = each.value.whom
  policy      = jsonencode(each.value.document)
}

output "policies_to_attach" {
  description = "Policies to attach to other identities of this account, by name."
  value       = { for name, policy in aws_iam_policy.beside : name => policy.arn }
}
"""


def to_terraform(policies: Iterable[Policy]) -> str:
    """Write the module."""
    policies = list(policies)
    reads = [policy for policy in policies if policy.whom == OBSERVED]
    beside = [policy for policy in policies if policy.whom != OBSERVED]
    lines = ["locals {", "  policies = {"]
    for policy in reads:
        lines += [f"    {_quoted(policy.name)} = {{", *_document(policy, 6), "    }"]
    lines.append("  }")
    if beside:
        lines += ["", "  beside = {", *(line for each in beside for line in _beside(each)), "  }"]
    lines.append("}")
    written = "\n".join(lines) + "\n"
    return f"{_HEAD}\n{written}\n{_BODY}" + (_BESIDE if beside else "")


def _beside(policy: Policy) -> list[str]:
    account = _quoted(policy.account) if policy.account else "var.agent_account"
    return [
        f"    {_quoted(policy.name)} = {{",
        f"      account = {account}",
        f"      whom    = {_quoted(policy.whom)}",
        "      document = {",
        *_document(policy, 8),
        "      }",
        "    }",
    ]


def _document(policy: Policy, depth: int) -> list[str]:
    """The members of a policy document."""
    lines = ['Version = "2012-10-17"', "Statement = ["]
    for statement in policy.statements:
        document = statement.document
        lines += [
            "  {",
            f"    Sid      = {_quoted(document['Sid'])}",
            f"    Effect   = {_quoted(document['Effect'])}",
            f"    Resource = {_value(document['Resource'])}",
            "    Action = [",
            *(f"      {_quoted(action)}," for action in statement.actions),
            "    ]",
            "  },",
        ]
    lines.append("]")
    return [" " * depth + line for line in lines]


def _value(value: str | list[str]) -> str:
    return _quoted(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"


def _quoted(text: str) -> str:
    """A string of HCL, in which `${` and `%{` would begin a template."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")
