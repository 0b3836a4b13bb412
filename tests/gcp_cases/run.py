"""Services of Cloud Run."""

from gcp_cases import Bindings, Case, Make, asset

_DEFAULT = "101-compute@developer.gserviceaccount.com"
_SHUT: Bindings = {"roles/run.invoker": ["group:staff@example.com"]}
_OPEN: Bindings = {"roles/run.invoker": ["group:staff@example.com", "allUsers"]}


def _service(
    ingress: str = "internal", account: str = _DEFAULT, iam: Bindings | None = None
) -> Make:
    data = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "it", "annotations": {"run.googleapis.com/ingress": ingress}},
        "spec": {"template": {"spec": {"serviceAccountName": account}}},
    }
    return asset("run.googleapis.com/Service", data, iam=iam)


CASES = (
    Case("gcp-run-service-ingress", _service(), _service("all")),
    Case("gcp-run-service-not-public", _service(iam=_SHUT), _service(iam=_OPEN)),
    Case(
        "gcp-run-service-account",
        _service(account="web@shop.iam.gserviceaccount.com"),
        _service(),
    ),
)
