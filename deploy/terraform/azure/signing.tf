# The key that signs checkpoints: nobody takes it away. Whoever applies this needs the role Key Vault
# Crypto Officer on the vault, which being its owner does not give.

resource "azurerm_key_vault" "signing" {
  name                       = var.vault
  resource_group_name        = azurerm_resource_group.agent.name
  location                   = var.location
  tenant_id                  = azurerm_user_assigned_identity.agent.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 90
  tags                       = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_key_vault_key" "signing" {
  name         = "checkpoints"
  key_vault_id = azurerm_key_vault.signing.id
  key_type     = "EC"
  curve        = "P-256"
  key_opts     = ["sign", "verify"]
  tags         = var.tags

  lifecycle {
    prevent_destroy = true # a log belongs to its key: nothing could be sealed any more
  }
}

# To sign, and to read the public half.
resource "azurerm_role_definition" "signing" {
  name              = "Assay signing in ${var.vault}"
  description       = "Signs checkpoints."
  scope             = azurerm_resource_group.agent.id
  assignable_scopes = [azurerm_resource_group.agent.id]

  permissions {
    data_actions = [
      "Microsoft.KeyVault/vaults/keys/read",
      "Microsoft.KeyVault/vaults/keys/sign/action",
    ]
  }
}

resource "azurerm_role_assignment" "signing" {
  scope              = azurerm_key_vault_key.signing.resource_versionless_id
  role_definition_id = azurerm_role_definition.signing.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.agent.principal_id
  principal_type     = "ServicePrincipal"
}
