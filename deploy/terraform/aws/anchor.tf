module "anchor" {
  source = "./anchor"
  count  = var.bucket_elsewhere == null ? 1 : 0

  bucket      = var.bucket
  retain_days = var.retain_days
  writer_arn  = aws_iam_role.task.arn
  tags        = var.tags
}
