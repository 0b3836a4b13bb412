"""Security configurations of Glue."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _configuration(*, encrypted: bool) -> Make:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/files"
    named = {"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": key}

    def make(client: ClientOf) -> str:
        client("glue").create_security_configuration(
            Name="etl",
            EncryptionConfiguration={
                "S3Encryption": [named if encrypted else {"S3EncryptionMode": "DISABLED"}]
            },
        )
        return "glue-security-configuration/etl"

    return make


CASES = (
    Case(
        "aws-glue-security-configuration-encrypted",
        _configuration(encrypted=True),
        _configuration(encrypted=False),
    ),
)
