"""Services of Cloud Run."""

from typing import Any

from gcp_cases import Bindings, Case, Make, asset

_DEFAULT = "101-compute@developer.gserviceaccount.com"
_SHUT: Bindings = {"roles/run.invoker": ["group:staff@example.com"]}
_OPEN: Bindings = {"roles/run.invoker": ["group:staff@example.com", "allUsers"]}


def _service(
    ingress: str = "", account: str = _DEFAULT, iam: Bindings | None = None, **container: Any
) -> Make:
    annotated = {"annotations": {"run.googleapis.com/ingress": ingress}} if ingress else {}
    data = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "it", **annotated},
        "spec": {"template": {"spec": {"serviceAccountName": account, "containers": [container]}}},
    }
    return asset("run.googleapis.com/Service", data, iam=iam)


CASES = (
    Case("gcp-run-service-ingress", _service("internal"), _service()),
    Case("gcp-run-service-not-public", _service(iam=_SHUT), _service(iam=_OPEN)),
    Case(
        "gcp-run-service-account",
        _service(account="web@shop.iam.gserviceaccount.com"),
        _service(),
    ),
    Case(
        "gcp-run-environment-no-secrets",
        _service(env=[{"name": "STAGE", "value": "prod"}, {"name": "API_KEY", "valueFrom": {}}]),
        _service(env=[{"name": "API_KEY", "value": "hunter2-or-so"}]),
    ),
)
