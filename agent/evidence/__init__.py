"""The evidence log: one append-only RFC 6962 Merkle tree, its checkpoints, and what can be asked of it."""
