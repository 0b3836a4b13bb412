"""Where data lies: S3, EBS, EFS, ECR, and what backs it up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from agent.demo.documents import allow, deny_without_tls, policy
from agent.demo.ground import Ground, Seeded

BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
_WORDS = ("invoices", "exports", "images", "uploads", "reports", "archive", "models", "assets")


def log_bucket(region: str) -> str:
    """The name of the bucket in `region` to which others log."""
    return f"harbour-logs-{region}"


def logs(ground: Ground, region: str) -> Iterator[Seeded]:
    """The bucket for logs: in order but for its own access log."""
    name = log_bucket(region)
    arn = f"arn:aws:s3:::{name}"
    s3 = ground.client("s3", region)
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **_place(region))
    writers = ["cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com"]
    document = policy(
        # First and by itself: moto looks for just this one, and trips over a principal "*".
        allow("s3:PutObject", f"{arn}/*", principal={"Service": "logging.s3.amazonaws.com"}),
        allow("s3:PutObject", f"{arn}/*", principal={"Service": writers}),
        allow("s3:GetBucketAcl", arn, principal={"Service": writers}),
        deny_without_tls("s3", [arn, f"{arn}/*"]),
    )
    s3.put_bucket_policy(Bucket=name, Policy=document)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCK)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    encrypt_bucket(ground, region, name, "AES256")
    facts = {
        "encryption": "AES256", "versioned": True, "block": True, "tls": True, "private": True,
        "acl": True, "logging": False, "expiry": False, "tagged": False, "secret": False,
        "trail": True,
    }  # fmt: skip
    yield Seeded(kind="aws.s3.bucket", id=arn, region=region, handle=name, facts=facts)


def bucket(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A bucket of data."""
    names = [
        "encryption",
        "kms",
        "versioned",
        "block",
        "tls",
        "private",
        "acl",
        "logging",
        "expiry",
        "tagged",
    ]
    good = ground.draw("bucket", i, *names, of=5)
    name = f"harbour-{_WORDS[i % len(_WORDS)]}-{i}"
    s3 = ground.client("s3", region)
    open_acl = {"ACL": "public-read", "ObjectOwnership": "ObjectWriter"}
    acl = {"ObjectOwnership": "BucketOwnerEnforced"} if good["acl"] else open_acl
    s3.create_bucket(Bucket=name, **_place(region), **acl)
    algorithm = ("aws:kms" if good["kms"] else "AES256") if good["encryption"] else ""
    if algorithm:
        encrypt_bucket(ground, region, name, algorithm)
    if i % 4 or good["tls"] or not good["private"]:
        s3.put_bucket_policy(Bucket=name, Policy=_bucket_policy(ground, name, good))
    # What is not as it should be is switched off in one half of the buckets, and never was on in
    # the other.
    if good["versioned"] or i % 2:
        status = "Enabled" if good["versioned"] else "Suspended"
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    if good["block"] or i % 2:
        block = BLOCK | {"BlockPublicPolicy": good["block"]}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    if good["logging"]:
        logging = {"TargetBucket": log_bucket(region), "TargetPrefix": name}
        s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": logging})
    if good["expiry"]:
        rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}}
        lifecycle = {"Rules": [{**rule, "Expiration": {"Days": 730}}]}
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=lifecycle)
    secret = good["tagged"] and i % 2 == 0
    if good["tagged"]:
        tag = {"Key": "data-classification", "Value": "confidential" if secret else "internal"}
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [tag]})
    facts = {**good, "encryption": algorithm, "secret": secret, "trail": False}
    arn = f"arn:aws:s3:::{name}"
    yield Seeded(kind="aws.s3.bucket", id=arn, region=region, handle=name, facts=facts)


def _bucket_policy(ground: Ground, name: str, good: Mapping[str, bool]) -> str:
    arn = f"arn:aws:s3:::{name}"
    owner = {"AWS": f"arn:aws:iam::{ground.account}:root"}
    statements = [allow("s3:GetObject", f"{arn}/*", principal=owner)]
    if good["tls"]:
        statements.append(deny_without_tls("s3", [arn, f"{arn}/*"]))
    if not good["private"]:
        statements.append(allow("s3:GetObject", f"{arn}/*", principal="*"))
    return policy(*statements)


def encrypt_bucket(ground: Ground, region: str, name: str, algorithm: str) -> None:
    """Set the default encryption of a bucket: `AES256` or `aws:kms`."""
    by_default = {"SSEAlgorithm": algorithm}
    if algorithm == "aws:kms":
        by_default["KMSMasterKeyID"] = f"alias/harbour-{region}"
    ground.client("s3", region).put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]
        },
    )


def _place(region: str) -> dict[str, dict[str, str]]:
    """us-east-1 is the one region that may not be named when a bucket is made."""
    if region == "us-east-1":
        return {}
    return {"CreateBucketConfiguration": {"LocationConstraint": region}}


def volume(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A volume that is attached to nothing, and a snapshot of it."""
    ec2 = ground.client("ec2", region)
    encrypted = ground.good("volume", "encrypted", i)
    key = {"KmsKeyId": f"alias/harbour-{region}"} if encrypted else {}
    made = ec2.create_volume(
        AvailabilityZone=f"{region}a", Size=8, VolumeType="gp3", Encrypted=encrypted, **key
    )["VolumeId"]
    arn = ground.arn("ec2", region, f"volume/{made}")
    facts = {"encrypted": encrypted, "in_use": False}
    yield Seeded(kind="aws.ebs.volume", id=arn, region=region, handle=made, facts=facts)
    public = not ground.good("snapshot", "public", i, of=5)
    snapshot = ec2.create_snapshot(VolumeId=made)["SnapshotId"]
    if public:
        ec2.modify_snapshot_attribute(
            SnapshotId=snapshot,
            Attribute="createVolumePermission",
            OperationType="add",
            GroupNames=["all"],
        )
    yield Seeded(
        kind="aws.ebs.snapshot",
        id=f"arn:aws:ec2:{region}::snapshot/{snapshot}",
        region=region,
        handle=snapshot,
        facts={"encrypted": encrypted, "public": public},
    )
    if public:
        yield Seeded(
            kind="aws.ebs.public_snapshot",
            id=f"arn:aws:ec2:{region}::snapshot/{snapshot}",
            region=region,
            handle=snapshot,
        )


def file_system(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An EFS file system."""
    good = ground.draw("efs", i, "encrypted", "backup")
    made = ground.client("efs", region).create_file_system(
        CreationToken=f"fs-{i}",
        Encrypted=good["encrypted"],
        Backup=good["backup"],
        **({"KmsKeyId": f"alias/harbour-{region}"} if good["encrypted"] else {}),
    )
    arn, handle = made["FileSystemArn"], made["FileSystemId"]
    yield Seeded(kind="aws.efs.file_system", id=arn, region=region, handle=handle, facts=good)


_EXPIRY = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50},
            "action": {"type": "expire"},
        }
    ]
}
"""Of an image repository: the newest fifty images are kept."""


def repository(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An ECR repository of images."""
    good = ground.draw("ecr", i, "scan", "immutable", "kms", "private", "expires")
    name = f"harbour/{('api', 'worker', 'web')[i % 3]}-{i}"
    ecr = ground.client("ecr", region)
    kms = {"encryptionType": "KMS", "kmsKey": f"alias/harbour-{region}"}
    made = ecr.create_repository(
        repositoryName=name,
        imageScanningConfiguration={"scanOnPush": good["scan"]},
        imageTagMutability="IMMUTABLE" if good["immutable"] else "MUTABLE",
        encryptionConfiguration=kms if good["kms"] else {"encryptionType": "AES256"},
    )["repository"]
    if not good["private"]:
        statement = allow(["ecr:BatchGetImage"], "", principal="*")
        ecr.set_repository_policy(repositoryName=name, policyText=policy(statement))
    if good["expires"]:
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(_EXPIRY))
    arn = made["repositoryArn"]
    yield Seeded(kind="aws.ecr.repository", id=arn, region=region, handle=name, facts=good)


def backups(ground: Ground, region: str) -> Iterator[Seeded]:
    """A vault and a plan: long enough in the home region, too short elsewhere."""
    home = region == ground.home
    backup = ground.client("backup", region)
    vault = backup.create_backup_vault(
        BackupVaultName="harbour",
        EncryptionKeyArn=ground.arn("kms", region, f"alias/harbour-{region}"),
    )
    if home:
        backup.put_backup_vault_lock_configuration(
            BackupVaultName="harbour",
            MinRetentionDays=30,
            MaxRetentionDays=365,
            ChangeableForDays=3,
        )
    arn = vault["BackupVaultArn"]
    yield Seeded(
        kind="aws.backup.vault",
        id=arn,
        region=region,
        handle="harbour",
        facts={"locked": home, "kms": True},
    )
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "harbour",
        "ScheduleExpression": "cron(0 5 ? * * *)",
        "Lifecycle": {"DeleteAfterDays": 35 if home else 7},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [rule]})
    yield Seeded(
        kind="aws.backup.plan",
        id=plan["BackupPlanArn"],
        region=region,
        handle=plan["BackupPlanId"],
        facts={"days": 35 if home else 7},
    )
