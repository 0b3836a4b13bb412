"""Signing keys that never leave a cloud's KMS."""
