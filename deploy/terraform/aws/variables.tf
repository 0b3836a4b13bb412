# What is said alike for every cloud of origin, retain_days, port and files is checked in ../settings.

variable "name" {
  description = "What everything is called, or begins with."
  type        = string
  default     = "assay"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "2 to 21 lower-case letters, digits or hyphens, a letter first: load balancers allow 32."
  }
}

variable "region" {
  description = "The region that the agent runs in (the provider's)."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is such as eu-west-1."
  }
}

variable "image" {
  description = "The image, by digest: a tag can be moved to another image."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest (REPOSITORY@sha256:...)."
  }
}

variable "image_repository_arn" {
  description = "ARN of the ECR repository that holds the image; null when it is pulled without credentials."
  type        = string
  default     = null

  validation {
    condition     = var.image_repository_arn == null || can(regex("^arn:aws[a-z-]*:ecr:[a-z0-9-]+:[0-9]{12}:repository/.+$", var.image_repository_arn))
    error_message = "A repository is arn:aws:ecr:REGION:ACCOUNT:repository/NAME"
  }
}

variable "vpc_id" {
  description = "The VPC that the agent runs in."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "A VPC's id begins with vpc-."
  }
}

variable "subnet_ids" {
  description = "Private subnets, each in another zone, from which the APIs of the clouds are reached."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0 && alltrue([for id in var.subnet_ids : startswith(id, "subnet-")])
    error_message = "Name at least one subnet (subnet-...)."
  }
}

variable "scraper_security_group_ids" {
  description = "Security groups of those that may read metrics and pages."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.scraper_security_group_ids : startswith(id, "sg-")])
    error_message = "A security group's id begins with sg-."
  }
}

variable "egress_ports" {
  description = "TCP ports that the agent may reach outside: 443, and 80 where a time-stamping authority wants it."
  type        = set(number)
  default     = [443]

  validation {
    condition     = contains(var.egress_ports, 443)
    error_message = "Without 443 no cloud can be asked."
  }
}

variable "balancer" {
  description = "An internal load balancer with TLS in front of the pages; null: none."
  type = object({
    subnet_ids      = list(string)
    certificate_arn = string
    client_cidrs    = list(string)
  })
  default = null

  validation {
    condition     = var.balancer == null || try(length(var.balancer.subnet_ids) >= 2, false)
    error_message = "A load balancer wants subnets in two zones."
  }

  validation {
    condition     = var.balancer == null || try(!contains(var.balancer.client_cidrs, "0.0.0.0/0") && alltrue([for each in var.balancer.client_cidrs : can(cidrhost(each, 0))]), false)
    error_message = "Name the networks of those who may see evidence (10.0.0.0/8), and not the whole Internet."
  }
}

variable "port" {
  description = "The port that metrics and pages are served on."
  type        = number
  default     = 9464
}

variable "cpu" {
  description = "Processor units of the task; 1024 are one processor."
  type        = number
  default     = 512

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "Fargate has 256, 512, 1024, 2048 or 4096."
  }
}

variable "memory" {
  description = "Memory of the task in MiB, one of those that Fargate has for `cpu`."
  type        = number
  default     = 1024

  validation {
    condition     = var.memory >= 512 && var.memory <= 30720
    error_message = "From 512 to 30720 MiB."
  }
}

variable "origin" {
  description = "The log's name in every checkpoint: a host and path that your organisation controls. It stays."
  type        = string
}

variable "regions" {
  description = "Regions to observe; empty: every one that is enabled in the account."
  type        = list(string)
  default     = []
}

variable "organization" {
  description = "Observe the accounts of the organization by a role in each (docs/organization.md); null: this account alone."
  type = object({
    id                 = string
    role               = string
    external_id        = string
    include            = optional(list(string), [])
    exclude            = optional(list(string), [])
    management_account = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.organization == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization.id))
    error_message = "An organization's id is such as o-ab12cd34ef."
  }

  validation {
    condition     = var.organization == null || try(can(regex("^[A-Za-z0-9_+=,.@:/-]{2,}$", var.organization.external_id)) && length(var.organization.external_id) <= 1224, false)
    error_message = "An external id is 2 to 1,224 letters, digits or _+=,.@:/-"
  }
}

variable "bucket" {
  description = "Name of the bucket for copies of checkpoints."
  type        = string
}

variable "bucket_elsewhere" {
  description = "The region of the bucket when it is made with the module ./anchor in another account, which is better; null: it is made here."
  type        = string
  default     = null
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
  description = "Files beside assay.yaml, path -> text: waivers, controls, the scope of reports; web.yml, with users and the bcrypt of their passwords. No secrets: whoever may describe the task reads them."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "Days that the agent's own log lines are kept; the evidence is not among them."
  type        = number
  default     = 400

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "CloudWatch Logs has 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827 or 3653 days."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
