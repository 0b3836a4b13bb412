output "principal_id" {
  description = "Object id of the agent's identity: an account for copies in another subscription grants it."
  value       = azurerm_user_assigned_identity.agent.principal_id
}

output "client_id" {
  description = "Client id of the agent's identity."
  value       = azurerm_user_assigned_identity.agent.client_id
}

output "url" {
  description = "Where metrics and pages are served, inside the network."
  value       = "https://${azurerm_container_app.agent.ingress[0].fqdn}"
}

output "address" {
  description = "The address that this name is to have in the network's private zone."
  value       = azurerm_container_app_environment.agent.static_ip_address
}

output "evidence_account" {
  description = "The storage account with the evidence."
  value       = azurerm_storage_account.evidence.name
}

output "assay_yaml" {
  description = "The configuration that the agent runs with."
  value       = module.settings.yaml
}
