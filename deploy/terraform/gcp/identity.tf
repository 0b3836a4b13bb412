locals {
  services = ["cloudasset.googleapis.com", "cloudkms.googleapis.com", "compute.googleapis.com", "iam.googleapis.com", "logging.googleapis.com", "storage.googleapis.com"]
}

resource "google_project_service" "used" {
  for_each = toset(local.services)

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "agent" {
  project      = var.project
  account_id   = "${var.name}-agent"
  display_name = "Assay"
  description  = "What the agent of Assay runs as."

  depends_on = [google_project_service.used]
}

# The role that `assay permissions gcp` prints.
module "permissions" {
  source = "../../permissions/gcp"

  organization    = var.organization
  service_account = google_service_account.agent.email
}

# What counts readings against the project's quota, and writes the agent's own log lines.
resource "google_project_iam_member" "own" {
  for_each = toset(["roles/logging.logWriter", "roles/serviceusage.serviceUsageConsumer"])

  project = var.project
  role    = each.value
  member  = "serviceAccount:${google_service_account.agent.email}"
}

resource "google_artifact_registry_repository_iam_member" "image" {
  count = var.repository == null ? 0 : 1

  project    = var.repository.project
  location   = var.repository.location
  repository = var.repository.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:${google_service_account.agent.email}"
}

# Workload identity federation: an agent that runs in another cloud acts as the same account,
# without a key (docs/install-gcp.md).
resource "google_service_account_iam_member" "federated" {
  for_each = var.federated

  service_account_id = google_service_account.agent.name
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value
}
