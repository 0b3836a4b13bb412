# What assay.yaml says of AWS alone; ../../settings writes the rest. It needs no provider, so that
# the tests can have it computed.

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

output "target" {
  description = "What is observed; what is null is left out."
  value = {
    provider     = "aws"
    organization = var.organization
    regions      = length(var.regions) > 0 ? var.regions : null

    # With an organization the accounts are found; alone, another account's answer is an error.
    account = var.organization == null ? var.account : null
  }
}

output "key" {
  description = "What signs checkpoints."
  value       = { kind = "aws-kms", arn = var.key_arn }
}

output "anchor" {
  description = "Where copies of checkpoints are kept."
  value = {
    kind   = "s3"
    bucket = var.bucket
    region = var.bucket_region
  }
}
