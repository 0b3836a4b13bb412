"""Alert policies: that somebody is told of what an auditor asks about."""

from gcp_cases import Case, Make, asset, of_target, together

_CHANNEL = "projects/shop/notificationChannels/7"
_TERMS = {
    "ownership-changes": ("projectOwnerInvitee", "roles/owner"),
    "audit-config-changes": ("SetIamPolicy", "auditConfigDeltas"),
    "custom-role-changes": tuple(
        f"google.iam.admin.v1.{verb}Role" for verb in ("Create", "Update", "Delete")
    ),
    "firewall-changes": tuple(
        f"compute.firewalls.{verb}" for verb in ("insert", "patch", "delete")
    ),
    "route-changes": ("compute.routes.insert", "compute.routes.delete"),
    "network-changes": tuple(
        f"compute.networks.{verb}"
        for verb in ("insert", "patch", "delete", "addPeering", "removePeering")
    ),
    "bucket-permission-changes": ("storage.setIamPermissions",),
    "sql-changes": ("cloudsql.instances.update",),
    "key-destruction": ("DestroyCryptoKeyVersion",),
    "sink-changes": ("ConfigServiceV2.UpdateSink", "ConfigServiceV2.DeleteSink"),
}


def _channel(*, enabled: bool = True) -> Make:
    data = {"name": _CHANNEL, "type": "email", "displayName": "on call", "enabled": enabled}
    return asset("monitoring.googleapis.com/NotificationChannel", data)


def _policy(filter_: str, *channels: str) -> Make:
    condition = {"displayName": "it", "conditionThreshold": {"filter": filter_}}
    data = {
        "name": "projects/shop/alertPolicies/1",
        "displayName": "it",
        "enabled": True,
        "conditions": [condition],
        "notificationChannels": [*channels],
    }
    return asset("monitoring.googleapis.com/AlertPolicy", data)


def _watched(*terms: str) -> Make:
    """A metric of such entries, and an alert on it that reaches somebody."""
    text = " OR ".join(f'protoPayload.methodName="{term}"' for term in terms)
    metric = {"name": "watched", "filter": text}
    counted = 'metric.type="logging.googleapis.com/user/watched" AND resource.type="global"'
    return of_target(
        together(
            _policy(counted, _CHANNEL),
            _channel(),
            asset("logging.googleapis.com/LogMetric", metric),
        )
    )


CASES = (
    *(
        Case(f"gcp-alert-{slug}", _watched(*terms), _watched(*terms[1:], "other"))
        for slug, terms in _TERMS.items()
    ),
    Case(
        "gcp-alert-reaches-somebody",
        together(_policy("metric.type=x", _CHANNEL), _channel()),
        together(_policy("metric.type=x", _CHANNEL), _channel(enabled=False)),
    ),
)
