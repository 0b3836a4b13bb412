resource "azurerm_resource_group" "agent" {
  name     = var.name
  location = var.location
  tags     = var.tags
}

resource "azurerm_user_assigned_identity" "agent" {
  name                = var.name
  resource_group_name = azurerm_resource_group.agent.name
  location            = var.location
  tags                = var.tags
}

# The role that `assay permissions azure` prints, and the permissions of Microsoft Graph.
module "permissions" {
  source = "../../permissions/azure"

  scope        = var.scope
  principal_id = azurerm_user_assigned_identity.agent.principal_id
}

resource "azurerm_role_assignment" "registry" {
  count = var.registry == null ? 0 : 1

  scope                = var.registry.id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.agent.principal_id
  principal_type       = "ServicePrincipal"
}
