"""The App Engine application of a project, and its services."""

from typing import Any

from gcp_cases import Case, Make, asset

_INSIDE = "INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB"


def _application(**data: Any) -> Make:
    made = {"id": "shop", "servingStatus": "SERVING", **data}
    return asset("appengine.googleapis.com/Application", made, name="apps/shop")


def _service(**data: Any) -> Make:
    name = "apps/shop/services/default"
    return asset("appengine.googleapis.com/Service", {"id": "default", **data}, name=name)


CASES = (
    Case("gcp-appengine-tls", _application(sslPolicy="MODERN"), _application()),
    Case(
        "gcp-appengine-service-ingress",
        _service(networkSettings={"ingressTrafficAllowed": _INSIDE}),
        _service(networkSettings={}),
    ),
)
