# Writes assay.yaml from what the module knows. It asks nobody anything and needs no provider, so
# that the tests can have it written and read it with the agent's own loader.

terraform {
  required_version = ">= 1.5"
}

variable "account" {
  description = "The account that the agent runs in and observes: twelve digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An account's id is twelve digits."
  }
}

variable "organization" {
  description = "Observe the accounts of an organization; null: the agent's own account alone."
  type = object({
    role               = string
    external_id        = string
    include            = optional(list(string), [])
    exclude            = optional(list(string), [])
    management_account = optional(bool, true)
  })
  default = null
}

variable "regions" {
  description = "Regions to observe; empty: every one that is enabled in the account."
  type        = list(string)
}

variable "origin" {
  description = "The log's name in every checkpoint."
  type        = string
}

variable "key_arn" {
  description = "The KMS key that signs checkpoints."
  type        = string
}

variable "bucket" {
  description = "The bucket that keeps copies of checkpoints."
  type        = string
}

variable "bucket_region" {
  description = "The region of that bucket."
  type        = string
}

variable "retain_days" {
  description = "Days for which nobody can take a copy away."
  type        = number
}

variable "port" {
  description = "The port that metrics and pages are served on."
  type        = number
}

variable "web_config" {
  description = "Whether web.yml is among the files: who is asked for, and how, as Prometheus' own servers take it."
  type        = bool
  default     = false
}

variable "more" {
  description = "Top-level keys of assay.yaml that are added, or stand in place of the module's."
  type        = any
}

locals {
  target = {
    provider     = "aws"
    organization = var.organization
    regions      = length(var.regions) > 0 ? var.regions : null

    # With an organization the accounts are found; alone, another account's answer is an error.
    account = var.organization == null ? var.account : null
  }

  settings = {
    targets = [{ for key, value in local.target : key => value if value != null }]
    origin  = var.origin
    key     = { kind = "aws-kms", arn = var.key_arn }
    anchors = [{
      kind   = "s3"
      bucket = var.bucket
      region = var.bucket_region
      retain = "${var.retain_days}d"
    }]
    # Beyond loopback, for the scrapers that the security group lets in and nobody else;
    # only with web.yml are they asked who they are.
    http = {
      for key, value in {
        listen     = "0.0.0.0:${var.port}"
        web_config = var.web_config ? "web.yml" : null
        insecure   = var.web_config ? null : true
      } : key => value if value != null
    }
  }
}

output "yaml" {
  description = "The text of assay.yaml."
  value       = yamlencode(merge(local.settings, var.more))
}
