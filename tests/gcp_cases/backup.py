"""Vaults and plans of the Backup and DR Service, and of Backup for GKE."""

from typing import Any

from gcp_cases import Case, Make, ago, asset

_FOLDER = "projects/shop/locations/l"


def _vault(retention: str, **data: Any) -> Make:
    made = {
        "name": f"{_FOLDER}/backupVaults/it",
        "backupMinimumEnforcedRetentionDuration": retention,
        **data,
    }
    return asset("backupdr.googleapis.com/BackupVault", made)


def _association(**more: Any) -> Make:
    made = {
        "name": f"{_FOLDER}/backupPlanAssociations/it",
        "resource": "projects/shop/zones/z/instances/vm",
        "state": "ACTIVE",
        **more,
    }
    return asset("backupdr.googleapis.com/BackupPlanAssociation", made)


def _plan(**schedule: Any) -> Make:
    made = {
        "name": f"{_FOLDER}/backupPlans/it",
        "cluster": f"{_FOLDER}/clusters/c",
        "backupSchedule": {"cronSchedule": "0 2 * * *", **schedule},
        "retentionPolicy": {"backupDeleteLockDays": 7},
    }
    return asset("gkebackup.googleapis.com/BackupPlan", made)


CASES = (
    Case(
        "gcp-backup-vault-locked",
        _vault("1209600s", effectiveTime=ago(1)),
        _vault("1209600s", effectiveTime=ago(-9)),
    ),
    Case(
        "gcp-backup-fresh",
        _association(rulesConfigInfo=[{"lastSuccessfulBackupConsistencyTime": ago(1)}]),
        _association(),
    ),
    Case("gcp-gke-backup-plan-active", _plan(), _plan(paused=True)),
)
