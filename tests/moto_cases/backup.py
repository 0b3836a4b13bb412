"""Backup plans, vaults and restores."""

from datetime import UTC, datetime, timedelta
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make


def _plan(named: str = "", *, days: int = 40, copy_to: str = "") -> Make:
    def make(client: ClientOf) -> str:
        backup = client("backup")
        backup.create_backup_vault(BackupVaultName="main")
        rule: dict[str, Any] = {
            "RuleName": "daily",
            "TargetBackupVaultName": "main",
            "ScheduleExpression": "cron(0 5 ? * * *)",
            "Lifecycle": {"DeleteAfterDays": days},
        }
        if copy_to:
            rule["CopyActions"] = [{"DestinationBackupVaultArn": copy_to}]
        backup.create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [rule]})
        return named

    return make


def _vault(*, locked: bool = False, **options: str) -> Make:
    def make(client: ClientOf) -> str:
        backup = client("backup")
        backup.create_backup_vault(BackupVaultName="main", **options)
        if locked:
            backup.put_backup_vault_lock_configuration(
                BackupVaultName="main", MinRetentionDays=35, ChangeableForDays=3
            )
        return "backup-vault:main"

    return make


def _restored(days_ago: int) -> dict[str, dict[str, Any]]:
    then = datetime.now(UTC) - timedelta(days=days_ago)
    job = {
        "RestoreJobId": "r-1",
        "Status": "COMPLETED",
        "CreationDate": then,
        "CompletionDate": then,
        "ResourceType": "RDS",
    }
    return {"backup:ListRestoreJobs": {"RestoreJobs": [job]}}


def _vaults() -> dict[str, dict[str, Any]]:
    arn = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:main"
    vault = {"BackupVaultName": "main", "BackupVaultArn": arn, "Locked": False}
    return {"backup:ListBackupVaults": {"BackupVaultList": [vault]}}


def _point(*, encrypted: bool) -> dict[str, dict[str, Any]]:
    point = {
        "RecoveryPointArn": f"arn:aws:ec2:{REGION}::snapshot/snap-1",
        "BackupVaultName": "main",
        "Status": "COMPLETED",
        "IsEncrypted": encrypted,
    }
    return {**_vaults(), "backup:ListRecoveryPointsByBackupVault": {"RecoveryPoints": [point]}}


def _protected(days_ago: int) -> dict[str, dict[str, Any]]:
    volume = {
        "ResourceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1",
        "ResourceType": "EBS",
        "LastBackupTime": datetime.now(UTC) - timedelta(days=days_ago),
    }
    return {"backup:ListProtectedResources": {"Results": [volume]}}


CASES: tuple[Case | Canned, ...] = (
    Case("aws-backup-plan-exists", _plan(), lambda _client: ""),
    Case("aws-backup-plan-retention", _plan("backup-plan:"), _plan("backup-plan:", days=7)),
    Case(
        "aws-backup-plan-copies",
        _plan(copy_to=f"arn:aws:backup:eu-central-1:{ACCOUNT}:backup-vault:copy"),
        _plan(),
    ),
    Case("aws-backup-vault-locked", _vault(locked=True), _vault(locked=False)),
    # AWS gives a vault that names no key one of its own; moto gives it none.
    Case(
        "aws-backup-vault-kms",
        _vault(EncryptionKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"),
        _vault(),
    ),
    # moto knows no recovery points and no restores.
    Canned("aws-backup-recovery-point-encrypted", _point(encrypted=True), _point(encrypted=False)),
    Canned("aws-backup-fresh", _protected(1), _protected(9)),
    Canned("aws-backup-restore-tested", _restored(100), _restored(800)),
)
