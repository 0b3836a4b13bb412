module "target" {
  source = "./target"

  account = local.account
  organization = one([for each in var.organization[*] : {
    role               = each.role
    external_id        = each.external_id
    include            = each.include
    exclude            = each.exclude
    management_account = each.management_account
  }])
  regions       = var.regions
  key_arn       = aws_kms_key.signing.arn
  bucket        = var.bucket
  bucket_region = coalesce(var.bucket_elsewhere, local.region)
}

module "settings" {
  source = "../settings"

  target = module.target.target
  key    = module.target.key
  anchor = module.target.anchor

  origin      = var.origin
  retain_days = var.retain_days
  port        = var.port
  files       = var.files
  more        = var.settings
}

locals {
  store = "/var/lib/assay"

  container = {
    name      = "agent"
    image     = var.image
    essential = true
    user      = "10001:10001"

    # It writes the configuration beside the evidence, and then becomes `assay serve`.
    entryPoint = ["/opt/assay/bin/python", "-c", file("${path.module}/../start.py")]
    command    = ["/opt/assay/bin/assay", "serve"]
    environment = [
      { name = "ASSAY_CONFIG", value = "${local.store}/config/assay.yaml" },
      { name = "ASSAY_FILES", value = jsonencode(module.settings.files) },
      { name = "ASSAY_HTTP_LISTEN", value = "0.0.0.0:${var.port}" },
      { name = "ASSAY_STORE", value = local.store },
      { name = "TMPDIR", value = local.store }, # Fargate has no tmpfs, and the root is read-only
    ]

    readonlyRootFilesystem = true
    linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
    stopTimeout            = 30
    portMappings           = [{ containerPort = var.port, hostPort = var.port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "evidence", containerPath = local.store, readOnly = false }]

    healthCheck = {
      command     = ["CMD", "/opt/assay/bin/python", "/opt/assay/healthcheck.py"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.agent.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "agent"
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "agent" {
  name              = "/assay/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_ecs_cluster" "agent" {
  name = var.name
  tags = var.tags
}

resource "aws_ecs_task_definition" "agent" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([local.container])
  tags                     = var.tags

  volume {
    name = "evidence"

    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.evidence.id
      transit_encryption = "ENABLED"

      authorization_config {
        access_point_id = aws_efs_access_point.evidence.id
        iam             = "ENABLED"
      }
    }
  }
}

# One task, and the old one ends before the new one begins: a log has one writer.
resource "aws_ecs_service" "agent" {
  name                               = var.name
  cluster                            = aws_ecs_cluster.agent.id
  task_definition                    = aws_ecs_task_definition.agent.arn
  launch_type                        = "FARGATE"
  desired_count                      = 1
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  enable_execute_command             = false
  tags                               = var.tags

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.agent.id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.agent

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = local.container.name
      container_port   = var.port
    }
  }

  depends_on = [
    aws_efs_file_system_policy.evidence,
    aws_efs_mount_target.evidence,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.own,
    aws_iam_role_policy_attachment.reads,
    aws_lb_listener.agent,
    module.anchor,
  ]
}
