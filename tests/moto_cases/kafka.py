"""MSK clusters."""

from datetime import UTC, datetime
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned


def _cluster(client_broker: str) -> dict[str, dict[str, Any]]:
    return {
        "kafka:ListClustersV2": {
            "ClusterInfoList": [
                {
                    "ClusterType": "PROVISIONED",
                    "ClusterName": "bus",
                    "ClusterArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/bus/1",
                    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
                    "State": "ACTIVE",
                    "Provisioned": {
                        "EncryptionInfo": {
                            "EncryptionInTransit": {
                                "ClientBroker": client_broker,
                                "InCluster": True,
                            }
                        },
                        "NumberOfBrokerNodes": 3,
                    },
                }
            ]
        }
    }


# moto's ListClustersV2 leaves Provisioned.EncryptionInfo out.
CASES = (Canned("aws-msk-tls", _cluster("TLS"), _cluster("TLS_PLAINTEXT")),)
