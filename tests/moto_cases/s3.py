"""Buckets, and the account-wide settings of S3."""

from collections.abc import Callable
from typing import Any

from moto_cases import Answers, Canned, Case, ClientOf, Make, Refusal
from moto_cases.iam import document

BUCKET = "shop-data"
SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _bucket(change: Callable[[Any], Any] = lambda _s3: None) -> Make:
    def make(client: ClientOf) -> str:
        s3 = client("s3")
        s3.create_bucket(Bucket=BUCKET, ObjectOwnership="ObjectWriter")
        change(s3)
        return BUCKET

    return make


def _policy(text: str) -> Make:
    return _bucket(lambda s3: s3.put_bucket_policy(Bucket=BUCKET, Policy=text))


def _encrypted(algorithm: str) -> Make:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    return _bucket(
        lambda s3: s3.put_bucket_encryption(
            Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
    )


def _unencrypted(s3: Any) -> None:
    s3.delete_bucket_encryption(Bucket=BUCKET)


def _versioned(status: str) -> Make:
    return _bucket(
        lambda s3: s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": status}
        )
    )


def _logged(client: ClientOf) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket="shop-logs")
    s3.put_bucket_policy(
        Bucket="shop-logs",
        Policy=document(
            "s3:PutObject",
            "arn:aws:s3:::shop-logs/*",
            principal={"Service": "logging.s3.amazonaws.com"},
        ),
    )
    _bucket()(client)
    s3.put_bucket_logging(
        Bucket=BUCKET,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "shop-logs", "TargetPrefix": "a/"}},
    )
    return BUCKET


def _blocked(**changed: bool) -> Make:
    settings = {**dict.fromkeys(SETTINGS, True), **changed}
    return _bucket(
        lambda s3: s3.put_public_access_block(
            Bucket=BUCKET, PublicAccessBlockConfiguration=settings
        )
    )


def _account(**changed: bool) -> Answers:
    settings = {**dict.fromkeys(SETTINGS, True), **changed}
    return {"s3control:GetPublicAccessBlock": {"PublicAccessBlockConfiguration": settings}}


def _acl(name: str) -> Make:
    return _bucket(lambda s3: s3.put_bucket_acl(Bucket=BUCKET, ACL=name))


def _owned(by: str) -> Make:
    controls = {"Rules": [{"ObjectOwnership": by}]}
    return _bucket(
        lambda s3: s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=controls)
    )


def _expiring(status: str) -> Make:
    rule = {"ID": "old", "Status": status, "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}
    return _bucket(
        lambda s3: s3.put_bucket_lifecycle_configuration(
            Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]}
        )
    )


_PLAIN = {"Bool": {"aws:SecureTransport": "false"}}
_ALL = f"arn:aws:s3:::{BUCKET}/*"

CASES: tuple[Case | Canned, ...] = (
    # The SDK asks s3control at a host name that holds the account's id; a loopback has none.
    Canned(
        "aws-s3-account-public-access-block",
        _account(),
        {"s3control:GetPublicAccessBlock": Refusal("NoSuchPublicAccessBlockConfiguration")},
    ),
    Case("aws-s3-bucket-public-access-block", _blocked(), _blocked(BlockPublicPolicy=False)),
    Case(
        "aws-s3-bucket-policy-not-public",
        _policy(document("s3:GetObject", _ALL, {"Service": "cloudfront.amazonaws.com"})),
        _policy(document("s3:GetObject", _ALL, "*")),
    ),
    Case("aws-s3-bucket-acl-not-public", _acl("private"), _acl("public-read")),
    Case("aws-s3-bucket-acl-disabled", _owned("BucketOwnerEnforced"), _owned("ObjectWriter")),
    Case("aws-s3-bucket-encryption", _encrypted("aws:kms"), _bucket(_unencrypted)),
    Case("aws-s3-bucket-versioning", _versioned("Enabled"), _versioned("Suspended")),
    Case("aws-s3-bucket-logging", _logged, _bucket()),
    Case(
        "aws-s3-bucket-tls-only",
        _policy(document("s3:*", _ALL, "*", "Deny", _PLAIN)),
        _policy(document("s3:GetObject", _ALL, {"Service": "cloudfront.amazonaws.com"})),
    ),
    Case("aws-s3-bucket-lifecycle", _expiring("Enabled"), _expiring("Disabled")),
)
