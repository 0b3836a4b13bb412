output "service_account" {
  description = "E-mail address of the account that the agent runs as: a bucket in another project grants it."
  value       = google_service_account.agent.email
}

output "service_account_client_id" {
  description = "Its client id, for domain-wide delegation in the Admin console."
  value       = google_service_account.agent.unique_id
}

output "url" {
  description = "Where metrics and pages are served, inside the network."
  value       = "http://${google_compute_instance.agent.network_interface[0].network_ip}:${var.port}"
}

output "disk" {
  description = "The disk with the evidence."
  value       = google_compute_disk.evidence.id
}

output "assay_yaml" {
  description = "The configuration that the agent runs with."
  value       = module.settings.yaml
}
