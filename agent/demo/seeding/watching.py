"""What records and watches: CloudTrail, Config, log groups, GuardDuty."""

from __future__ import annotations

from collections.abc import Iterator

from agent.demo.ground import Ground, Seeded
from agent.demo.seeding.storage import log_bucket


def trail(ground: Ground, region: str) -> Iterator[Seeded]:
    """At home the trail of all regions; elsewhere one of its own region that lacks much."""
    home = region == ground.home
    name = "harbour" if home else f"harbour-{region}"
    cloudtrail = ground.client("cloudtrail", region)
    group = f"/harbour/trail-{region}"
    more = {
        "KmsKeyId": f"alias/harbour-{region}",
        "CloudWatchLogsLogGroupArn": ground.arn("logs", region, f"log-group:{group}:*"),
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{ground.account}:role/support",
    }
    arn = cloudtrail.create_trail(
        Name=name,
        S3BucketName=log_bucket(region),
        IsMultiRegionTrail=home,
        IncludeGlobalServiceEvents=home,
        EnableLogFileValidation=home,
        **(more if home else {}),
    )["TrailARN"]
    # AWS gives a new trail this selector by itself, moto gives it none.
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    cloudtrail.put_event_selectors(TrailName=name, EventSelectors=[selector])
    logging = home or ground.good("trail", "logging", 0)
    if logging:
        cloudtrail.start_logging(Name=name)
    facts = {
        "multi": home, "validated": home, "kms": home, "logs": home, "logging": logging,
    }  # fmt: skip
    yield Seeded(kind="aws.cloudtrail.trail", id=arn, region=region, handle=name, facts=facts)


def recorder(ground: Ground, region: str) -> Iterator[Seeded]:
    """AWS Config: at home it records everything; elsewhere it depends on the seed."""
    on = region == ground.home or ground.good("config", "on", 0)
    config = ground.client("config", region)
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": f"arn:aws:iam::{ground.account}:role/support",
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": log_bucket(region)}
    )
    if on:
        config.start_configuration_recorder(ConfigurationRecorderName="default")
    arn = ground.arn("config", region, "configuration-recorder/default")
    yield Seeded(
        kind="aws.config.recorder",
        id=arn,
        region=region,
        handle="default",
        facts={"on": on, "all": True},
    )


def detector(ground: Ground, region: str) -> Iterator[Seeded]:
    """GuardDuty: on at home; elsewhere there, but switched off."""
    on = region == ground.home
    made = ground.client("guardduty", region).create_detector(
        Enable=on, FindingPublishingFrequency="FIFTEEN_MINUTES"
    )["DetectorId"]
    arn = ground.arn("guardduty", region, f"detector/{made}")
    yield Seeded(
        kind="aws.guardduty.detector", id=arn, region=region, handle=made, facts={"on": on}
    )


def log_group(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A log group: long enough kept, too short, or for ever."""
    good = ground.draw("logs", i, "kept", "kms")
    name = f"/harbour/{('api', 'worker', 'web')[i % 3]}-{i}"
    logs = ground.client("logs", region)
    key = {"kmsKeyId": ground.arn("kms", region, f"alias/harbour-{region}")} if good["kms"] else {}
    logs.create_log_group(logGroupName=name, **key)
    days = (None if i % 2 else 400) if good["kept"] else 14
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    arn = ground.arn("logs", region, f"log-group:{name}")
    yield Seeded(
        kind="aws.logs.log_group",
        id=arn,
        region=region,
        handle=name,
        facts={"days": days, "kms": good["kms"]},
    )


def trail_log_group(ground: Ground, region: str) -> Iterator[Seeded]:
    """The log group to which the trail writes."""
    name = f"/harbour/trail-{region}"
    logs = ground.client("logs", region)
    logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=400)
    arn = ground.arn("logs", region, f"log-group:{name}")
    yield Seeded(
        kind="aws.logs.log_group",
        id=arn,
        region=region,
        handle=name,
        facts={"days": 400, "kms": False},
    )


def region_settings(ground: Ground, region: str) -> Iterator[Seeded]:
    """EBS encryption by default; last, because moto then encrypts what did not ask for it."""
    on = region != ground.home or ground.good("region", "ebs", 0)
    ec2 = ground.client("ec2", region)
    if on:
        ec2.enable_ebs_encryption_by_default()
    yield Seeded(
        kind="aws.region",
        id=f"aws:{ground.account}/{region}",
        region=region,
        handle=region,
        facts={"ebs": on},
    )
