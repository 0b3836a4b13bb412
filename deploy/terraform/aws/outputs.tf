output "task_role_arn" {
  description = "What the agent runs as: the members' roles and a bucket in another account trust it."
  value       = aws_iam_role.task.arn
}

output "security_group_id" {
  description = "The agent's security group."
  value       = aws_security_group.agent.id
}

output "service" {
  description = "Cluster and service, as `aws ecs` takes them."
  value       = { cluster = aws_ecs_cluster.agent.name, service = aws_ecs_service.agent.name }
}

output "file_system_id" {
  description = "The file system with the evidence."
  value       = aws_efs_file_system.evidence.id
}

output "signing_key_arn" {
  description = "The key that signs checkpoints."
  value       = aws_kms_key.signing.arn
}

output "bucket" {
  description = "The bucket with the copies of checkpoints."
  value       = var.bucket
}

output "log_group" {
  description = "Where the agent's own log lines are."
  value       = aws_cloudwatch_log_group.agent.name
}

output "balancer_host" {
  description = "The name to point yours at (CNAME); null without a load balancer."
  value       = one(aws_lb.agent[*].dns_name)
}

output "assay_yaml" {
  description = "The configuration that the agent runs with."
  value       = module.settings.yaml
}
