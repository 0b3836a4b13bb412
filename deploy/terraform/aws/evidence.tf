# The store: SQLite on EFS. Fargate deletes the EBS volume of a service's task with the task, and so
# cannot hold evidence on it; EFS stays, is in several zones, and carries the lock by which a second
# agent is refused. PostgreSQL is not offered: the agent does not speak it yet.

resource "aws_kms_key" "evidence" {
  description             = "Encrypts the evidence of ${var.name}"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  tags                    = var.tags

  lifecycle {
    prevent_destroy = true # the store could not be read any more
  }
}

resource "aws_kms_alias" "evidence" {
  name          = "alias/${var.name}-evidence"
  target_key_id = aws_kms_key.evidence.key_id
}

resource "aws_efs_file_system" "evidence" {
  creation_token = "${var.name}-evidence"
  encrypted      = true
  kms_key_id     = aws_kms_key.evidence.arn
  tags           = merge(var.tags, { Name = "${var.name}-evidence" })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_efs_backup_policy" "evidence" {
  file_system_id = aws_efs_file_system.evidence.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_access_point" "evidence" {
  file_system_id = aws_efs_file_system.evidence.id
  tags           = var.tags

  posix_user {
    uid = 10001
    gid = 10001
  }

  root_directory {
    path = "/assay"

    creation_info {
      owner_uid   = 10001
      owner_gid   = 10001
      permissions = "0700"
    }
  }
}

resource "aws_efs_mount_target" "evidence" {
  for_each = toset(var.subnet_ids)

  file_system_id  = aws_efs_file_system.evidence.id
  subnet_id       = each.value
  security_groups = [aws_security_group.evidence.id]
}

# Nobody mounts it but the agent's role, by its access point, over TLS.
resource "aws_efs_file_system_policy" "evidence" {
  file_system_id = aws_efs_file_system.evidence.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Agent"
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.task.arn }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.evidence.arn
        Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = aws_efs_access_point.evidence.arn } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.evidence.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
