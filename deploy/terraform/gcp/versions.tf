# One agent on one Compute Engine instance, its evidence on a disk of its own, copies of its
# checkpoints in a bucket that nobody can empty. docs/install-gcp.md says how to use it, and why it
# is not Cloud Run.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0"
    }
  }
}
