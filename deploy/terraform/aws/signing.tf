# The key that signs checkpoints: nobody takes it away, and CloudTrail has a line for every use.

resource "aws_kms_key" "signing" {
  description              = "Signs the checkpoints of ${var.name}"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_EDWARDS25519"
  deletion_window_in_days  = 30
  tags                     = var.tags

  lifecycle {
    prevent_destroy = true # a log belongs to its key: nothing could be sealed any more
  }
}

resource "aws_kms_alias" "signing" {
  name          = "alias/${var.name}-signing"
  target_key_id = aws_kms_key.signing.key_id
}
