# The bucket that keeps copies of checkpoints, which nobody can take away before their time.
# Best applied in an account whose administrators are not those of the agent.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "bucket" {
  description = "Name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits or hyphens; with dots TLS does not fit."
  }
}

variable "retain_days" {
  description = "Days for which nobody, the root user included, can take an object away."
  type        = number
  default     = 400

  validation {
    condition     = var.retain_days >= 1 && var.retain_days <= 36500 && floor(var.retain_days) == var.retain_days
    error_message = "Whole days from 1 to 36,500: more than the longest audit period and the months after it."
  }
}

variable "writer_arn" {
  description = "The role that the agent runs as (output task_role_arn of the module aws)."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.writer_arn))
    error_message = "A role is arn:aws:iam::ACCOUNT:role/NAME"
  }
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  default     = {}
}

resource "aws_s3_bucket" "copies" {
  bucket              = var.bucket
  object_lock_enabled = true
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "copies" {
  bucket = aws_s3_bucket.copies.id

  versioning_configuration {
    status = "Enabled"
  }
}

# COMPLIANCE and not GOVERNANCE: there, whoever has s3:BypassGovernanceRetention takes copies away.
resource "aws_s3_bucket_object_lock_configuration" "copies" {
  bucket = aws_s3_bucket_versioning.copies.bucket

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.retain_days
    }
  }
}

# S3's own key and not one of KMS: with that one deleted, the copies could not be read any more,
# lock or no lock. A checkpoint is no secret.
resource "aws_s3_bucket_server_side_encryption_configuration" "copies" {
  bucket = aws_s3_bucket.copies.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "copies" {
  bucket                  = aws_s3_bucket.copies.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "copies" {
  bucket = aws_s3_bucket.copies.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "copies" {
  bucket = aws_s3_bucket.copies.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.copies.arn, "${aws_s3_bucket.copies.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "Looks"
        Effect    = "Allow"
        Principal = { AWS = var.writer_arn }
        Action    = ["s3:GetBucketObjectLockConfiguration", "s3:ListBucketVersions"]
        Resource  = aws_s3_bucket.copies.arn
      },
      {
        Sid       = "Keeps"
        Effect    = "Allow"
        Principal = { AWS = var.writer_arn }
        Action = [
          "s3:GetObject",
          "s3:GetObjectRetention",
          "s3:GetObjectVersion",
          "s3:PutObject",
          "s3:PutObjectRetention",
        ]
        Resource = "${aws_s3_bucket.copies.arn}/*"
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.copies]
}

output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.copies.id

  # Nobody gets the name before what goes into the bucket is locked.
  depends_on = [aws_s3_bucket_object_lock_configuration.copies]
}
