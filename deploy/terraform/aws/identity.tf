# Two roles: what the agent may do (task), and what ECS may do to start it (execution).

locals {
  # As `assay permissions aws` prints it: one document, or several where one does not hold them all.
  printed = jsondecode(file("${path.module}/../../permissions/aws/policy.json"))
  reads   = try({ for each in local.printed.policies : each.name => each.document }, { reads = local.printed })

  members = [for each in var.organization[*] : {
    role  = "arn:${local.partition}:iam::*:role/${each.role}"
    id    = each.id
    units = anytrue([for place in concat(each.include, each.exclude) : startswith(place, "ou-")])
  }]

  own = concat(
    [
      {
        Sid       = "Signs"
        Effect    = "Allow"
        Action    = ["kms:GetPublicKey", "kms:Sign"]
        Resource  = [aws_kms_key.signing.arn]
        Condition = null
      },
      {
        Sid       = "LooksAtCopies"
        Effect    = "Allow"
        Action    = ["s3:GetBucketObjectLockConfiguration", "s3:ListBucketVersions"]
        Resource  = ["arn:${local.partition}:s3:::${var.bucket}"]
        Condition = null
      },
      {
        Sid    = "KeepsCopies"
        Effect = "Allow"
        Action = [
          "s3:GetObject",
          "s3:GetObjectRetention",
          "s3:GetObjectVersion",
          "s3:PutObject",
          "s3:PutObjectRetention",
        ]
        Resource  = ["arn:${local.partition}:s3:::${var.bucket}/*"]
        Condition = null
      },
    ],
    [for each in local.members : {
      Sid       = "Discovers"
      Effect    = "Allow"
      Action    = concat(["organizations:ListAccounts"], each.units ? ["organizations:ListChildren"] : [])
      Resource  = ["*"] # neither takes a narrower one
      Condition = null
    }],
    [for each in local.members : {
      Sid       = "Takes"
      Effect    = "Allow"
      Action    = ["sts:AssumeRole"]
      Resource  = [each.role]
      Condition = { StringEquals = { "aws:ResourceOrgID" = each.id } }
    }],
  )

  repository = [for arn in var.image_repository_arn[*] : arn]
}

resource "aws_iam_role" "task" {
  name        = "${var.name}-task"
  description = "What the agent of Assay runs as."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_policy" "reads" {
  for_each = local.reads

  name        = "${var.name}-${each.key}"
  description = "What the rules of Assay read."
  policy      = jsonencode(each.value)
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "reads" {
  for_each = aws_iam_policy.reads

  role       = aws_iam_role.task.name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy" "own" {
  name = "own"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for each in local.own : { for key, value in each : key => value if value != null }]
  })
}

resource "aws_iam_role" "execution" {
  name        = "${var.name}-execution"
  description = "What ECS starts the agent of Assay with."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.agent.arn}:*"
      }],
      [for arn in local.repository : {
        Sid      = "Image"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = arn
      }],
      [for _ in local.repository : {
        Sid      = "Registry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = "*" # it takes no narrower one
      }],
    )
  })
}
