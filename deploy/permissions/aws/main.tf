# Written by `assay permissions aws --format terraform`: what the rules in force read, and no more.
# Apply it in every account that is observed.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

variable "agent_account" {
  description = "The account that the agent runs in: twelve digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.agent_account))
    error_message = "An account's id is twelve digits."
  }
}

variable "external_id" {
  description = "What the agent must say to be let in (external_id of the target in assay.yaml)."
  type        = string

  validation {
    condition = (
      can(regex("^[A-Za-z0-9_+=,.@:/-]{2,}$", var.external_id)) && length(var.external_id) <= 1224
    )
    error_message = "An external id is 2 to 1,224 letters, digits or _+=,.@:/-"
  }
}

variable "role_name" {
  description = "What the role is called (the end of role_arn in assay.yaml)."
  type        = string
  default     = "assay-read"
}

data "aws_partition" "current" {}

locals {
  policies = {
    "reads" = {
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "AssayReads"
          Effect   = "Allow"
          Resource = "*"
          Action = [
            "access-analyzer:ListAnalyzers",
            "access-analyzer:ListFindings",
            "account:GetAlternateContact",
            "acm:ListCertificates",
            "apigateway:GET",
            "application-autoscaling:DescribeScalableTargets",
            "athena:GetWorkGroup",
            "athena:ListWorkGroups",
            "autoscaling:DescribeAutoScalingGroups",
            "backup:GetBackupPlan",
            "backup:ListBackupPlans",
            "backup:ListBackupVaults",
            "backup:ListProtectedResources",
            "backup:ListRecoveryPointsByBackupVault",
            "backup:ListRestoreJobs",
            "bedrock:GetModelInvocationLoggingConfiguration",
            "cloudformation:DescribeStacks",
            "cloudfront:GetDistributionConfig",
            "cloudfront:ListDistributions",
            "cloudtrail:DescribeTrails",
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetInsightSelectors",
            "cloudtrail:GetTrailStatus",
            "cloudwatch:DescribeAlarms",
            "codebuild:BatchGetProjects",
            "codebuild:ListProjects",
            "codepipeline:GetPipeline",
            "codepipeline:ListPipelines",
            "cognito-idp:DescribeUserPool",
            "cognito-idp:ListUserPools",
            "config:DescribeConfigurationRecorderStatus",
            "config:DescribeConfigurationRecorders",
            "config:DescribeDeliveryChannels",
            "dax:DescribeClusters",
            "dms:DescribeReplicationInstances",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTables",
            "ec2:DescribeFlowLogs",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeInstances",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRegions",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSnapshots",
            "ec2:DescribeSubnets",
            "ec2:DescribeVolumes",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcs",
            "ec2:DescribeVpnConnections",
            "ec2:GetEbsEncryptionByDefault",
            "ec2:GetImageBlockPublicAccessState",
            "ec2:GetInstanceMetadataDefaults",
            "ec2:GetSnapshotBlockPublicAccessState",
            "ecr:DescribeRepositories",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRegistryScanningConfiguration",
            "ecr:GetRepositoryPolicy",
            "ecs:DescribeClusters",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:ListClusters",
            "ecs:ListServices",
            "ecs:ListTaskDefinitionFamilies",
            "eks:DescribeCluster",
            "eks:DescribeClusterVersions",
            "eks:ListClusters",
            "elasticache:DescribeReplicationGroups",
            "elasticbeanstalk:DescribeConfigurationSettings",
            "elasticbeanstalk:DescribeEnvironments",
            "elasticfilesystem:DescribeBackupPolicy",
            "elasticfilesystem:DescribeFileSystems",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticmapreduce:GetBlockPublicAccessConfiguration",
            "es:DescribeDomains",
            "es:ListDomainNames",
            "events:ListRules",
            "events:ListTargetsByRule",
            "firehose:DescribeDeliveryStream",
            "firehose:ListDeliveryStreams",
            "fsx:DescribeFileSystems",
            "glue:GetSecurityConfigurations",
            "guardduty:GetDetector",
            "guardduty:ListDetectors",
            "guardduty:ListFindings",
            "iam:GenerateCredentialReport",
            "iam:GetAccountAuthorizationDetails",
            "iam:GetAccountPasswordPolicy",
            "iam:GetAccountSummary",
            "iam:GetCredentialReport",
            "iam:ListEntitiesForPolicy",
            "iam:ListOrganizationsFeatures",
            "iam:ListPolicies",
            "iam:ListSAMLProviders",
            "iam:ListServerCertificates",
            "iam:ListVirtualMFADevices",
            "inspector2:BatchGetAccountStatus",
            "inspector2:ListFindings",
            "kafka:ListClustersV2",
            "kinesis:DescribeStreamSummary",
            "kinesis:ListStreams",
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListKeys",
            "lambda:GetPolicy",
            "lambda:ListFunctionUrlConfigs",
            "lambda:ListFunctions",
            "logs:DescribeDeliverySources",
            "logs:DescribeLogGroups",
            "logs:DescribeMetricFilters",
            "macie2:GetMacieSession",
            "memorydb:DescribeClusters",
            "mq:DescribeBroker",
            "mq:ListBrokers",
            "network-firewall:DescribeFirewall",
            "network-firewall:ListFirewalls",
            "organizations:DescribeOrganization",
            "organizations:DescribePolicy",
            "organizations:ListAccounts",
            "organizations:ListDelegatedAdministrators",
            "organizations:ListPolicies",
            "organizations:ListTargetsForPolicy",
            "rds:DescribeDBClusterSnapshotAttributes",
            "rds:DescribeDBClusterSnapshots",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
            "rds:DescribeDBParameterGroups",
            "rds:DescribeDBParameters",
            "rds:DescribeDBSnapshotAttributes",
            "rds:DescribeDBSnapshots",
            "redshift:DescribeClusterParameterGroups",
            "redshift:DescribeClusterParameters",
            "redshift:DescribeClusters",
            "redshift:DescribeLoggingStatus",
            "route53:ListHostedZones",
            "route53:ListQueryLoggingConfigs",
            "s3:GetAccessPoint",
            "s3:GetAccountPublicAccessBlock",
            "s3:GetBucketAcl",
            "s3:GetBucketLogging",
            "s3:GetBucketNotification",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListAccessPoints",
            "s3:ListAllMyBuckets",
            "sagemaker:DescribeNotebookInstance",
            "sagemaker:ListNotebookInstances",
            "secretsmanager:GetResourcePolicy",
            "secretsmanager:ListSecrets",
            "securityhub:DescribeHub",
            "securityhub:GetEnabledStandards",
            "securityhub:GetFindings",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptions",
            "sns:ListTopics",
            "sqs:GetQueueAttributes",
            "sqs:ListQueues",
            "ssm:DescribeDocumentPermission",
            "ssm:DescribeInstanceInformation",
            "ssm:DescribeParameters",
            "ssm:GetServiceSetting",
            "ssm:ListDocuments",
            "ssm:ListResourceComplianceSummaries",
            "sso:DescribePermissionSet",
            "sso:ListInstances",
            "sso:ListManagedPoliciesInPermissionSet",
            "sso:ListPermissionSets",
            "states:DescribeStateMachine",
            "states:ListStateMachines",
            "transfer:DescribeServer",
            "transfer:ListServers",
            "wafv2:GetLoggingConfiguration",
            "wafv2:GetWebACL",
            "wafv2:ListResourcesForWebACL",
            "wafv2:ListWebACLs",
            "workspaces:DescribeWorkspaces",
          ]
        },
      ]
    }
  }
}

resource "aws_iam_role" "read" {
  name        = var.role_name
  description = "Taken by Assay to read what its rules are about."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${var.agent_account}:root" }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_policy" "read" {
  for_each = local.policies

  name        = "${var.role_name}-${each.key}"
  description = "What the rules of Assay read."
  policy      = jsonencode(each.value)
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = aws_iam_policy.read

  role       = aws_iam_role.read.name
  policy_arn = each.value.arn
}

output "role_arn" {
  description = "What to write as role_arn of the target in assay.yaml."
  value       = aws_iam_role.read.arn
}
