"""What is set for a whole subscription: its roles, its log, who is told, and what is locked."""

from collections.abc import Mapping
from typing import Any

from azure_cases import SUBSCRIPTION, Case, Json, Make, arm, resource, together

_SCOPE = f"/subscriptions/{SUBSCRIPTION}"
_AUTHORIZATION = "providers/Microsoft.Authorization"
_DIAGNOSTICS = "providers/Microsoft.Insights/diagnosticSettings"
_CONTACTS = "providers/Microsoft.Security/securityContacts"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_ALL_ACCESS = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
_BENCHMARK = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"

_ALERTS: Mapping[str, str] = {
    "policy-assignment": "Microsoft.Authorization/policyAssignments",
    "network-security-group": "Microsoft.Network/networkSecurityGroups",
    "security-solution": "Microsoft.Security/securitySolutions",
    "sql-firewall": "Microsoft.Sql/servers/firewallRules",
    "public-address": "Microsoft.Network/publicIPAddresses",
    "role-assignment": "Microsoft.Authorization/roleAssignments",
    "diagnostic-settings": "Microsoft.Insights/diagnosticSettings",
}

_PLANS: Mapping[str, str] = {
    "servers": "VirtualMachines",
    "containers": "Containers",
    "storage": "StorageAccounts",
    "app-service": "AppServices",
    "cosmosdb": "CosmosDbs",
    "open-source-databases": "OpenSourceRelationalDatabases",
    "sql": "SqlServers",
    "sql-machines": "SqlServerVirtualMachines",
    "keyvault": "KeyVaults",
    "resource-manager": "Arm",
}


def _alert(operation: str, **properties: Any) -> Make:
    conditions = [
        {"field": "category", "equals": "Administrative"},
        {"field": "operationName", "equals": operation},
    ]
    given = {
        "enabled": True,
        "scopes": [_SCOPE],
        "condition": {"allOf": conditions},
        "actions": {"actionGroups": [{"actionGroupId": "g"}]},
        **properties,
    }
    name = operation.replace("/", "-")
    return resource("Microsoft.Insights/activityLogAlerts", name=name, properties=given)


def _named_subscription(make: Make) -> Make:
    """The finding is that of the subscription, not of what was put into it."""
    return together(arm({}), make)


def _told(kind: str) -> Case:
    write, delete = (f"{_ALERTS[kind]}/{action}" for action in ("write", "delete"))
    return Case(
        f"azure-alert-{kind}",
        _named_subscription(together(_alert(write), _alert(delete))),
        _named_subscription(together(_alert(write), _alert(delete, enabled=False))),
    )


def _plan(name: str, tier: str) -> Make:
    identity = f"{_SCOPE}/providers/Microsoft.Security/pricings/{name}"
    return resource(
        "Microsoft.Security/pricings",
        name=name,
        table="securityresources",
        id=identity,
        properties={"pricingTier": tier},
    )


def _defended(kind: str) -> Case:
    name = _PLANS[kind]
    return Case(
        f"azure-defender-{kind}",
        together(arm({}), _plan(name, "Standard"), _plan("Dns", "Free")),
        together(arm({}), _plan(name, "Free"), _plan("Dns", "Standard")),
    )


def _exported(*categories: str) -> Make:
    logs = [{"category": each, "enabled": True} for each in categories]
    setting = {"name": "audit", "properties": {"workspaceId": "w", "logs": logs}}
    return arm({_DIAGNOSTICS: [setting]})


def _contact(**properties: Any) -> Make:
    return arm({_CONTACTS: [{"name": "default", "properties": properties}]})


def _integrated(**enabled: bool) -> Make:
    settings = [{"name": n, "properties": {"enabled": on}} for n, on in enabled.items()]
    return arm({"providers/Microsoft.Security/settings": settings})


def _assigned(*given: Json) -> Make:
    """Role assignments on the subscription, or where `scope` says."""
    rows = []
    for number, one in enumerate(given):
        role = f"{_SCOPE}/{_AUTHORIZATION}/roleDefinitions/{one.get('role', _OWNER)}"
        properties = {"scope": _SCOPE, "principalType": "Group", "principalId": f"p{number}", **one}
        rows.append(
            {
                "id": f"{_SCOPE}/{_AUTHORIZATION}/roleAssignments/a{number}",
                "name": f"a{number}",
                "properties": {**properties, "roleDefinitionId": role},
            }
        )
    return arm({f"{_AUTHORIZATION}/roleAssignments": rows})


def _role(*actions: str) -> Make:
    properties = {
        "roleName": "own",
        "type": "CustomRole",
        "assignableScopes": [_SCOPE],
        "permissions": [{"actions": list(actions), "notActions": []}],
    }
    identity = f"{_SCOPE}/{_AUTHORIZATION}/roleDefinitions/own"
    row = {"id": identity, "name": "own", "properties": properties}
    return arm({f"{_AUTHORIZATION}/roleDefinitions": [row]})


def _locked(level: str) -> Make:
    identity = f"{_SCOPE}/resourceGroups/main/{_AUTHORIZATION}/locks/keep"
    row = {"id": identity, "name": "keep", "properties": {"level": level}}
    return arm({f"{_AUTHORIZATION}/locks": [row]})


def _baseline(mode: str) -> Make:
    definition = f"/{_AUTHORIZATION}/policySetDefinitions/{_BENCHMARK}"
    properties = {"policyDefinitionId": definition, "scope": _SCOPE, "enforcementMode": mode}
    return arm({f"{_AUTHORIZATION}/policyAssignments": [{"name": "b", "properties": properties}]})


def _workspace(**properties: Any) -> Make:
    return resource("Microsoft.OperationalInsights/workspaces", properties=properties)


def _group(**properties: Any) -> Make:
    return resource("Microsoft.Insights/actionGroups", properties={"enabled": True, **properties})


CASES = (
    *map(_told, _ALERTS),
    *map(_defended, _PLANS),
    Case("azure-action-group-receivers", _group(emailReceivers=[{"name": "ana"}]), _group()),
    Case("azure-activity-log-exported", _exported("Security"), arm({_DIAGNOSTICS: []})),
    Case(
        "azure-activity-log-categories",
        _exported("Administrative", "Alert", "Policy", "Security"),
        _exported("Administrative", "Alert", "Security"),
    ),
    Case(
        "azure-log-workspace-retention",
        _workspace(retentionInDays=400),
        _workspace(retentionInDays=30),
    ),
    Case(
        "azure-log-workspace-network",
        _workspace(publicNetworkAccessForQuery="Disabled"),
        _workspace(),
    ),
    Case(
        "azure-defender-endpoint-integration",
        _integrated(MCAS=False, WDATP=True),
        _integrated(MCAS=True, WDATP=False),
    ),
    Case(
        "azure-defender-cloud-apps-integration",
        _integrated(MCAS=True, WDATP=False),
        _integrated(MCAS=False, WDATP=True),
    ),
    Case("azure-defender-contact", _contact(emails="sec@example.com"), _contact(emails="")),
    Case(
        "azure-defender-owners-notified",
        _contact(notificationsByRole={"state": "On", "roles": ["Owner"]}),
        _contact(notificationsByRole={"state": "Off", "roles": ["Owner"]}),
    ),
    Case(
        "azure-defender-alerts-notified",
        _contact(notificationsSources=[{"sourceType": "Alert", "minimalSeverity": "High"}]),
        _contact(notificationsSources=[]),
    ),
    Case("azure-subscription-owners", _assigned({}, {}), _assigned({}, {}, {}, {})),
    Case("azure-subscription-locks", _locked("CanNotDelete"), _locked("NotSpecified")),
    Case("azure-subscription-policy-assigned", _baseline("Default"), _baseline("DoNotEnforce")),
    Case("azure-role-no-administrator", _role("Microsoft.Storage/*"), _role("*")),
    Case(
        "azure-role-no-escalation",
        _role("Microsoft.Storage/*"),
        _role("Microsoft.Authorization/*/write"),
    ),
    Case(
        "azure-role-assignment-root",
        _assigned({"role": _ALL_ACCESS}),
        _assigned({"role": _ALL_ACCESS, "scope": "/"}),
    ),
    Case("azure-role-assignment-group", _assigned({}), _assigned({"principalType": "User"})),
    Case(
        "azure-role-assignment-program",
        _assigned({"principalType": "ServicePrincipal", "scope": f"{_SCOPE}/resourceGroups/main"}),
        _assigned({"principalType": "ServicePrincipal"}),
    ),
)
