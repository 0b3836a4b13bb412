"""S3 access points."""

from moto_cases import ACCOUNT, REGION, Answers, Canned

_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _access_point(**changed: bool) -> Answers:
    of_both = {"Name": "door", "NetworkOrigin": "Internet", "Bucket": "shop"}
    arn = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/door"
    return {
        "s3control:ListAccessPoints": {"AccessPointList": [{**of_both, "AccessPointArn": arn}]},
        "s3control:GetAccessPoint": {
            **of_both,
            "PublicAccessBlockConfiguration": {**dict.fromkeys(_SETTINGS, True), **changed},
        },
    }


# The SDK asks s3control at a host name that holds the account's id; a loopback has none.
CASES = (
    Canned(
        "aws-s3-access-point-block-public",
        _access_point(),
        _access_point(IgnorePublicAcls=False),
    ),
)
