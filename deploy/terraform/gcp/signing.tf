# The key that signs checkpoints: nobody takes it away. A version of a key is a key of its own.

resource "google_kms_key_ring" "signing" {
  project  = var.project
  name     = var.name
  location = var.region

  depends_on = [google_project_service.used]
}

resource "google_kms_crypto_key" "signing" {
  name     = "checkpoints"
  key_ring = google_kms_key_ring.signing.id
  purpose  = "ASYMMETRIC_SIGN"
  labels   = var.labels

  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = "EC_SIGN_ED25519"
    protection_level = "SOFTWARE"
  }

  lifecycle {
    prevent_destroy = true # a log belongs to its key: nothing could be sealed any more
  }
}

resource "google_kms_crypto_key_iam_member" "signing" {
  for_each = toset(["roles/cloudkms.publicKeyViewer", "roles/cloudkms.signer"])

  crypto_key_id = google_kms_crypto_key.signing.id
  role          = each.value
  member        = "serviceAccount:${google_service_account.agent.email}"
}
