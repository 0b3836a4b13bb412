module "target" {
  source = "./target"

  organization  = var.organization
  folder        = var.folder
  projects      = var.projects
  exclude       = var.exclude
  admin         = var.admin
  quota_project = var.project
  key_version   = "${google_kms_crypto_key.signing.id}/cryptoKeyVersions/1"
  bucket        = var.bucket
}

module "settings" {
  source = "../settings"

  target = module.target.target
  key    = module.target.key
  anchor = module.target.anchor

  origin      = var.origin
  retain_days = var.retain_days
  port        = var.port
  files       = var.files
  more        = var.settings
}

module "machine" {
  source = "./machine"

  image = var.image
  port  = var.port
  files = module.settings.files
}

# The document is read at the start only. Hence the instance is made anew whenever it changes: the old
# one ends and lets go of the disk first.
resource "terraform_data" "revision" {
  input = module.machine.user_data
}

resource "google_compute_instance" "agent" {
  project      = var.project
  name         = var.name
  description  = "The agent of Assay"
  zone         = var.zone
  machine_type = var.machine_type
  labels       = var.labels

  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = "projects/cos-cloud/global/images/family/cos-stable"
    }
  }

  attached_disk {
    source      = google_compute_disk.evidence.id
    device_name = "evidence"
    mode        = "READ_WRITE"
  }

  # No access_config: no public address.
  network_interface {
    network    = var.network
    subnetwork = var.subnetwork
  }

  # The scope is the widest: what the account may do is for IAM to say, and it has one role.
  service_account {
    email  = google_service_account.agent.email
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data                  = module.machine.user_data
    block-project-ssh-keys     = "true"
    enable-oslogin             = "true"
    google-logging-enabled     = "true"
    serial-port-logging-enable = "false"
    cos-update-strategy        = "update_enabled"
  }

  lifecycle {
    replace_triggered_by = [terraform_data.revision]
    ignore_changes       = [boot_disk[0].initialize_params[0].image] # it renews itself
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.image,
    google_kms_crypto_key_iam_member.signing,
    google_project_iam_member.own,
    module.anchor,
    module.permissions,
  ]
}

resource "google_compute_firewall" "clients" {
  project     = var.project
  name        = "${var.name}-clients"
  description = "Those who may read metrics and pages of Assay"
  network     = var.network
  direction   = "INGRESS"

  source_ranges           = var.client_cidrs
  target_service_accounts = [google_service_account.agent.email]

  allow {
    protocol = "tcp"
    ports    = [tostring(var.port)]
  }
}
