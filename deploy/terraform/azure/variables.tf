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

variable "location" {
  description = "The region that the agent runs in."
  type        = string
}

variable "image" {
  description = "The image, by digest: a tag can be moved to another image."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest (REPOSITORY@sha256:...)."
  }
}

variable "preparing_image" {
  description = "An image with a shell that runs as root, by digest: it gives the new share to the agent's user, once at every start."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.preparing_image))
    error_message = "Name the image by its digest (mcr.microsoft.com/azurelinux/base/core@sha256:...)."
  }
}

variable "registry" {
  description = "The Azure Container Registry that holds the image, read with the agent's identity; null when it is pulled without credentials."
  type = object({
    id     = string
    server = string
  })
  default = null
}

variable "subnet_id" {
  description = "A subnet of /27 or more, delegated to Microsoft.App/environments, with the service endpoint Microsoft.Storage."
  type        = string

  validation {
    condition     = can(regex("/subnets/[^/]+$", var.subnet_id))
    error_message = "A subnet's id ends with /subnets/NAME."
  }
}

variable "client_cidrs" {
  description = "Networks of those who may read metrics and pages."
  type        = list(string)

  validation {
    condition     = length(var.client_cidrs) > 0 && !contains(var.client_cidrs, "0.0.0.0/0") && alltrue([for each in var.client_cidrs : can(cidrhost(each, 0))])
    error_message = "Name networks (10.0.0.0/8), and not the whole Internet: with none named all would be let in."
  }
}

variable "port" {
  description = "The port that the agent listens on."
  type        = number
  default     = 9464
}

variable "cpu" {
  description = "Processors of the replica."
  type        = number
  default     = 0.5

  validation {
    condition     = var.cpu >= 0.25 && var.cpu <= 4 && floor(var.cpu * 4) == var.cpu * 4
    error_message = "Container Apps has steps of 0.25 up to 4; memory is twice as many GiB."
  }
}

variable "share_gib" {
  description = "Size of the share with the evidence in GiB; Azure has none smaller than 100."
  type        = number
  default     = 100

  validation {
    condition     = var.share_gib >= 100 && var.share_gib <= 102400
    error_message = "From 100 to 102,400 GiB."
  }
}

variable "tenant" {
  description = "Id of the tenant that is observed."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.tenant))
    error_message = "A tenant's id is such as 11111111-2222-3333-4444-555555555555."
  }
}

variable "scope" {
  description = "Where the reading role is made and assigned: the id of a management group or a subscription."
  type        = string

  validation {
    condition     = can(regex("^/(subscriptions|providers/Microsoft.Management/managementGroups)/[^/]+$", var.scope))
    error_message = "A scope is /subscriptions/ID or /providers/Microsoft.Management/managementGroups/ID"
  }
}

variable "subscriptions" {
  description = "Subscriptions that are expected; empty: all that the identity is shown."
  type        = list(string)
  default     = []
}

variable "management_groups" {
  description = "Observe the subscriptions below these management groups instead."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.management_groups) == 0 || length(var.subscriptions) == 0
    error_message = "Name subscriptions or management groups, not both."
  }
}

variable "exclude" {
  description = "Subscriptions that are not observed; the evidence lists them."
  type        = list(string)
  default     = []
}

variable "directory" {
  description = "Whether the tenant itself is observed: people, roles, policies of Microsoft Entra."
  type        = bool
  default     = true
}

variable "origin" {
  description = "The log's name in every checkpoint: a host and path that your organisation controls. It stays."
  type        = string
}

variable "vault" {
  description = "Name of the key vault for the key that signs checkpoints."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$", var.vault))
    error_message = "A vault's name is 3 to 24 letters, digits or hyphens."
  }
}

variable "evidence_account" {
  description = "Name of the storage account with the share of the evidence."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.evidence_account))
    error_message = "A storage account's name is 3 to 24 lower-case letters or digits."
  }
}

variable "copies_account" {
  description = "Name of the storage account for copies of checkpoints."
  type        = string
}

variable "copies_container" {
  description = "Name of the container for copies of checkpoints."
  type        = string
  default     = "checkpoints"
}

variable "copies_elsewhere" {
  description = "Whether that account is made with the module ./anchor in another subscription, which is better."
  type        = bool
  default     = false
}

variable "copies_locked" {
  description = "Whether the account's own policy is locked, for ever: false in the first apply, then true."
  type        = bool
  default     = false
}

variable "retain_days" {
  description = "Days for which nobody can take a copy of a checkpoint away."
  type        = number
  default     = 400
}

variable "settings" {
  description = "Top-level keys of assay.yaml that are added, or stand in place of the module's."
  type        = any
  default     = {}
}

variable "files" {
  description = "Files beside assay.yaml, path -> text: waivers, controls, the scope of reports; web.yml, with users and the bcrypt of their passwords. No secrets: whoever may read the app reads them."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "Days that the agent's own log lines are kept; the evidence is not among them."
  type        = number
  default     = 400

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730
    error_message = "Log Analytics keeps 30 to 730 days."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
