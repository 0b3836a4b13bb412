"""FSx file systems."""

from datetime import UTC, datetime
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned

_ID = "fs-0123456789abcdef0"


def _file_system(**key: str) -> dict[str, dict[str, Any]]:
    return {
        "fsx:DescribeFileSystems": {
            "FileSystems": [
                {
                    "FileSystemId": _ID,
                    "ResourceARN": f"arn:aws:fsx:{REGION}:{ACCOUNT}:file-system/{_ID}",
                    "FileSystemType": "LUSTRE",
                    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
                    "Lifecycle": "AVAILABLE",
                    **key,
                }
            ]
        }
    }


# moto gives no Lifecycle, by which file systems that are being deleted are left out.
CASES = (
    Canned(
        "aws-fsx-kms-encrypted",
        _file_system(KmsKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/files"),
        _file_system(),
    ),
)
