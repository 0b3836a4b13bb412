"""Certificates of load balancers and of Certificate Manager."""

from typing import Any

from gcp_cases import Case, Make, ago, asset


def _balancer(**data: Any) -> Make:
    made = {"name": "it", "type": "MANAGED", "expireTime": ago(-60), **data}
    return asset("compute.googleapis.com/SslCertificate", made)


def _manager(days: float) -> Make:
    made = {"name": "projects/shop/locations/global/certificates/it", "expireTime": ago(-days)}
    return asset("certificatemanager.googleapis.com/Certificate", made)


CASES = (
    Case("gcp-ssl-certificate-expiry", _balancer(), _balancer(expireTime=ago(-9))),
    Case(
        "gcp-ssl-certificate-active",
        _balancer(managed={"status": "ACTIVE"}),
        _balancer(managed={"status": "RENEWAL_FAILED"}),
    ),
    Case("gcp-certificate-expiry", _manager(60), _manager(9)),
)
