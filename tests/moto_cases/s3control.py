"""S3 access points."""

from moto_cases import ACCOUNT, Case, ClientOf, Make

_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _access_point(**changed: bool) -> Make:
    def make(client: ClientOf) -> str:
        client("s3").create_bucket(Bucket="shop")
        client("s3control").create_access_point(
            AccountId=ACCOUNT,
            Name="door",
            Bucket="shop",
            PublicAccessBlockConfiguration={**dict.fromkeys(_SETTINGS, True), **changed},
        )
        return "accesspoint/door"

    return make


CASES = (
    Case(
        "aws-s3-access-point-block-public",
        _access_point(),
        _access_point(IgnorePublicAcls=False),
    ),
)
