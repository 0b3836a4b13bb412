"""Zones of Cloud DNS."""

from typing import Any

from gcp_cases import Case, Make, asset


def _zone(**signing: Any) -> Make:
    data = {"name": "it", "dnsName": "example.com.", "visibility": "PUBLIC"}
    return asset("dns.googleapis.com/ManagedZone", {**data, "dnssecConfig": signing})


def _signed(algorithm: str) -> Make:
    keys = [{"algorithm": algorithm, "keyType": kind} for kind in ("KEY_SIGNING", "ZONE_SIGNING")]
    return _zone(state="ON", defaultKeySpecs=keys)


CASES = (
    Case("gcp-dns-zone-dnssec", _zone(state="ON"), _zone()),
    Case("gcp-dns-zone-strong-signatures", _zone(state="ON"), _signed("RSASHA1")),
)
