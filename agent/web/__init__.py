"""HTTP, read-only: metrics, liveness and readiness."""
