"""The key file of the demo's service account; it opens the demo's token endpoint and no other."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def write_key(path: Path, token_uri: str) -> Path:
    """Make a key that asks for tokens at `token_uri`; gives `path` back."""
    made = rsa.generate_private_key(65537, 2048)
    private = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    key = {
        "type": "service_account",
        "project_id": "harbour-shop",
        "private_key_id": "1",
        "private_key": private,
        "client_email": "assay@harbour-shop.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_uri,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(key), encoding="utf-8")
    return path
