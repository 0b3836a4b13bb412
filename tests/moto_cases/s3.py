"""Buckets, and the account-wide settings of S3."""

from collections.abc import Callable
from typing import Any

from moto_cases import ACCOUNT, REGION, Answers, Canned, Case, ClientOf, Make
from moto_cases.iam_policies import document

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


def _account(**changed: bool) -> Make:
    """The four settings of the account as a whole."""
    settings = {**dict.fromkeys(SETTINGS, True), **changed}

    def make(client: ClientOf) -> str:
        client("s3control").put_public_access_block(
            AccountId=ACCOUNT, PublicAccessBlockConfiguration=settings
        )
        return ""

    return make


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


def _tagged(tags: dict[str, str], change: Callable[[Any], Any] = lambda _s3: None) -> Make:
    def make(s3: Any) -> None:
        chosen = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": chosen})
        change(s3)

    return _bucket(make)


def _secretly(algorithm: str) -> Make:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    return _tagged(
        {"data-classification": "confidential"},
        lambda s3: s3.put_bucket_encryption(
            Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]}
        ),
    )


def _replicated(status: str) -> Make:
    def change(s3: Any) -> None:
        s3.create_bucket(Bucket="shop-copy")
        for name in (BUCKET, "shop-copy"):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        rule = {
            "Status": status,
            "Priority": 1,
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": "arn:aws:s3:::shop-copy"},
        }
        s3.put_bucket_replication(
            Bucket=BUCKET,
            ReplicationConfiguration={
                "Role": f"arn:aws:iam::{ACCOUNT}:role/copy",
                "Rules": [rule],
            },
        )

    return _tagged({"criticality": "critical"}, change)


def _audited(change: Callable[[Any], Any] = lambda _s3: None, **options: Any) -> Make:
    """A bucket to which a trail writes."""

    def make(client: ClientOf) -> str:
        s3 = client("s3")
        s3.create_bucket(Bucket=BUCKET, **options)
        client("cloudtrail").create_trail(Name="main", S3BucketName=BUCKET)
        change(s3)
        return BUCKET

    return make


def _locked(s3: Any) -> None:
    retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}
    s3.put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention},
    )


def _announced(client: ClientOf) -> str:
    made = _audited()(client)
    client("sqs").create_queue(QueueName="audit")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:audit"
    events = {"QueueArn": arn, "Events": ["s3:ObjectRemoved:*"]}
    client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [events]}
    )
    return made


def _deleting(factor: str) -> Answers:
    bucket = {"Name": "audit-logs", "BucketRegion": REGION}
    return {
        "s3:ListBuckets": {"Buckets": [bucket]},
        "s3:GetBucketVersioning": {"Status": "Enabled", "MFADelete": factor},
    }


_PLAIN = {"Bool": {"aws:SecureTransport": "false"}}
_ALL = f"arn:aws:s3:::{BUCKET}/*"

CASES: tuple[Case | Canned, ...] = (
    Case("aws-s3-account-public-access-block", _account(), lambda _client: ""),
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
    Case("aws-s3-bucket-classified", _tagged({"data-classification": "internal"}), _bucket()),
    Case("aws-s3-bucket-kms", _secretly("aws:kms"), _secretly("AES256")),
    Case("aws-s3-bucket-replicated", _replicated("Enabled"), _replicated("Disabled")),
    Case(
        "aws-s3-bucket-object-lock",
        _audited(_locked, ObjectLockEnabledForBucket=True),
        _audited(),
    ),
    Case("aws-s3-bucket-event-notifications", _announced, _audited()),
    # moto drops MFADelete.
    Canned("aws-s3-bucket-mfa-delete", _deleting("Enabled"), _deleting("Disabled")),
    Case(
        "aws-s3-bucket-no-foreign-administrator",
        _policy(document("s3:GetObject", _ALL, {"AWS": "arn:aws:iam::999999999999:root"})),
        _policy(document("s3:Put*", _ALL, {"AWS": "arn:aws:iam::999999999999:root"})),
    ),
    Case("aws-s3-bucket-lifecycle", _expiring("Enabled"), _expiring("Disabled")),
)
