# What assay.yaml says of Azure alone; ../../settings writes the rest. It needs no provider, so that
# the tests can have it computed.

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

output "target" {
  description = "What is observed; what is null is left out."
  value = {
    provider          = "azure"
    tenant            = var.tenant
    auth              = "managed_identity"
    client_id         = var.client_id
    subscriptions     = length(var.subscriptions) > 0 ? var.subscriptions : null
    management_groups = length(var.management_groups) > 0 ? var.management_groups : null
    exclude           = length(var.exclude) > 0 ? var.exclude : null
    directory         = var.directory
  }
}

output "key" {
  description = "What signs checkpoints."
  value       = { kind = "azure-key-vault", id = var.key_id }
}

output "anchor" {
  description = "Where copies of checkpoints are kept."
  value = {
    kind      = "azure"
    account   = var.account
    container = var.container
  }
}
