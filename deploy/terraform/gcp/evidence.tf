# The store: SQLite on a disk that can be attached to one instance only, so that a log cannot have two
# writers. It outlives the instance.

resource "google_compute_disk" "evidence" {
  project = var.project
  name    = "${var.name}-evidence"
  zone    = var.zone
  type    = "pd-balanced"
  size    = var.disk_gib
  labels  = var.labels

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used]
}

resource "google_compute_resource_policy" "snapshots" {
  project = var.project
  name    = "${var.name}-evidence"
  region  = var.region

  snapshot_schedule_policy {
    schedule {
      daily_schedule {
        days_in_cycle = 1
        start_time    = "03:00"
      }
    }

    retention_policy {
      max_retention_days    = 30
      on_source_disk_delete = "KEEP_AUTO_SNAPSHOTS"
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_compute_disk_resource_policy_attachment" "snapshots" {
  project = var.project
  name    = google_compute_resource_policy.snapshots.name
  disk    = google_compute_disk.evidence.name
  zone    = var.zone
}

module "anchor" {
  source = "./anchor"
  count  = var.bucket_elsewhere ? 0 : 1

  project      = var.project
  location     = var.region
  bucket       = var.bucket
  retain_days  = var.retain_days
  writer_email = google_service_account.agent.email
  labels       = var.labels
}
