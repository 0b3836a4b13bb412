"""ElastiCache replication groups."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _group(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("elasticache").create_replication_group(
            ReplicationGroupId="sessions",
            ReplicationGroupDescription="sessions",
            Engine="redis",
            NumCacheClusters=2,
            **options,
        )
        return "replicationgroup:sessions"

    return make


CASES = (
    Case(
        "aws-elasticache-encrypted-at-rest",
        _group(AtRestEncryptionEnabled=True),
        _group(AtRestEncryptionEnabled=False),
    ),
    Case(
        "aws-elasticache-encrypted-in-transit",
        _group(TransitEncryptionEnabled=True),
        _group(TransitEncryptionEnabled=False),
    ),
    Case(
        "aws-elasticache-multi-az",
        _group(AutomaticFailoverEnabled=True, MultiAZEnabled=True),
        _group(AutomaticFailoverEnabled=True, MultiAZEnabled=False),
    ),
    Case(
        "aws-elasticache-backup",
        _group(SnapshotRetentionLimit=7),
        _group(SnapshotRetentionLimit=0),
    ),
)
