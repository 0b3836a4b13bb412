# What is said alike for every cloud of origin, retain_days, port and files is checked in ../settings.

variable "name" {
  description = "What everything is called, or begins with."
  type        = string
  default     = "assay"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "2 to 20 lower-case letters, digits or hyphens, a letter first."
  }
}

variable "project" {
  description = "The project that the agent runs in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The id of a project, not its number."
  }
}

variable "region" {
  description = "The region that the agent runs in."
  type        = string
}

variable "zone" {
  description = "The zone of that region that the agent and its disk are in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+-[a-z]$", var.zone))
    error_message = "A zone is such as europe-west1-b."
  }
}

variable "image" {
  description = "The image, by digest: a tag can be moved to another image."
  type        = string

  validation {
    condition     = can(regex("^[^/]+/.+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by registry and digest (REGISTRY/REPOSITORY@sha256:...)."
  }
}

variable "repository" {
  description = "The Artifact Registry repository that holds the image; null when it is pulled without credentials."
  type = object({
    project  = string
    location = string
    name     = string
  })
  default = null
}

variable "network" {
  description = "The network that the agent is in."
  type        = string
}

variable "subnetwork" {
  description = "A subnetwork of it with Private Google Access; the instance has no public address."
  type        = string
}

variable "client_cidrs" {
  description = "Networks of those who may read metrics and pages."
  type        = list(string)

  validation {
    condition     = length(var.client_cidrs) > 0 && !contains(var.client_cidrs, "0.0.0.0/0") && alltrue([for each in var.client_cidrs : can(cidrhost(each, 0))])
    error_message = "Name networks (10.0.0.0/8), and not the whole Internet."
  }
}

variable "port" {
  description = "The port that metrics and pages are served on."
  type        = number
  default     = 9464
}

variable "machine_type" {
  description = "The sort of machine; a gibibyte of memory is enough."
  type        = string
  default     = "e2-small"
}

variable "disk_gib" {
  description = "Size of the disk with the evidence in GiB. It can be made larger, never smaller."
  type        = number
  default     = 20

  validation {
    condition     = var.disk_gib >= 10
    error_message = "At least 10 GiB."
  }
}

variable "organization" {
  description = "The number of the organization: where the reading role is made."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.organization))
    error_message = "An organization's id is a number."
  }
}

variable "folder" {
  description = "The number of a folder to observe in place of the whole organization; null: all of it."
  type        = string
  default     = null

  validation {
    condition     = var.folder == null || can(regex("^[0-9]+$", var.folder))
    error_message = "A folder's id is a number."
  }
}

variable "projects" {
  description = "Ids of the projects that are expected; empty: all that the inventory shows."
  type        = list(string)
  default     = []
}

variable "exclude" {
  description = "Projects that are not observed; the evidence lists them."
  type        = list(string)
  default     = []
}

variable "admin" {
  description = "Workspace administrator as whom people are read; null: by the account's own role in the directory."
  type        = string
  default     = null
}

variable "federated" {
  description = "Identities of a workload identity pool (principal://..., principalSet://...) that may act as the agent's account, for an agent that runs elsewhere."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.federated : can(regex("^principal(Set)?://iam\\.googleapis\\.com/projects/[0-9]+/locations/global/workloadIdentityPools/[^/]+/.+$", each))])
    error_message = "Such as principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT"
  }

  validation {
    condition     = alltrue([for each in var.federated : !endswith(each, "/*")])
    error_message = "Name identities of the pool, not all of it."
  }
}

variable "origin" {
  description = "The log's name in every checkpoint: a host and path that your organisation controls. It stays."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket for copies of checkpoints."
  type        = string
}

variable "bucket_elsewhere" {
  description = "Whether the bucket is made with the module ./anchor in another project, which is better."
  type        = bool
  default     = false
}

variable "retain_days" {
  description = "Days for which nobody can take a copy of a checkpoint away. The policy is locked: longer, never shorter."
  type        = number
  default     = 400
}

variable "settings" {
  description = "Top-level keys of assay.yaml that are added, or stand in place of the module's."
  type        = any
  default     = {}
}

variable "files" {
  description = "Files beside assay.yaml, path -> text: waivers, controls, the scope of reports; web.yml, with users and the bcrypt of their passwords. No secrets: whoever may see the instance reads them."
  type        = map(string)
  default     = {}
}

variable "labels" {
  description = "Labels of everything that has them."
  type        = map(string)
  default     = {}
}
