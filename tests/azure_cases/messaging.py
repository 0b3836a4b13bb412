"""Namespaces of Service Bus and Event Hubs; topics of Event Grid."""

from functools import partial
from typing import Any

from azure_cases import Case, Make, resource


def _of(kind: str, **properties: Any) -> Make:
    return resource(kind, properties=properties)


def _open_to(kind: str, action: str) -> Make:
    below = {"networkRuleSets/default": {"properties": {"defaultAction": action, "ipRules": []}}}
    return resource(kind, properties={"publicNetworkAccess": "Enabled"}, below=below)


BUS, HUBS = "Microsoft.ServiceBus/namespaces", "Microsoft.EventHub/namespaces"
_topic = partial(_of, "Microsoft.EventGrid/topics")

CASES = (
    *(
        case
        for kind, name in ((BUS, "service-bus"), (HUBS, "event-hubs"))
        for case in (
            Case(
                f"azure-{name}-tls",
                _of(kind, minimumTlsVersion="1.2"),
                _of(kind, minimumTlsVersion="1.0"),
            ),
            Case(f"azure-{name}-local-auth", _of(kind, disableLocalAuth=True), _of(kind)),
            Case(f"azure-{name}-network", _open_to(kind, "Deny"), _open_to(kind, "Allow")),
        )
    ),
    Case("azure-event-grid-local-auth", _topic(disableLocalAuth=True), _topic()),
    Case(
        "azure-event-grid-network",
        _topic(publicNetworkAccess="Disabled"),
        _topic(publicNetworkAccess="Enabled", inboundIpRules=[]),
    ),
)
