"""What the organization decides for all its projects, and which services work in them."""

from typing import Any

from gcp_kit import ORGANIZATION

from gcp_cases import Case, Make, asset, nothing, of_target

_ENFORCED = {
    "no-service-account-keys": "iam.disableServiceAccountKeyCreation",
    "no-default-grants": "iam.automaticIamGrantsForDefaultServiceAccounts",
    "uniform-bucket-access": "storage.uniformBucketLevelAccess",
    "public-access-prevention": "storage.publicAccessPrevention",
    "os-login": "compute.requireOsLogin",
    "sql-no-public-ip": "sql.restrictPublicIp",
    "no-default-network": "compute.skipDefaultNetworkCreation",
}
_WATCHING = {
    "event-threat-detection": "event-threat-detection",
    "posture": "security-health-analytics",
    "container-threat-detection": "container-threat-detection",
}


def _policy(above: str, constraint: str, **rule: Any) -> Make:
    name = f"{above}/policies/{constraint}"
    data = {"name": name, "spec": {"rules": [rule]}}
    ancestors = [above] if above == ORGANIZATION else ()
    return asset("orgpolicy.googleapis.com/Policy", data, name=name, above=ancestors)


def _service(name: str, state: str = "ENABLED") -> Make:
    full = f"projects/101/services/{name}.googleapis.com"
    data = {"name": f"{name}.googleapis.com", "state": state}
    return asset("serviceusage.googleapis.com/Service", data, name=full)


def _watching(service: str, state: str) -> Make:
    name = f"{ORGANIZATION}/locations/global/securityCenterServices/{service}"
    data = {"name": name, "effectiveEnablementState": state}
    kind = "securitycentermanagement.googleapis.com/SecurityCenterService"
    return of_target(asset(kind, data, name=name, above=[ORGANIZATION]))


def _approval(*services: str) -> Make:
    name = f"{ORGANIZATION}/accessApprovalSettings"
    enrolled = [{"cloudProduct": each, "enrollmentLevel": "BLOCK_ALL"} for each in services]
    data = {"name": name, "enrolledServices": enrolled, "notificationEmails": ["a@example.com"]}
    kind = "accessapproval.googleapis.com/AccessApprovalSettings"
    return of_target(asset(kind, data, name=name, above=[ORGANIZATION]))


CASES = (
    *(
        Case(
            f"gcp-org-policy-{slug}",
            of_target(_policy(ORGANIZATION, constraint, enforce=True)),
            of_target(_policy(ORGANIZATION, constraint, enforce=False)),
        )
        for slug, constraint in _ENFORCED.items()
    ),
    Case(
        "gcp-org-policy-locations",
        of_target(
            _policy(ORGANIZATION, "gcp.resourceLocations", values={"allowedValues": ["in:eu"]})
        ),
        of_target(_policy(ORGANIZATION, "gcp.resourceLocations", allowAll=True)),
    ),
    Case(
        "gcp-org-policy-no-external-ip",
        of_target(_policy(ORGANIZATION, "compute.vmExternalIpAccess", denyAll=True)),
        of_target(_policy(ORGANIZATION, "compute.vmExternalIpAccess", allowAll=True)),
    ),
    Case(
        "gcp-org-policy-known-domains",
        of_target(
            _policy(
                ORGANIZATION,
                "iam.allowedPolicyMemberDomains",
                values={"allowedValues": ["C0abcdefg"]},
            )
        ),
        nothing,
    ),
    Case(
        "gcp-org-policy-not-weakened",
        _policy("projects/101", "sql.restrictPublicIp", enforce=True),
        _policy("projects/101", "sql.restrictPublicIp", enforce=False),
    ),
    Case(
        "gcp-services-asset-inventory",
        of_target(_service("cloudasset")),
        of_target(_service("compute")),
    ),
    Case("gcp-services-forbidden", _service("compute"), _service("sourcerepo")),
    *(
        Case(f"gcp-scc-{slug}", _watching(service, "ENABLED"), _watching(service, "DISABLED"))
        for slug, service in _WATCHING.items()
    ),
    Case("gcp-access-approval", _approval("all"), _approval()),
)
