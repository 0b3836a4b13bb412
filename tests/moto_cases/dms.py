"""Replication instances of the Database Migration Service."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _instance(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        made = client("dms").create_replication_instance(
            ReplicationInstanceIdentifier="move",
            ReplicationInstanceClass="dms.t3.medium",
            **options,
        )
        return str(made["ReplicationInstance"]["ReplicationInstanceArn"])

    return make


CASES = (
    Case(
        "aws-dms-instance-not-public",
        _instance(PubliclyAccessible=False),
        _instance(PubliclyAccessible=True),
    ),
    Case(
        "aws-dms-auto-minor-upgrade",
        _instance(AutoMinorVersionUpgrade=True),
        _instance(AutoMinorVersionUpgrade=False),
    ),
)
