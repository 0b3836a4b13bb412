# What assay.yaml says of Google Cloud alone; ../../settings writes the rest. It needs no provider, so that
# the tests can have it computed.

terraform {
  required_version = ">= 1.5"
}

variable "organization" {
  description = "The number of the organization."
  type        = string
}

variable "folder" {
  description = "The number of the folder that is observed in place of the whole organization, or null."
  type        = string
  default     = null
}

variable "projects" {
  description = "Projects that are expected; empty: all that the inventory shows."
  type        = list(string)
}

variable "exclude" {
  description = "Projects that are not observed."
  type        = list(string)
}

variable "admin" {
  description = "Workspace administrator as whom people are read, or null."
  type        = string
  default     = null
}

variable "quota_project" {
  description = "The project whose quota the readings count against."
  type        = string
}

variable "key_version" {
  description = "The version of the key that signs checkpoints (projects/.../cryptoKeyVersions/1)."
  type        = string
}

variable "bucket" {
  description = "The bucket that keeps copies of checkpoints."
  type        = string
}

output "target" {
  description = "What is observed; what is null is left out."
  value = {
    provider      = "gcp"
    parent        = var.folder == null ? "organizations/${var.organization}" : "folders/${var.folder}"
    auth          = "metadata"
    projects      = length(var.projects) > 0 ? var.projects : null
    exclude       = length(var.exclude) > 0 ? var.exclude : null
    quota_project = var.quota_project
    admin         = var.admin
  }
}

output "key" {
  description = "What signs checkpoints."
  value       = { kind = "gcp-kms", version = var.key_version }
}

output "anchor" {
  description = "Where copies of checkpoints are kept."
  value       = { kind = "gcs", bucket = var.bucket }
}
