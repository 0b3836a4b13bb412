# The bucket that keeps copies of checkpoints, which nobody can take away before their time.
# Best applied in a project whose administrators are not those of the agent.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0"
    }
  }
}

variable "project" {
  description = "The project of the bucket."
  type        = string
}

variable "location" {
  description = "Where the bucket is (EU, europe-west1)."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits, hyphens or underscores; with dots it is a domain's."
  }
}

variable "retain_days" {
  description = "Days for which nobody can take an object away. The policy is locked: it can be made longer, never shorter."
  type        = number
  default     = 400

  validation {
    condition     = var.retain_days >= 1 && var.retain_days <= 36500 && floor(var.retain_days) == var.retain_days
    error_message = "Whole days from 1 to 36,500."
  }
}

variable "writer_email" {
  description = "The service account that the agent runs as (output service_account of the module gcp)."
  type        = string

  validation {
    condition     = can(regex("^[^@]+@[^@]+\\.gserviceaccount\\.com$", var.writer_email))
    error_message = "A service account is NAME@PROJECT.iam.gserviceaccount.com"
  }
}

variable "labels" {
  description = "Labels of the bucket."
  type        = map(string)
  default     = {}
}

resource "google_storage_bucket" "copies" {
  project  = var.project
  name     = var.bucket
  location = var.location
  labels   = var.labels

  force_destroy               = false
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # Google encrypts with keys of its own: with a key of ours deleted, the copies could not be read.
  retention_policy {
    is_locked        = true
    retention_period = var.retain_days * 86400
  }

  lifecycle {
    prevent_destroy = true
  }
}

# To make, to read and to see the lock, and not to delete.
resource "google_project_iam_custom_role" "copies" {
  project     = var.project
  role_id     = "assayCopies"
  title       = "Assay copies"
  description = "Keeps copies of checkpoints, and takes none away."
  permissions = [
    "storage.buckets.get",
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
  ]
}

resource "google_storage_bucket_iam_member" "copies" {
  bucket = google_storage_bucket.copies.name
  role   = google_project_iam_custom_role.copies.name
  member = "serviceAccount:${var.writer_email}"
}

output "bucket" {
  description = "Name of the bucket."
  value       = google_storage_bucket.copies.name

  depends_on = [google_storage_bucket_iam_member.copies]
}
