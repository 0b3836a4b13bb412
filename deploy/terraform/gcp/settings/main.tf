# Writes assay.yaml from what the module knows. It asks nobody anything and needs no provider, so
# that the tests can have it written and read it with the agent's own loader.

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

variable "origin" {
  description = "The log's name in every checkpoint."
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

variable "retain_days" {
  description = "Days for which nobody can take a copy away."
  type        = number
}

variable "port" {
  description = "The port that metrics and pages are served on."
  type        = number
}

variable "web_config" {
  description = "Whether web.yml is among the files: who is asked for, and how, as Prometheus' own servers take it."
  type        = bool
  default     = false
}

variable "more" {
  description = "Top-level keys of assay.yaml that are added, or stand in place of the module's."
  type        = any
}

locals {
  target = {
    provider      = "gcp"
    parent        = var.folder == null ? "organizations/${var.organization}" : "folders/${var.folder}"
    auth          = "metadata"
    projects      = length(var.projects) > 0 ? var.projects : null
    exclude       = length(var.exclude) > 0 ? var.exclude : null
    quota_project = var.quota_project
    admin         = var.admin
  }

  settings = {
    targets = [{ for key, value in local.target : key => value if value != null }]
    origin  = var.origin
    key     = { kind = "gcp-kms", version = var.key_version }
    anchors = [{ kind = "gcs", bucket = var.bucket, retain = "${var.retain_days}d" }]
    # Beyond loopback, for the networks that the firewall lets in and nobody else;
    # only with web.yml are they asked who they are.
    http = {
      for key, value in {
        listen     = "0.0.0.0:${var.port}"
        web_config = var.web_config ? "web.yml" : null
        insecure   = var.web_config ? null : true
      } : key => value if value != null
    }
  }
}

output "yaml" {
  description = "The text of assay.yaml."
  value       = yamlencode(merge(local.settings, var.more))
}
