"""Load balancers: their TLS, their redirects, and the services behind them."""

from typing import Any

from gcp_cases import Case, Json, Make, asset, together

_MAP = "https://www.googleapis.com/compute/v1/projects/shop/global/urlMaps/it"
_RSA = "TLS_RSA_WITH_AES_128_CBC_SHA"
_REDIRECT: Json = {"httpsRedirect": True, "stripQuery": False}


def _proxy(kind: str, **data: Any) -> Make:
    return asset(f"compute.googleapis.com/{kind}", {"name": "it", **data})


def _plain(**url_map: Any) -> Make:
    """A proxy without TLS, and the map that it asks."""
    asked = _proxy("UrlMap", selfLink=_MAP, **url_map)
    return together(_proxy("TargetHttpProxy", urlMap=_MAP), asked)


def _service(kind: str = "BackendService", **data: Any) -> Make:
    served = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTPS"}
    return _proxy(kind, **served, **data)


CASES = (
    Case(
        "gcp-ssl-policy-strong",
        _proxy("SslPolicy", profile="RESTRICTED"),
        # As older exports spell it.
        _proxy("SslPolicy", profile="CUSTOM", minTlsVersion="TLS_1_2", customFeature=[_RSA]),
    ),
    Case(
        "gcp-https-proxy-ssl-policy",
        _proxy("TargetHttpsProxy", sslPolicy="modern"),
        _proxy("TargetHttpsProxy"),
    ),
    Case(
        "gcp-ssl-proxy-ssl-policy",
        _proxy("TargetSslProxy", sslPolicy="modern"),
        _proxy("TargetSslProxy"),
    ),
    Case(
        "gcp-http-proxy-redirects",
        _plain(defaultUrlRedirect=_REDIRECT),
        # As older exports spell it.
        _plain(
            defaultUrlRedirect=_REDIRECT,
            pathMatcher=[{"defaultUrlRedirect": _REDIRECT, "pathRule": [{"paths": ["/shop"]}]}],
        ),
    ),
    Case("gcp-backend-service-logging", _service(logConfig={"enable": True}), _service()),
    Case(
        "gcp-region-backend-service-logging",
        _service("RegionBackendService", logConfig={"enable": True}),
        _service("RegionBackendService", logConfig={"enable": False}),
    ),
    Case("gcp-backend-service-armor", _service(securityPolicy="armor"), _service()),
)
