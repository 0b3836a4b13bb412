# One agent on Container Apps: one replica, its evidence on an NFS share of Azure Files, copies of its
# checkpoints in a container that nobody can empty. docs/install-azure.md says how to use it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.0"
    }
    azuread = {
      source  = "hashicorp/azuread"
      version = ">= 3.0"
    }
  }
}
