"""The tenant: its people, programs, roles and policies, as Microsoft Graph tells them."""

from typing import Any

from azure_cases import Case, Json, Make, ago, graph

_REGISTRATIONS = "reports/authenticationMethods/userRegistrationDetails"
_DEFAULTS = "policies/identitySecurityDefaultsEnforcementPolicy"
_ACCESS = "identity/conditionalAccess/policies"
_AUTHORIZATION = "policies/authorizationPolicy"
_ROLES = "roleManagement/directory/roleAssignments"
_GLOBAL = "62e90394-69f5-4237-9190-012177145e10"

_USER: Json = {
    "id": "u1",
    "displayName": "Ana",
    "userPrincipalName": "ana@example.com",
    "accountEnabled": True,
    "userType": "Member",
    "createdDateTime": "2020-01-01T00:00:00Z",
    "onPremisesSyncEnabled": None,
}

_MFA: Json = {"operator": "OR", "builtInControls": ["mfa"], "authenticationStrength": None}
_BLOCK: Json = {"operator": "OR", "builtInControls": ["block"]}

_ROSTER = {
    "hr.person": """email,status,terminated_at
ana@example.com,active,
eve@example.com,terminated,2024-03-01
"""
}


def _registered(**members: Any) -> Make:
    row = {
        "id": "u1",
        "userPrincipalName": "ana@example.com",
        "userType": "member",
        "isAdmin": False,
        "methodsRegistered": [],
        **members,
    }
    return graph({_REGISTRATIONS: [row], "users": [_USER]})


def _policies(*policies: Json, defaults: bool = False) -> Make:
    return graph({_DEFAULTS: {"isEnabled": defaults}, _ACCESS: list(policies)})


def _policy(grant: Json = _MFA, state: str = "enabled", **conditions: Any) -> Json:
    given = {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"], "excludeApplications": []},
        "users": {"includeUsers": ["All"], "excludeUsers": ["breakglass"], "excludeRoles": []},
        "platforms": None,
        "locations": None,
        "signInRiskLevels": [],
        **conditions,
    }
    return {"displayName": "MFA", "state": state, "conditions": given, "grantControls": grant}


def _blocked(*clients: str) -> Make:
    return _policies(_policy(_BLOCK, clientAppTypes=list(clients)))


def _authorized(**members: Any) -> Make:
    return graph({_AUTHORIZATION: members})


def _by_default(**permissions: Any) -> Make:
    return _authorized(defaultUserRolePermissions=permissions)


def _role(number: int, **members: Any) -> Json:
    role = {"roleDefinitionId": _GLOBAL, "principalId": "u1", "directoryScopeId": "/"}
    return {"id": f"r{number}", **role, **members}


def _administrators(count: int) -> Make:
    return graph({_ROLES: [_role(number) for number in range(count)]})


def _held_by(**user: Any) -> Make:
    return graph({_ROLES: [_role(1)], "users": [{**_USER, **user}]})


def _user(**members: Any) -> Make:
    return graph({"users": [{**_USER, **members}]})


def _active(days: float, **user: Any) -> Make:
    seen = {"lastSignInDateTime": ago(0), "lastSuccessfulSignInDateTime": ago(days)}
    return graph({"users": [{**_USER, "signInActivity": seen, **user}]})


def _application(**members: Any) -> Make:
    row = {
        "id": "a1",
        "appId": "a1",
        "displayName": "shop",
        "signInAudience": "AzureADMyOrg",
        "passwordCredentials": [],
        "keyCredentials": [],
        **members,
    }
    return graph({"applications": [row]})


def _credential(kind: str, since: float, until: float) -> Make:
    """A secret or certificate, good from so many days ago until so many days from now."""
    credential = {"keyId": "k1", "startDateTime": ago(since), "endDateTime": ago(-until)}
    return _application(**{kind: [credential]})


CASES = (
    Case(
        "azure-entra-admin-mfa-registered",
        _registered(isAdmin=True, isMfaRegistered=True),
        _registered(isAdmin=True, isMfaRegistered=False),
    ),
    Case(
        "azure-entra-user-mfa-registered",
        _registered(isMfaRegistered=True),
        _registered(isMfaRegistered=False),
    ),
    Case(
        "azure-entra-admin-phishing-resistant",
        _registered(isAdmin=True, methodsRegistered=["passKeyDeviceBound"]),
        _registered(isAdmin=True, methodsRegistered=["microsoftAuthenticatorPush"]),
    ),
    Case(
        "azure-entra-mfa-enforced",
        _policies(_policy()),
        _policies(_policy(state="enabledForReportingButNotEnforced")),
    ),
    Case("azure-entra-admin-mfa-enforced", _policies(_policy()), _policies()),
    Case(
        "azure-entra-management-mfa-enforced",
        _policies(defaults=True),
        _policies(_policy(signInRiskLevels=["high"])),
    ),
    Case(
        "azure-entra-legacy-authentication-blocked",
        _blocked("exchangeActiveSync", "other"),
        _blocked("exchangeActiveSync"),
    ),
    Case("azure-entra-global-administrators", _administrators(3), _administrators(6)),
    Case("azure-entra-role-no-guests", _held_by(), _held_by(userType="Guest")),
    Case("azure-entra-role-cloud-only", _held_by(), _held_by(onPremisesSyncEnabled=True)),
    Case("azure-entra-user-unused", _active(5), _active(200)),
    Case(
        "azure-entra-guest-unused",
        _active(5, userType="Guest"),
        _active(200, userType="Guest", signInActivity=None),
    ),
    Case(
        "azure-entra-guest-invitations",
        _authorized(allowInvitesFrom="adminsAndGuestInviters"),
        _authorized(allowInvitesFrom="everyone"),
    ),
    Case(
        "azure-entra-guest-access",
        _authorized(guestUserRoleId="2af84b1e-32c8-42b7-82bc-daa82404023b"),
        _authorized(guestUserRoleId="a0b1b346-4d3e-4e8b-98f8-753987be4970"),
    ),
    Case(
        "azure-entra-consent-restricted",
        _by_default(permissionGrantPoliciesAssigned=[]),
        _by_default(
            permissionGrantPoliciesAssigned=[
                "ManagePermissionGrantsForSelf.microsoft-user-default-legacy"
            ]
        ),
    ),
    Case(
        "azure-entra-app-registration-restricted",
        _by_default(allowedToCreateApps=False),
        _by_default(allowedToCreateApps=True),
    ),
    Case(
        "azure-entra-tenant-creation-restricted",
        _by_default(allowedToCreateTenants=False),
        _by_default(allowedToCreateTenants=True),
    ),
    Case(
        "azure-entra-application-secret-lifetime",
        _credential("passwordCredentials", 10, 90),
        _credential("passwordCredentials", 10, 700),
    ),
    Case(
        "azure-entra-application-secret-expired",
        _credential("passwordCredentials", 100, 10),
        _credential("passwordCredentials", 100, -10),
    ),
    Case(
        "azure-entra-application-certificate-expiry",
        _credential("keyCredentials", 100, 90),
        _credential("keyCredentials", 100, 3),
    ),
    Case(
        "azure-entra-application-audience",
        _application(),
        _application(signInAudience="AzureADMultipleOrgs"),
    ),
    Case(
        "azure-entra-risky-sign-in",
        _policies(_policy(signInRiskLevels=["high", "medium"])),
        _policies(_policy()),
    ),
    Case(
        "azure-entra-device-code-blocked",
        _policies(_policy(_BLOCK, authenticationFlows={"transferMethods": "deviceCodeFlow"})),
        _policies(_policy(_BLOCK, authenticationFlows=None)),
    ),
    Case(
        "azure-entra-user-in-hr-roster",
        _user(),
        _user(userPrincipalName="bob@example.com"),
        files=_ROSTER,
    ),
    Case(
        "azure-entra-user-terminated-disabled",
        _user(userPrincipalName="Eve@example.com", accountEnabled=False),
        _user(userPrincipalName="Eve@example.com"),
        files=_ROSTER,
    ),
)
