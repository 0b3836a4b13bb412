# The container that keeps copies of checkpoints, which nobody can take away before their time.
# Best applied in a subscription whose administrators are not those of the agent.

terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0"
    }
  }
}

variable "account" {
  description = "Name of the storage account."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.account))
    error_message = "A storage account's name is 3 to 24 lower-case letters or digits."
  }
}

variable "container" {
  description = "Name of the container."
  type        = string
  default     = "checkpoints"

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9])+$", var.container)) && length(var.container) >= 3 && length(var.container) <= 63
    error_message = "A container's name is 3 to 63 lower-case letters, digits or single hyphens."
  }
}

variable "resource_group_name" {
  description = "The resource group of the account."
  type        = string
}

variable "resource_group_id" {
  description = "Its id: where the role of the writer is defined."
  type        = string

  validation {
    condition     = can(regex("^/subscriptions/[^/]+/resourceGroups/[^/]+$", var.resource_group_id))
    error_message = "A resource group is /subscriptions/ID/resourceGroups/NAME"
  }
}

variable "location" {
  description = "The region of the account."
  type        = string
}

variable "replication" {
  description = "How the account is replicated."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS"], var.replication)
    error_message = "LRS, ZRS, GRS or GZRS."
  }
}

variable "retain_days" {
  description = "Days for which nobody can take a copy away."
  type        = number
  default     = 400

  validation {
    condition     = var.retain_days >= 1 && var.retain_days <= 146000 && floor(var.retain_days) == var.retain_days
    error_message = "Whole days from 1 to 146,000."
  }
}

variable "locked" {
  description = "Whether the account's own policy is locked, for ever: false in the first apply, as Azure makes none that is locked, then true. The copies are locked one by one in either case."
  type        = bool
  default     = false
}

variable "writer_principal_id" {
  description = "Object id of the identity that the agent runs as (output principal_id of the module azure)."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F-]{36}$", var.writer_principal_id))
    error_message = "An object id is such as 11111111-2222-3333-4444-555555555555."
  }
}

variable "tags" {
  description = "Tags of the account."
  type        = map(string)
  default     = {}
}

# Immutable storage with versioning, of which each copy gets a locked policy of its own: it can only
# be switched on when the account is made.
resource "azurerm_storage_account" "copies" {
  name                = var.account
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.replication

  https_traffic_only_enabled        = true
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true
  allow_nested_items_to_be_public   = false
  shared_access_key_enabled         = false
  local_user_enabled                = false
  cross_tenant_replication_enabled  = false
  default_to_oauth_authentication   = true

  blob_properties {
    versioning_enabled = true
  }

  immutability_policy {
    state                         = var.locked ? "Locked" : "Unlocked"
    period_since_creation_in_days = var.retain_days
    allow_protected_append_writes = false
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "copies" {
  name                  = var.container
  storage_account_id    = azurerm_storage_account.copies.id
  container_access_type = "private"
}

# To read and to write, and not to delete.
resource "azurerm_role_definition" "copies" {
  name              = "Assay copies in ${var.account}"
  description       = "Keeps copies of checkpoints, and takes none away."
  scope             = var.resource_group_id
  assignable_scopes = [var.resource_group_id]

  permissions {
    data_actions = [
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    ]
  }
}

resource "azurerm_role_assignment" "copies" {
  scope              = azurerm_storage_container.copies.id
  role_definition_id = azurerm_role_definition.copies.role_definition_resource_id
  principal_id       = var.writer_principal_id
  principal_type     = "ServicePrincipal"
}

output "account" {
  description = "Name of the storage account."
  value       = azurerm_storage_account.copies.name
}

output "container" {
  description = "Name of the container."
  value       = azurerm_storage_container.copies.name

  depends_on = [azurerm_role_assignment.copies]
}
