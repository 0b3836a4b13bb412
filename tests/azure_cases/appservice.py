"""Apps of App Service, and Function apps."""

from typing import Any

from azure_cases import Case, Make, ago, resource
from azure_cases.network import sent

KIND = "Microsoft.Web/sites"


def _app(**properties: Any) -> Make:
    return resource(KIND, kind="app,linux", properties=properties)


def _configured(**settings: Any) -> Make:
    return resource(KIND, kind="app", below={"config/web": {"properties": settings}})


def _asking(*, required: bool) -> Make:
    settings = {
        "platform": {"enabled": True},
        "globalValidation": {"requireAuthentication": required},
    }
    return resource(KIND, below={"config/authsettingsV2": {"properties": settings}})


def _deployed(*, by_password: bool) -> Make:
    policy = "basicPublishingCredentialsPolicies"
    below = {
        f"{policy}/ftp": {"properties": {"allow": False}},
        f"{policy}/scm": {"properties": {"allow": by_password}},
    }
    return resource(KIND, below=below)


def _certificate(days: float) -> Make:
    return resource("Microsoft.Web/certificates", properties={"expirationDate": ago(-days)})


def _function(action: str) -> Make:
    rules = [
        {"ipAddress": "203.0.113.9/32", "action": "Deny", "name": "one"},
        {"ipAddress": "Any", "action": action, "name": f"{action} all"},
    ]
    below = {"config/web": {"properties": {"ipSecurityRestrictions": rules}}}
    return resource(KIND, kind="functionapp", below=below)


CASES = (
    Case("azure-app-service-https", _app(httpsOnly=True), _app(httpsOnly=False)),
    Case(
        "azure-app-service-tls", _configured(minTlsVersion="1.2"), _configured(minTlsVersion="1.1")
    ),
    Case(
        "azure-app-service-ftp",
        _configured(ftpsState="FtpsOnly"),
        _configured(ftpsState="AllAllowed"),
    ),
    Case(
        "azure-app-service-publishing-passwords",
        _deployed(by_password=False),
        _deployed(by_password=True),
    ),
    Case(
        "azure-app-service-identity",
        resource(KIND, identity={"type": "SystemAssigned"}),
        resource(KIND),
    ),
    Case("azure-app-service-authentication", _asking(required=True), _asking(required=False)),
    Case(
        "azure-app-service-remote-debugging",
        _configured(remoteDebuggingEnabled=False),
        _configured(remoteDebuggingEnabled=True),
    ),
    Case(
        "azure-app-service-cors",
        _configured(cors=None),
        _configured(cors={"allowedOrigins": ["*"], "supportCredentials": False}),
    ),
    Case("azure-function-network", _function("Deny"), _function("Allow")),
    Case(
        "azure-app-service-logs",
        resource(KIND, below=sent("AppServiceHTTPLogs")),
        resource(KIND, below=sent("AppServicePlatformLogs")),
    ),
    Case("azure-app-service-certificate-expiry", _certificate(90), _certificate(10)),
)
