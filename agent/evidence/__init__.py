"""The evidence log: one append-only RFC 6962 tree, its checkpoints, and questions to it."""
