# Writes assay.yaml, and says what may be in it alike for every cloud. It asks nobody anything and needs
# no provider, so that the tests can have it written and read it with the agent's own loader.

terraform {
  required_version = ">= 1.5"
}

variable "target" {
  description = "What is observed, as under `targets` of assay.yaml; what is null is left out."
  type        = any
}

variable "key" {
  description = "What signs checkpoints, as under `key` of assay.yaml."
  type        = map(string)
}

variable "anchor" {
  description = "Where copies of checkpoints are kept, as under `anchors` of assay.yaml, without `retain`."
  type        = map(string)
}

variable "origin" {
  description = "The log's name in every checkpoint: a host and path that your organisation controls. It stays."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+\\.[a-z]+/[A-Za-z0-9._/-]+$", var.origin))
    error_message = "A host and a path, without https:// (log.example.com/assay)."
  }
}

variable "retain_days" {
  description = "Days for which nobody can take a copy away."
  type        = number

  validation {
    condition     = var.retain_days >= 1 && floor(var.retain_days) == var.retain_days
    error_message = "Whole days."
  }
}

variable "port" {
  description = "The port that metrics and pages are served on."
  type        = number

  validation {
    condition     = var.port >= 1024 && var.port <= 65535
    error_message = "A port from 1024 to 65535: the agent is not root."
  }
}

variable "files" {
  description = "Files beside assay.yaml, path -> text. With web.yml among them whoever reads is asked who they are."
  type        = map(string)

  validation {
    condition     = alltrue([for name in keys(var.files) : can(regex("^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", name)) && name != "assay.yaml"])
    error_message = "Plain relative paths (controls/own.yaml); assay.yaml is the module's, `settings` changes it."
  }
}

variable "more" {
  description = "Top-level keys of assay.yaml that are added, or stand in place of the module's."
  type        = any
}

locals {
  web_config = contains(keys(var.files), "web.yml")

  settings = {
    targets = [{ for key, value in var.target : key => value if value != null }]
    origin  = var.origin
    key     = var.key
    anchors = [merge(var.anchor, { retain = "${var.retain_days}d" })]

    # Beyond loopback, for the networks or scrapers that the cloud lets in and nobody else; only with
    # web.yml are they asked who they are.
    http = {
      for key, value in {
        listen     = "0.0.0.0:${var.port}"
        web_config = local.web_config ? "web.yml" : null
        insecure   = local.web_config ? null : true
      } : key => value if value != null
    }
  }

  yaml = yamlencode(merge(local.settings, var.more))
}

output "yaml" {
  description = "The text of assay.yaml."
  value       = local.yaml
}

output "files" {
  description = "Everything that is written beside the evidence, path -> text: assay.yaml and `files`."
  value       = merge(var.files, { "assay.yaml" = local.yaml })
}
