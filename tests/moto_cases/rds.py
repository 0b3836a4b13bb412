"""Databases, clusters and their snapshots."""

from datetime import timedelta
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make

_ADMIN = {"MasterUsername": "admin1", "MasterUserPassword": "Correct-horse-9"}


def _database(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("rds").create_db_instance(
            DBInstanceIdentifier="orders",
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=20,
            **{**_ADMIN, "PubliclyAccessible": False, **options},
        )
        return "db:orders"

    return make


def _forcing(value: str) -> Make:
    """A database whose parameter group says whether TLS is a must."""

    def make(client: ClientOf) -> str:
        rds = client("rds")
        rds.create_db_parameter_group(
            DBParameterGroupName="tls", DBParameterGroupFamily="postgres16", Description="tls"
        )
        force = {"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}
        other = {"ParameterName": "log_connections", "ApplyMethod": "immediate"}
        rds.modify_db_parameter_group(
            DBParameterGroupName="tls",
            Parameters=[{**force, "ParameterValue": value}, {**other, "ParameterValue": "1"}],
        )
        return _database(DBParameterGroupName="tls")(client)

    return make


def _cluster(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("rds").create_db_cluster(
            DBClusterIdentifier="orders", Engine="aurora-postgresql", **_ADMIN, **options
        )
        return "cluster:orders"

    return make


def _spanning(*, zones: bool) -> dict[str, dict[str, Any]]:
    cluster = {
        "DBClusterIdentifier": "orders",
        "DBClusterArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:orders",
        "MultiAZ": zones,
    }
    return {"rds:DescribeDBClusters": {"DBClusters": [cluster]}}


def _snapshot(*, encrypted: bool = True, public: bool = False) -> Make:
    def make(client: ClientOf) -> str:
        rds = client("rds")
        _database(StorageEncrypted=encrypted)(client)
        rds.create_db_snapshot(DBSnapshotIdentifier="before", DBInstanceIdentifier="orders")
        if public:
            rds.modify_db_snapshot_attribute(
                DBSnapshotIdentifier="before", AttributeName="restore", ValuesToAdd=["all"]
            )
        return "snapshot:before"

    return make


def _cluster_snapshot(*, encrypted: bool = True, public: bool = False) -> Make:
    def make(client: ClientOf) -> str:
        rds = client("rds")
        _cluster(StorageEncrypted=encrypted)(client)
        rds.create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier="before", DBClusterIdentifier="orders"
        )
        if public:
            rds.modify_db_cluster_snapshot_attribute(
                DBClusterSnapshotIdentifier="before", AttributeName="restore", ValuesToAdd=["all"]
            )
        return "cluster-snapshot:before"

    return make


CASES: tuple[Case | Canned, ...] = (
    Case(
        "aws-rds-instance-encrypted",
        _database(StorageEncrypted=True),
        _database(StorageEncrypted=False),
    ),
    Case("aws-rds-instance-not-public", _database(), _database(PubliclyAccessible=True)),
    Case(
        "aws-rds-instance-backups",
        _database(BackupRetentionPeriod=7),
        _database(BackupRetentionPeriod=1),
    ),
    Case(
        "aws-rds-instance-monitoring",
        _database(MonitoringInterval=60, MonitoringRoleArn=f"arn:aws:iam::{ACCOUNT}:role/rds"),
        _database(MonitoringInterval=0),
    ),
    Case("aws-rds-instance-multi-az", _database(MultiAZ=True), _database(MultiAZ=False)),
    Case(
        "aws-rds-instance-log-exports",
        _database(EnableCloudwatchLogsExports=["postgresql"]),
        _database(),
    ),
    Case(
        "aws-rds-instance-minor-upgrades",
        _database(AutoMinorVersionUpgrade=True),
        _database(AutoMinorVersionUpgrade=False),
    ),
    Case(
        "aws-rds-instance-deletion-protection",
        _database(DeletionProtection=True),
        _database(DeletionProtection=False),
    ),
    Case("aws-rds-instance-tls-required", _forcing("1"), _forcing("0")),
    Case(
        "aws-rds-instance-iam-auth",
        _database(EnableIAMDatabaseAuthentication=True),
        _database(EnableIAMDatabaseAuthentication=False),
    ),
    # In moto every database can be restored to just now, whatever happened to it.
    Case(
        "aws-rds-instance-latest-restorable",
        _database(BackupRetentionPeriod=7),
        _database(BackupRetentionPeriod=7),
        later=timedelta(hours=48),
    ),
    # moto's clusters are never in two zones.
    Canned("aws-rds-cluster-multi-az", _spanning(zones=True), _spanning(zones=False)),
    Case("aws-rds-cluster-encrypted", _cluster(StorageEncrypted=True), _cluster()),
    Case("aws-rds-cluster-backups", _cluster(BackupRetentionPeriod=7), _cluster()),
    Case("aws-rds-cluster-deletion-protection", _cluster(DeletionProtection=True), _cluster()),
    Case("aws-rds-snapshot-encrypted", _snapshot(), _snapshot(encrypted=False)),
    Case("aws-rds-snapshot-not-public", _snapshot(), _snapshot(public=True)),
    Case(
        "aws-rds-cluster-snapshot-encrypted",
        _cluster_snapshot(),
        _cluster_snapshot(encrypted=False),
    ),
    Case(
        "aws-rds-cluster-snapshot-not-public", _cluster_snapshot(), _cluster_snapshot(public=True)
    ),
)
