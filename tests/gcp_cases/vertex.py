"""Endpoints, datasets and workbenches of Vertex AI."""

from typing import Any

from gcp_cases import Case, Make, asset

_DEFAULT = "101-compute@developer.gserviceaccount.com"


def _kept(kind: str, key: str = "") -> Make:
    data = {"name": "projects/shop/locations/l/things/1", "displayName": "it"}
    encryption = {"encryptionSpec": {"kmsKeyName": key}} if key else {}
    return asset(f"aiplatform.googleapis.com/{kind}", {**data, **encryption})


def _notebook(**data: Any) -> Make:
    made = {"name": "projects/shop/locations/l/instances/it", "state": "ACTIVE", **data}
    return asset("notebooks.googleapis.com/Instance", made)


def _acting(email: str) -> Make:
    return _notebook(gceSetup={"serviceAccounts": [{"email": email}]})


CASES = (
    Case("gcp-vertex-endpoint-customer-key", _kept("Endpoint", "k"), _kept("Endpoint")),
    Case("gcp-vertex-dataset-customer-key", _kept("Dataset", "k"), _kept("Dataset")),
    Case(
        "gcp-notebook-no-public-address",
        _notebook(gceSetup={"disablePublicIp": True}),
        _notebook(gceSetup={}),
    ),
    Case(
        "gcp-notebook-service-account",
        _acting("lab@shop.iam.gserviceaccount.com"),
        _acting(_DEFAULT),
    ),
)
