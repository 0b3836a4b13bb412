"""Cloud Run functions."""

from typing import Any

from gcp_cases import Bindings, Case, Json, Make, asset

_SHUT: Bindings = {
    "roles/cloudfunctions.invoker": ["serviceAccount:a@shop.iam.gserviceaccount.com"]
}
_OPEN: Bindings = {"roles/cloudfunctions.invoker": ["allUsers"]}


def _function(iam: Bindings | None = None, runtime: str = "python313", **service: Any) -> Make:
    data: Json = {
        "name": "projects/shop/locations/europe-west1/functions/it",
        "environment": "GEN_2",
        "state": "ACTIVE",
        "buildConfig": {"runtime": runtime, "entryPoint": "main"},
        "serviceConfig": service,
    }
    return asset("cloudfunctions.googleapis.com/Function", data, iam=iam)


CASES = (
    Case(
        "gcp-function-ingress",
        _function(ingressSettings="ALLOW_INTERNAL_AND_GCLB"),
        _function(),
    ),
    Case("gcp-function-not-public", _function(_SHUT), _function(_OPEN)),
    Case(
        "gcp-function-service-account",
        _function(serviceAccountEmail="hook@shop.iam.gserviceaccount.com"),
        _function(serviceAccountEmail="shop@appspot.gserviceaccount.com"),
    ),
    Case(
        "gcp-function-environment-no-secrets",
        _function(environmentVariables={"STAGE": "prod", "LIMIT": "20"}),
        _function(environmentVariables={"DB_PASSWORD": "hunter2-or-so"}),
    ),
    Case("gcp-function-runtime", _function(), _function(runtime="python37")),
)
