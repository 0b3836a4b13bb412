"""Keys of KMS, secrets, API keys."""

from typing import Any

from gcp_cases import Bindings, Case, Make, ago, asset, together

_RING = "projects/shop/locations/europe-west1/keyRings/r"
_KEY = f"{_RING}/cryptoKeys/it"
_SECRET = "projects/101/secrets/it"
_OPS = {"roles/cloudkms.cryptoKeyDecrypter": ["group:ops@example.com"]}
_PUBLIC = {"roles/cloudkms.cryptoKeyDecrypter": ["allUsers"]}


def _key(iam: Bindings | None = None, /, **data: Any) -> Make:
    known = {"name": _KEY, "purpose": "ENCRYPT_DECRYPT", "primary": {"state": "ENABLED"}}
    return asset(
        "cloudkms.googleapis.com/CryptoKey",
        {**known, **data},
        name=_KEY,
        iam=iam,
        parent=f"//cloudkms.googleapis.com/{_RING}",
    )


def _ring(iam: Bindings) -> Make:
    return asset("cloudkms.googleapis.com/KeyRing", {"name": _RING}, name=_RING, iam=iam)


def _version(state: str) -> Make:
    name = f"{_KEY}/cryptoKeyVersions/1"
    data = {"name": name, "state": state, "destroyTime": ago(-30)}
    return asset("cloudkms.googleapis.com/CryptoKeyVersion", data, name=name)


def _secret(iam: Bindings | None = None, /, **data: Any) -> Make:
    data = {"name": _SECRET, "replication": {"automatic": {}}, **data}
    return asset("secretmanager.googleapis.com/Secret", data, name=_SECRET, iam=iam)


def _secret_version(days: float) -> Make:
    name = f"{_SECRET}/versions/1"
    data = {"name": name, "state": "ENABLED", "createTime": ago(days)}
    return asset("secretmanager.googleapis.com/SecretVersion", data, name=name)


def _api_key(days: float = 10, **restrictions: Any) -> Make:
    name = "projects/101/locations/global/keys/it"
    data = {"name": name, "createTime": ago(days), "restrictions": restrictions}
    return asset("apikeys.googleapis.com/Key", data, name=name)


CASES = (
    Case(
        "gcp-kms-key-rotation",
        _key(rotationPeriod="7776000s", nextRotationTime=ago(-80)),
        _key(rotationPeriod="31536000s", nextRotationTime=ago(-80)),
    ),
    Case(
        "gcp-kms-key-policy-not-public",
        together(_key(_OPS), _ring(_OPS)),
        together(_key(_OPS), _ring(_PUBLIC)),
    ),
    Case(
        "gcp-kms-key-not-pending-destruction",
        _version("ENABLED"),
        _version("DESTROY_SCHEDULED"),
    ),
    Case(
        "gcp-kms-key-destroy-delay",
        _key(destroyScheduledDuration="2592000s"),
        _key(destroyScheduledDuration="86400s"),
    ),
    Case("gcp-secret-rotation", _secret(rotation={"rotationPeriod": "2592000s"}), _secret()),
    Case("gcp-secret-not-public", _secret(_OPS), _secret(_PUBLIC)),
    Case("gcp-secret-version-age", _secret_version(100), _secret_version(400)),
    Case(
        "gcp-api-key-restricted-apis",
        _api_key(apiTargets=[{"service": "translate.googleapis.com"}]),
        _api_key(),
    ),
    Case(
        "gcp-api-key-restricted-clients",
        _api_key(serverKeyRestrictions={"allowedIps": ["198.51.100.7"]}),
        _api_key(serverKeyRestrictions={"allowedIps": ["0.0.0.0/0"]}),
    ),
    Case("gcp-api-key-age", _api_key(10), _api_key(100)),
)
