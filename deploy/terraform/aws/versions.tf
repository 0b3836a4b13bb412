# One agent on ECS Fargate: one task, its evidence on EFS, its key in KMS, copies of its checkpoints
# in a bucket that nobody can empty. docs/install-aws.md says how to use it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.21" # the first that knows KMS keys of Ed25519
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = var.region
}
