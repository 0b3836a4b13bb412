"""Recovery Services vaults and what they protect; Backup vaults."""

from typing import Any

from azure_cases import Case, Make, ago, resource

CONFIGURATION = "backupconfig/vaultconfig"


def _recovery_vault(soft_delete: str = "Enabled", **properties: Any) -> Make:
    return resource(
        "Microsoft.RecoveryServices/vaults",
        properties=properties,
        below={CONFIGURATION: {"properties": {"softDeleteFeatureState": soft_delete}}},
    )


def _vault(soft_delete: str, immutable: str) -> Make:
    settings = {
        "softDeleteSettings": {"state": soft_delete, "retentionDurationInDays": 14.0},
        "immutabilitySettings": {"state": immutable},
    }
    kind = "Microsoft.DataProtection/backupVaults"
    return resource(kind, properties={"securitySettings": settings})


def _item(days: float) -> Make:
    return resource(
        "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems",
        table="recoveryservicesresources",
        properties={"protectionState": "Protected", "lastRecoveryPoint": ago(days)},
    )


CASES = (
    Case(
        "azure-recovery-vault-soft-delete", _recovery_vault("AlwaysON"), _recovery_vault("Disabled")
    ),
    Case(
        "azure-recovery-vault-immutable",
        _recovery_vault(securitySettings={"immutabilitySettings": {"state": "Locked"}}),
        _recovery_vault(securitySettings={}),
    ),
    Case("azure-backup-vault-soft-delete", _vault("On", "Disabled"), _vault("Off", "Disabled")),
    Case("azure-backup-vault-immutable", _vault("On", "Unlocked"), _vault("On", "Disabled")),
    Case("azure-backup-fresh", _item(1), _item(5)),
)
