# Written by `assay permissions gcp --format terraform`: what the rules in force read, and no more.
# Apply it once an organization.
# The people are read from the directory, which IAM does not govern. In the Admin console
# (Security > API controls > Domain-wide delegation) add the client id of the service
# account with the scope below, and name the administrator to read as in assay.yaml
# (`admin`); or give the account an administrator role that reads users.
#   https://www.googleapis.com/auth/admin.directory.user.readonly

terraform {
  required_version = ">= 1.3"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 4.0"
    }
  }
}

variable "organization" {
  description = "The number of the organization."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.organization))
    error_message = "An organization's id is a number."
  }
}

variable "service_account" {
  description = "E-mail address of the service account that the agent runs as."
  type        = string
}

locals {
  permissions = [
    "cloudasset.assets.listIamPolicy",
    "cloudasset.assets.listResource",
  ]
}

resource "google_organization_iam_custom_role" "read" {
  org_id      = var.organization
  role_id     = "assayReader"
  title       = "Assay reader"
  description = "Reads what the rules of Assay are about, and no more."
  permissions = local.permissions
}

resource "google_organization_iam_member" "read" {
  org_id = var.organization
  role   = google_organization_iam_custom_role.read.name
  member = "serviceAccount:${var.service_account}"
}
