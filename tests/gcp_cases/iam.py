"""Identity and access: policies of projects and what is above them; accounts, keys, roles."""

from typing import Any

from gcp_kit import ORGANIZATION

from gcp_cases import MANAGER, Bindings, Case, Json, Make, ago, asset, organization, project

_OPS = "group:ops@example.com"
_ANA = "user:ana@example.com"
_APP = "serviceAccount:app@shop.iam.gserviceaccount.com"
_POOL = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci"
_ADMIN = "roles/resourcemanager.organizationAdmin"


def _audit(*types: str, exempt: tuple[str, ...] = (), service: str = "allServices") -> list[Json]:
    logs = [{"logType": kind, "exemptedMembers": [*exempt]} for kind in types]
    return [{"service": service, "auditLogConfigs": logs}]


def _folder(iam: Bindings) -> Make:
    return asset(
        f"{MANAGER}/Folder",
        {"name": "folders/7", "displayName": "it", "lifecycleState": "ACTIVE"},
        name="folders/7",
        iam=iam,
        above=["folders/7", ORGANIZATION],
    )


def _account(iam: Bindings | None = None) -> Make:
    email = "app@shop.iam.gserviceaccount.com"
    data = {"name": f"projects/shop/serviceAccounts/{email}", "email": email, "uniqueId": "123"}
    name = "projects/shop/serviceAccounts/123"
    return asset("iam.googleapis.com/ServiceAccount", data, name=name, iam=iam)


def _key(**data: Any) -> Make:
    name = "projects/shop/serviceAccounts/app@shop.iam.gserviceaccount.com/keys/abc"
    known = {
        "name": name,
        "keyType": "USER_MANAGED",
        "validAfterTime": ago(10),
        "validBeforeTime": "9999-12-31T23:59:59Z",
    }
    return asset("iam.googleapis.com/ServiceAccountKey", {**known, **data}, name=name)


def _role(*permissions: str, above: str = "") -> Make:
    name = f"{above or 'projects/shop'}/roles/it"
    data = {"name": name, "title": "It", "stage": "GA", "includedPermissions": [*permissions]}
    return asset("iam.googleapis.com/Role", data, name=name, above=[above] if above else ())


CASES = (
    Case(
        "gcp-iam-project-no-basic-roles",
        project(
            {
                "roles/viewer": [_OPS],
                "roles/editor": ["serviceAccount:1@cloudservices.gserviceaccount.com"],
            }
        ),
        project({"roles/viewer": [_OPS], "roles/editor": [_ANA]}),
    ),
    Case(
        "gcp-iam-project-not-public",
        project({"roles/viewer": [_OPS]}),
        project({"roles/viewer": [_OPS], "roles/run.invoker": ["allAuthenticatedUsers"]}),
    ),
    Case(
        "gcp-iam-project-corporate-members",
        project({"roles/viewer": [_ANA, _APP]}),
        project({"roles/viewer": [_ANA, "user:ana@gmail.com"]}),
    ),
    Case(
        "gcp-iam-service-account-no-admin",
        project({"roles/storage.admin": [_OPS], "roles/storage.objectViewer": [_APP]}),
        project({"roles/storage.admin": [_OPS, _APP]}),
    ),
    Case(
        "gcp-iam-service-account-use-not-project-wide",
        project({"roles/viewer": [_ANA]}),
        project({"roles/iam.serviceAccountUser": [_ANA]}),
    ),
    Case(
        "gcp-iam-service-account-duties-separated",
        project({"roles/iam.serviceAccountAdmin": [_ANA], "roles/iam.serviceAccountUser": [_OPS]}),
        project({"roles/iam.serviceAccountAdmin": [_ANA], "roles/iam.serviceAccountUser": [_ANA]}),
    ),
    Case(
        "gcp-iam-key-duties-separated",
        project({"roles/cloudkms.admin": [_ANA], "roles/cloudkms.cryptoKeyDecrypter": [_APP]}),
        project({"roles/cloudkms.admin": [_ANA], "roles/cloudkms.cryptoKeyDecrypter": [_ANA]}),
    ),
    Case(
        "gcp-iam-project-audit-no-exemptions",
        project({"roles/viewer": [_ANA]}, _audit("DATA_READ")),
        project({"roles/viewer": [_ANA]}, _audit("DATA_READ", exempt=(_ANA,))),
    ),
    Case(
        "gcp-iam-organization-no-basic-roles",
        organization({"roles/browser": [_OPS]}),
        organization({"roles/editor": [_OPS]}),
    ),
    Case(
        "gcp-iam-organization-corporate-members",
        organization({"roles/browser": [_ANA]}),
        organization({"roles/browser": ["user:ana@gmail.com"]}),
    ),
    Case(
        "gcp-iam-folder-no-basic-roles",
        _folder({"roles/browser": [_OPS]}),
        _folder({"roles/browser": [_OPS, "allUsers"]}),
    ),
    Case(
        "gcp-iam-organization-admins-limited",
        organization({_ADMIN: [_OPS], "roles/browser": [_ANA]}),
        organization({_ADMIN: [f"user:{name}@example.com" for name in "abcde"]}),
    ),
    Case(
        "gcp-iam-organization-creators-limited",
        organization({"roles/resourcemanager.projectCreator": [_OPS]}),
        organization({"roles/resourcemanager.projectCreator": ["domain:example.com"]}),
    ),
    Case(
        "gcp-iam-organization-audit-logs",
        organization({"roles/browser": [_OPS]}, _audit("ADMIN_READ", "DATA_READ", "DATA_WRITE")),
        organization({"roles/browser": [_OPS]}, _audit("ADMIN_READ", "DATA_WRITE")),
    ),
    Case(
        "gcp-iam-service-account-no-user-keys",
        _key(keyType="SYSTEM_MANAGED"),
        _key(),
    ),
    Case("gcp-iam-service-account-key-age", _key(), _key(validAfterTime=ago(100))),
    Case(
        "gcp-iam-service-account-not-public",
        _account({"roles/iam.workloadIdentityUser": [f"{_POOL}/attribute.repository/a/b"]}),
        _account({"roles/iam.workloadIdentityUser": [f"{_POOL}/*"]}),
    ),
    Case(
        "gcp-iam-custom-role-no-escalation",
        _role("storage.objects.get"),
        _role("storage.objects.get", "iam.serviceAccounts.actAs"),
    ),
    Case(
        "gcp-iam-organization-role-no-escalation",
        _role("storage.objects.get", above=ORGANIZATION),
        _role("resourcemanager.projects.setIamPolicy", above=ORGANIZATION),
    ),
)
