# Written by `assay permissions azure --format terraform`: what the rules in force read, and no
# more. Apply it once a tenant.

terraform {
  required_version = ">= 1.3"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 3.0"
    }
    azuread = {
      source  = "hashicorp/azuread"
      version = ">= 2.30"
    }
  }
}

variable "scope" {
  description = "Where the role is made and assigned: the id of a management group or a subscription."
  type        = string

  validation {
    condition     = can(regex("^/(subscriptions|providers/Microsoft.Management/managementGroups)/[^/]+$", var.scope))
    error_message = "A scope is /subscriptions/ID or /providers/Microsoft.Management/managementGroups/ID"
  }
}

variable "principal_id" {
  description = "Object id of the service principal or managed identity that the agent runs as."
  type        = string
}

locals {
  actions = [
    "Microsoft.ApiManagement/service/read",
    "Microsoft.App/containerApps/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Authorization/policyAssignments/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Automation/automationAccounts/read",
    "Microsoft.Automation/automationAccounts/variables/read",
    "Microsoft.Batch/batchAccounts/read",
    "Microsoft.Cache/redis/read",
    "Microsoft.Cdn/profiles/afdendpoints/read",
    "Microsoft.Cdn/profiles/customdomains/read",
    "Microsoft.Cdn/profiles/read",
    "Microsoft.Cdn/profiles/securitypolicies/read",
    "Microsoft.CognitiveServices/accounts/read",
    "Microsoft.Compute/disks/read",
    "Microsoft.Compute/snapshots/read",
    "Microsoft.Compute/virtualMachines/extensions/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachineScaleSets/read",
    "Microsoft.ContainerRegistry/registries/read",
    "Microsoft.ContainerService/locations/kubernetesversions/read",
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.Databricks/workspaces/read",
    "Microsoft.DataFactory/factories/read",
    "Microsoft.DataProtection/backupVaults/read",
    "Microsoft.DBforMySQL/flexibleServers/configurations/read",
    "Microsoft.DBforMySQL/flexibleServers/firewallRules/read",
    "Microsoft.DBforMySQL/flexibleServers/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/configurations/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/read",
    "Microsoft.DocumentDB/databaseAccounts/read",
    "Microsoft.EventGrid/topics/read",
    "Microsoft.EventHub/namespaces/networkRuleSets/read",
    "Microsoft.EventHub/namespaces/read",
    "Microsoft.Insights/actionGroups/read",
    "Microsoft.Insights/activityLogAlerts/read",
    "Microsoft.Insights/diagnosticSettings/read",
    "Microsoft.KeyVault/vaults/keys/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.KeyVault/vaults/secrets/read",
    "Microsoft.MachineLearningServices/workspaces/read",
    "Microsoft.Network/applicationGateways/read",
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/read",
    "Microsoft.Network/azureFirewalls/read",
    "Microsoft.Network/bastionHosts/read",
    "Microsoft.Network/connections/read",
    "Microsoft.Network/firewallPolicies/read",
    "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/read",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/networkWatchers/flowLogs/read",
    "Microsoft.Network/networkWatchers/read",
    "Microsoft.Network/publicIPAddresses/read",
    "Microsoft.Network/virtualNetworkGateways/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.OperationalInsights/workspaces/read",
    "Microsoft.RecoveryServices/Vaults/backupconfig/read",
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read",
    "Microsoft.RecoveryServices/Vaults/read",
    "Microsoft.ResourceGraph/resources/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Search/searchServices/read",
    "Microsoft.Security/pricings/read",
    "Microsoft.Security/securityContacts/read",
    "Microsoft.Security/settings/read",
    "Microsoft.ServiceBus/namespaces/networkRuleSets/read",
    "Microsoft.ServiceBus/namespaces/read",
    "Microsoft.Sql/servers/administrators/read",
    "Microsoft.Sql/servers/auditingSettings/read",
    "Microsoft.Sql/servers/azureADOnlyAuthentications/read",
    "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies/read",
    "Microsoft.Sql/servers/databases/read",
    "Microsoft.Sql/servers/databases/transparentDataEncryption/read",
    "Microsoft.Sql/servers/encryptionProtector/read",
    "Microsoft.Sql/servers/firewallRules/read",
    "Microsoft.Sql/servers/read",
    "Microsoft.Sql/servers/securityAlertPolicies/read",
    "Microsoft.Storage/storageAccounts/blobServices/read",
    "Microsoft.Storage/storageAccounts/managementPolicies/read",
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Web/certificates/Read",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies/Read",
    "Microsoft.Web/sites/config/Read",
    "Microsoft.Web/sites/Read",
  ]

  graph = [
    "Application.Read.All",
    "AuditLog.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
    "User.Read.All",
  ]
}

resource "azurerm_role_definition" "read" {
  name              = "Assay reader"
  description       = "Reads what the rules of Assay are about, and no more."
  scope             = var.scope
  assignable_scopes = [var.scope]

  permissions {
    actions = local.actions
  }
}

resource "azurerm_role_assignment" "read" {
  scope              = var.scope
  role_definition_id = azurerm_role_definition.read.role_definition_resource_id
  principal_id       = var.principal_id
}

data "azuread_service_principal" "graph" {
  client_id = "00000003-0000-0000-c000-000000000000"
}

resource "azuread_app_role_assignment" "read" {
  for_each = toset(local.graph)

  app_role_id         = data.azuread_service_principal.graph.app_role_ids[each.value]
  principal_object_id = var.principal_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}
