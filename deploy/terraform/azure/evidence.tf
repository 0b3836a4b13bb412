# The store: SQLite on a share that speaks NFS 4.1, which has the locks and the file modes that the
# store and its key need; SMB has neither. NFS is not encrypted on its way, and it wants
# https_traffic_only_enabled off: so nobody but the agent's own subnet reaches the account.

resource "azurerm_storage_account" "evidence" {
  name                = var.evidence_account
  resource_group_name = azurerm_resource_group.agent.name
  location            = var.location
  tags                = var.tags

  account_kind             = "FileStorage"
  account_tier             = "Premium"
  account_replication_type = "ZRS"

  https_traffic_only_enabled        = false
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true
  allow_nested_items_to_be_public   = false
  shared_access_key_enabled         = false
  local_user_enabled                = false
  cross_tenant_replication_enabled  = false
  default_to_oauth_authentication   = true

  network_rules {
    default_action             = "Deny"
    bypass                     = ["None"]
    virtual_network_subnet_ids = [var.subnet_id]
  }

  share_properties {
    retention_policy {
      days = 30
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_share" "evidence" {
  name               = "evidence"
  storage_account_id = azurerm_storage_account.evidence.id
  enabled_protocol   = "NFS"
  quota              = var.share_gib

  lifecycle {
    prevent_destroy = true
  }
}

module "anchor" {
  source = "./anchor"
  count  = var.copies_elsewhere ? 0 : 1

  account             = var.copies_account
  container           = var.copies_container
  resource_group_name = azurerm_resource_group.agent.name
  resource_group_id   = azurerm_resource_group.agent.id
  location            = var.location
  retain_days         = var.retain_days
  locked              = var.copies_locked
  writer_principal_id = azurerm_user_assigned_identity.agent.principal_id
  tags                = var.tags
}
