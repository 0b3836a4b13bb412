"""Firehose delivery streams."""

from datetime import UTC, datetime
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned


def _stream(status: str) -> dict[str, dict[str, Any]]:
    return {
        "firehose:ListDeliveryStreams": {
            "DeliveryStreamNames": ["logs"],
            "HasMoreDeliveryStreams": False,
        },
        "firehose:DescribeDeliveryStream": {
            "DeliveryStreamDescription": {
                "DeliveryStreamName": "logs",
                "DeliveryStreamARN": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/logs",
                "DeliveryStreamStatus": "ACTIVE",
                "DeliveryStreamType": "DirectPut",
                "DeliveryStreamEncryptionConfiguration": {"Status": status},
                "VersionId": "1",
                "CreateTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
                "Destinations": [],
                "HasMoreDestinations": False,
            }
        },
    }


# moto gives back the request for encryption, but never its status.
CASES = (Canned("aws-firehose-encrypted", _stream("ENABLED"), _stream("DISABLED")),)
