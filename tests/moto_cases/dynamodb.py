"""Tables."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _table(*, recoverable: bool = False, **options: Any) -> Make:
    def make(client: ClientOf) -> str:
        settings = {"BillingMode": "PAY_PER_REQUEST", **options}
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName="carts",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            **settings,
        )
        if recoverable:
            dynamodb.update_continuous_backups(
                TableName="carts",
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        return "table/carts"

    return make


def _scaled(client: ClientOf) -> str:
    made = _table(**_FIXED)(client)
    scaling = client("application-autoscaling")
    for unit in ("Read", "Write"):
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/carts",
            ScalableDimension=f"dynamodb:table:{unit}CapacityUnits",
            MinCapacity=5,
            MaxCapacity=500,
        )
    return made


_FIXED: dict[str, Any] = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
}

CASES = (
    Case(
        "aws-dynamodb-capacity",
        _scaled,
        _table(**_FIXED),
    ),
    Case("aws-dynamodb-pitr", _table(recoverable=True), _table()),
    Case(
        "aws-dynamodb-kms",
        _table(SSESpecification={"Enabled": True, "SSEType": "KMS"}),
        _table(),
    ),
    Case(
        "aws-dynamodb-deletion-protection",
        _table(DeletionProtectionEnabled=True),
        _table(DeletionProtectionEnabled=False),
    ),
)
