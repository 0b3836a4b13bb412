# Writes assay.yaml from what the module knows. It asks nobody anything and needs no provider, so
# that the tests can have it written and read it with the agent's own loader.

terraform {
  required_version = ">= 1.5"
}

variable "tenant" {
  description = "Id of the tenant that is observed."
  type        = string
}

variable "client_id" {
  description = "Client id of the managed identity that the agent runs as."
  type        = string
}

variable "subscriptions" {
  description = "Subscriptions that are expected; empty: all that the identity is shown."
  type        = list(string)
}

variable "management_groups" {
  description = "Observe the subscriptions below these instead."
  type        = list(string)
}

variable "exclude" {
  description = "Subscriptions that are not observed."
  type        = list(string)
}

variable "directory" {
  description = "Whether the tenant itself is observed."
  type        = bool
}

variable "origin" {
  description = "The log's name in every checkpoint."
  type        = string
}

variable "key_id" {
  description = "The version of the key that signs checkpoints (https://VAULT.vault.azure.net/keys/NAME/VERSION)."
  type        = string
}

variable "account" {
  description = "The storage account that keeps copies of checkpoints."
  type        = string
}

variable "container" {
  description = "The container in it."
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
    provider          = "azure"
    tenant            = var.tenant
    auth              = "managed_identity"
    client_id         = var.client_id
    subscriptions     = length(var.subscriptions) > 0 ? var.subscriptions : null
    management_groups = length(var.management_groups) > 0 ? var.management_groups : null
    exclude           = length(var.exclude) > 0 ? var.exclude : null
    directory         = var.directory
  }

  settings = {
    targets = [{ for key, value in local.target : key => value if value != null }]
    origin  = var.origin
    key     = { kind = "azure-key-vault", id = var.key_id }
    anchors = [{
      kind      = "azure"
      account   = var.account
      container = var.container
      retain    = "${var.retain_days}d"
    }]
    # Beyond loopback, behind the ingress that lets in the networks that are named and nobody else;
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
