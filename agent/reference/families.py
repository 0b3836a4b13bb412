"""What is asked of every cloud, and by which rules. Pure.

A family is one concern; the table shows which rules of each cloud see to it. Where a cloud has
none, the reason is said: the concern does not exist there, or something else covers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from agent.reference.markdown import WRITTEN, prose, table
from agent.rules.rule import Rule

CLOUDS = ("aws", "azure", "gcp")


class Family(Struct, frozen=True, kw_only=True):
    """One concern."""

    title: str
    rules: tuple[str, ...]
    """Globs of the ids of the rules that see to it."""
    without: Mapping[str, str] = {}
    """Cloud -> why it has none."""


FAMILIES: tuple[Family, ...] = (
    Family(
        title="Administrators prove who they are twice",
        rules=("aws-iam-root-*mfa", "azure-entra-admin-*", "gcp-directory-admin-2sv"),
    ),
    Family(
        title="Everybody proves who they are twice",
        rules=(
            "aws-iam-user-*mfa",
            "aws-cognito-*-mfa",
            "azure-entra-user-mfa-registered",
            "azure-entra-mfa-enforced",
            "azure-entra-management-mfa-enforced",
            "gcp-directory-user-2sv-*",
        ),
    ),
    Family(
        title="Passwords are good ones",
        rules=("aws-iam-password-*", "aws-cognito-*-password-policy"),
        without={
            "azure": "Microsoft Entra sets the rules itself; the second factor is asked for",
            "gcp": "the directory shows no rules of passwords; the second step is asked for",
        },
    ),
    Family(
        title="Few are administrators",
        rules=(
            "aws-iam-*admin*",
            "aws-sso-admin-*",
            "azure-entra-global-administrators",
            "azure-subscription-owners",
            "azure-role-no-administrator",
            "gcp-directory-super-admins-limited",
            "gcp-iam-organization-admins-limited",
            "gcp-iam-*-no-basic-roles",
            "gcp-iam-service-account-no-admin",
        ),
    ),
    Family(
        title="Nobody can give themselves more rights",
        rules=("*-no-escalation", "gcp-iam-*-duties-separated"),
    ),
    Family(
        title="Rights go to groups",
        rules=(
            "aws-iam-user-in-group",
            "aws-iam-user-no-direct-policies",
            "azure-role-assignment-group",
        ),
        without={"gcp": "a policy does not say whether a person is also in a group"},
    ),
    Family(
        title="What nobody uses is taken away",
        rules=("aws-iam-credentials-unused", "aws-iam-*-unused", "*-user-unused", "*-guest-unused"),
    ),
    Family(
        title="Who has left has no way in; who is in is known",
        rules=("*-in-hr-roster", "*-user-terminated-*"),
    ),
    Family(
        title="Keys and secrets of programs are young",
        rules=(
            "aws-iam-access-key-age",
            "azure-entra-application-*",
            "azure-storage-account-key-age",
            "gcp-iam-service-account-key-age",
            "gcp-api-key-age",
            "gcp-secret-version-age",
        ),
    ),
    Family(
        title="Programs have identities, and no keys in files",
        rules=(
            "aws-ec2-instance-role",
            "aws-iam-root-no-access-keys",
            "azure-*-local-auth",
            "azure-*-identity",
            "azure-*-entra-only",
            "azure-storage-account-shared-key",
            "gcp-iam-service-account-no-user-keys",
            "gcp-org-policy-no-service-account-keys",
            "gcp-*-service-account",
            "gcp-gke-workload-identity",
        ),
    ),
    Family(
        title="Strangers are kept out of trusts and roles",
        rules=(
            "aws-iam-role-trust*",
            "aws-iam-role-oidc-subject",
            "azure-entra-guest-*",
            "azure-entra-role-no-guests",
            "gcp-iam-*-not-public",
            "gcp-iam-*-corporate-members",
            "gcp-org-policy-known-domains",
        ),
    ),
    Family(
        title="What is done is recorded",
        rules=(
            "aws-cloudtrail-*",
            "azure-activity-log-*",
            "gcp-iam-organization-audit-logs",
            "gcp-iam-project-audit-*",
            "gcp-logging-*sink*",
        ),
    ),
    Family(
        title="Records are kept long enough, and nobody can change them",
        rules=(
            "aws-*log*-retention",
            "aws-cloudtrail-*valid*",
            "azure-log-workspace-retention",
            "azure-flow-log-retention",
            "azure-sql-server-audit-retention",
            "gcp-logging-bucket-*",
            "gcp-storage-bucket-log-retention-locked",
        ),
    ),
    Family(
        title="Networks record their traffic",
        rules=(
            "aws-*flow-log*",
            "azure-*flow-log*",
            "gcp-subnetwork-flow-logs",
            "gcp-firewall-logging",
        ),
    ),
    Family(
        title="Services record who calls them",
        rules=(
            "aws-*-logging",
            "aws-*-access-logs",
            "aws-*-audit-log*",
            "azure-*-logs",
            "azure-*-logging",
            "azure-*-auditing",
            "azure-*-audit-log",
            "gcp-*-logging",
            "gcp-sql-postgres-*",
        ),
    ),
    Family(
        title="Somebody is told of changes that matter",
        rules=(
            "aws-alarm-*",
            "aws-cloudwatch-alarm-actions",
            "azure-alert-*",
            "azure-action-group-*",
            "gcp-alert-*",
        ),
    ),
    Family(
        title="Attacks are looked for",
        rules=(
            "aws-guardduty-*",
            "aws-macie-*",
            "aws-inspector-*",
            "azure-defender-*",
            "gcp-scc-*",
        ),
    ),
    Family(
        title="The provider knows whom to call",
        rules=(
            "aws-account-*contact*",
            "azure-defender-contact",
            "azure-defender-owners-notified",
            "gcp-essential-contacts",
        ),
    ),
    Family(
        title="Configuration is recorded and judged by the cloud as well",
        rules=(
            "aws-config-*",
            "aws-securityhub-*",
            "azure-subscription-policy-assigned",
            "gcp-services-asset-inventory",
            "gcp-scc-posture",
        ),
    ),
    Family(
        title="Guardrails stand above single accounts",
        rules=(
            "aws-org-*",
            "azure-subscription-policy-assigned",
            "azure-subscription-locks",
            "gcp-org-policy-*",
        ),
    ),
    Family(
        title="Machines are patched, images and runtimes are young",
        rules=(
            "aws-ssm-patch-compliant",
            "aws-*-image-age",
            "aws-lambda-function-runtime",
            "aws-*-auto-minor-upgrade",
            "azure-*-patched-automatically",
            "azure-*-image-upgrades",
            "azure-aks-upgrades",
            "azure-aks-version-supported",
            "gcp-*-os-config",
            "gcp-function-runtime",
            "gcp-gke-release-channel",
            "gcp-gke-node-pool-upgrades",
            "gcp-compute-vulnerabilities-sla",
        ),
    ),
    Family(
        title="Container images are scanned, and their tags do not move",
        rules=(
            "aws-ecr-*scan*",
            "aws-ecr-*-immutable",
            "azure-defender-containers",
            "gcp-artifact-*-scanned",
            "gcp-artifact-*-immutable",
        ),
    ),
    Family(
        title="Nobody reaches administration from the internet",
        rules=(
            "aws-ec2-security-group-ssh",
            "aws-ec2-security-group-rdp",
            "aws-ec2-network-acl-admin-ports",
            "azure-network-security-group-ssh",
            "azure-network-security-group-rdp",
            "gcp-firewall-ssh",
            "gcp-firewall-rdp",
        ),
    ),
    Family(
        title="Nobody reaches databases from the internet",
        rules=(
            "*-data-ports",
            "aws-rds-*public*",
            "aws-redshift-not-public",
            "azure-*-public-access",
            "azure-*-firewall",
            "gcp-sql-*-public-*",
            "gcp-sql-*-networks",
            "gcp-alloydb-no-public-address",
        ),
    ),
    Family(
        title="Networks are closed unless somebody opens them",
        rules=(
            "*-all-traffic",
            "aws-ec2-security-group-default-closed",
            "azure-subnet-security-group",
            "gcp-network-not-default",
            "gcp-org-policy-no-default-network",
        ),
    ),
    Family(
        title="Machines have no address on the internet",
        rules=("*-no-public-address", "*-no-public-ip", "gcp-org-policy-no-external-ip"),
    ),
    Family(
        title="Metadata and sign-in of machines are guarded",
        rules=(
            "*imdsv2*",
            "azure-virtual-machine-ssh-keys",
            "azure-virtual-machine-trusted-launch",
            "gcp-compute-*-os-login",
            "gcp-compute-instance-shielded",
            "gcp-gke-node-metadata",
        ),
    ),
    Family(
        title="Tunnels are up, and their keys are agreed on safely",
        rules=("aws-ec2-vpn-*", "azure-vpn-*", "gcp-vpn-*"),
    ),
    Family(
        title="Services are reached without the internet",
        rules=(
            "aws-vpc-s3-endpoint",
            "aws-opensearch-in-vpc",
            "azure-*-private-endpoint",
            "gcp-subnetwork-private-google-access",
        ),
    ),
    Family(
        title="Web applications stand behind a firewall of their own",
        rules=("*-waf", "*-waf-blocks", "aws-wafv2-*", "gcp-backend-service-armor"),
    ),
    Family(
        title="Clusters are not administered from anywhere",
        rules=(
            "*-eks-endpoint-*",
            "azure-aks-endpoint-not-public",
            "gcp-gke-endpoint-not-public",
            "gcp-gke-private-nodes",
        ),
    ),
    Family(
        title="Stores of objects are closed to the public",
        rules=(
            "aws-s3-*public*",
            "azure-storage-account-public-access",
            "azure-storage-account-network",
            "gcp-storage-bucket-*public*",
            "gcp-storage-bucket-uniform-access",
        ),
    ),
    Family(
        title="Copies, images and queues are closed to the public",
        rules=(
            "aws-*snapshot*-not-public",
            "aws-ec2-image-not-public",
            "aws-s*s-*-not-public",
            "azure-*-not-exported",
            "azure-container-registry-anonymous",
            "gcp-compute-*-not-public",
            "gcp-pubsub-*-not-public",
            "gcp-artifact-*-not-public",
        ),
    ),
    Family(
        title="Functions and services ask who calls",
        rules=(
            "aws-lambda-*-authenticated",
            "aws-lambda-function-not-public",
            "azure-app-service-authentication",
            "azure-function-network",
            "gcp-run-service-not-public",
            "gcp-function-not-public",
            "gcp-function-ingress",
        ),
    ),
    Family(
        title="Nothing is said in the clear",
        rules=("*-tls", "*-tls-*", "*-https*", "*-ssl-*", "gcp-http-proxy-redirects"),
    ),
    Family(
        title="Certificates do not run out",
        rules=("*certificate-expiry", "aws-acm-*"),
    ),
    Family(
        title="What is stored is encrypted, where it matters by the customer's own key",
        rules=(
            "aws-*-encrypted*",
            "aws-*-kms*",
            "azure-*-encrypted",
            "azure-*-encryption*",
            "*-customer-key",
            "gcp-*-kms",
        ),
    ),
    Family(
        title="Keys are turned, and not destroyed by accident",
        rules=(
            "aws-kms-key-*",
            "azure-keyvault-key-*",
            "azure-keyvault-purge-protection",
            "gcp-kms-key-*",
        ),
    ),
    Family(
        title="Secrets are kept as secrets, and turned",
        rules=(
            "aws-secretsmanager-*",
            "aws-*-no-secrets",
            "aws-ssm-parameter-secure",
            "azure-keyvault-secret-expiry",
            "azure-automation-variables-encrypted",
            "gcp-secret-*",
        ),
    ),
    Family(
        title="There are backups, and they are young",
        rules=("*backup*", "*-backed-up", "*-pitr"),
    ),
    Family(
        title="Backups and versions survive who deletes",
        rules=(
            "aws-backup-vault-locked",
            "aws-s3-bucket-versioning",
            "aws-s3-bucket-object-lock",
            "azure-*-soft-delete",
            "azure-*-immutable",
            "azure-storage-account-versioning",
            "gcp-storage-bucket-versioning",
            "gcp-backup-vault-locked",
        ),
    ),
    Family(
        title="Nothing that matters is deleted by accident",
        rules=(
            "*-deletion-protection",
            "*-termination-protection",
            "*-delete-protection",
            "*-drop-protection",
            "azure-subscription-locks",
        ),
    ),
    Family(
        title="One data centre may fail",
        rules=(
            "*-multi-az",
            "*-multi-zone",
            "*-fault-tolerant",
            "*-active-standby",
            "azure-vpn-gateway-active-active",
        ),
    ),
    Family(
        title="Data is deleted when its time has come",
        rules=("*-lifecycle*", "gcp-artifact-repository-cleanup"),
    ),
    Family(
        title="Data and machines say what they are, and whose",
        rules=("*-classified", "*-tagged-owner"),
    ),
)


def families_page(rules: Mapping[str, Rule], address: Mapping[str, str]) -> str:
    """Write the page; `address` of a rule's id is where its own page is, from this one."""
    rows = []
    placed: set[str] = set()
    for family in FAMILIES:
        found = rules_of(family, rules)
        placed.update(found)
        cells = [
            "<br>".join(f"[{name}]({address[name]})" for name in found if _cloud(name) == cloud)
            or prose(family.without.get(cloud, ""))
            for cloud in CLOUDS
        ]
        rows.append([prose(family.title), *cells])
    count = len(rules) - len(placed)
    lines = [WRITTEN, "", "# What is asked of every cloud", ""]
    lines += [
        f"{len(FAMILIES)} families hold {len(placed)} of {len(rules)} rules; the other {count}"
    ]
    lines += [
        "are about what one cloud alone has. Where a cloud has no rule, the reason is said.",
        "",
    ]
    lines += table(["family", *CLOUDS], rows)
    return "\n".join(lines) + "\n"


def rules_of(family: Family, rules: Iterable[str]) -> list[str]:
    """The ids of the rules that see to `family`, sorted."""
    return sorted(
        name for name in rules if any(fnmatchcase(name, pattern) for pattern in family.rules)
    )


def _cloud(name: str) -> str:
    return name.partition("-")[0]
