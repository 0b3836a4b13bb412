"""Keys and secrets, and the databases that use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agent.demo.documents import allow, deny_without_tls, policy
from agent.demo.ground import Ground, Seeded

_PASSWORD = "correct-horse"  # noqa: S105 - of fictional databases


def data_key(ground: Ground, region: str) -> Iterator[Seeded]:
    """The key `alias/harbour-<region>` with which the rest of the region is encrypted."""
    made = _make_key(ground, region, "data")
    kms = ground.client("kms", region)
    kms.create_alias(AliasName=f"alias/harbour-{region}", TargetKeyId=made)
    kms.enable_key_rotation(KeyId=made)
    facts = {"rotated": True, "rotates": True, "enabled": True, "deleting": False, "public": False}
    yield _key(ground, region, made, facts)


def key(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A key of the customer's own: symmetric or not, enabled, disabled or about to be deleted."""
    state = ("on", "on", "on", "off", "on", "deleting")[(i + ground.seed) % 6]
    rotates = i % 5 != 4  # noqa: PLR2004 - one in five signs, and cannot be rotated
    facts = {
        "rotated": rotates and ground.good("kms", "rotated", i),
        "rotates": rotates,
        "enabled": state == "on",
        "deleting": state == "deleting",
        "public": not ground.good("kms", "private", i, of=5),
    }
    signs = {} if rotates else {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
    made = _make_key(ground, region, f"key {i}", **signs)
    kms = ground.client("kms", region)
    if facts["rotated"]:
        kms.enable_key_rotation(KeyId=made)
    if facts["public"]:
        document = policy(allow("kms:*", principal="*"))
        kms.put_key_policy(KeyId=made, PolicyName="default", Policy=document)
    if state == "off":
        kms.disable_key(KeyId=made)
    if state == "deleting":
        kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=30)
    yield _key(ground, region, made, facts)


def _make_key(ground: Ground, region: str, description: str, **how: str) -> str:
    made = ground.client("kms", region).create_key(Description=description, **how)["KeyMetadata"]
    return str(made["KeyId"])


def _key(ground: Ground, region: str, made: str, facts: dict[str, bool]) -> Seeded:
    arn = ground.arn("kms", region, f"key/{made}")
    return Seeded(kind="aws.kms.key", id=arn, region=region, handle=made, facts=facts)


def secret(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A secret, rotated or not."""
    rotated = ground.good("secret", "rotated", i)
    manager = ground.client("secretsmanager", region)
    name = f"harbour/{('database', 'payments', 'mail')[i % 3]}-{i}"
    made = manager.create_secret(
        Name=name, SecretString="not-a-secret", KmsKeyId=f"alias/harbour-{region}"
    )["ARN"]
    if rotated:
        # Managed rotation, without a function: moto would start Docker to run one.
        manager.rotate_secret(SecretId=made, RotationRules={"AutomaticallyAfterDays": 30})
    private = ground.good("secret", "private", i)
    if not private:
        statement = allow("secretsmanager:GetSecretValue", "*", principal="*")
        manager.put_resource_policy(SecretId=made, ResourcePolicy=policy(statement))
    facts = {"rotated": rotated, "private": private}
    yield Seeded(kind="aws.secretsmanager.secret", id=made, region=region, handle=name, facts=facts)


def table(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A DynamoDB table."""
    good = ground.draw("dynamodb", i, "recovery", "kms", "protected")
    name = f"{('orders', 'carts', 'sessions')[i % 3]}-{i}"
    dynamodb = ground.client("dynamodb", region)
    sse = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": f"alias/harbour-{region}"}
    made = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=good["protected"],
        **({"SSESpecification": sse} if good["kms"] else {}),
    )["TableDescription"]["TableArn"]
    if good["recovery"]:
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    yield Seeded(kind="aws.dynamodb.table", id=made, region=region, handle=name, facts=good)


def database(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An RDS instance and a manual snapshot of it."""
    good = ground.draw(
        "rds",
        i,
        "encrypted",
        "private",
        "backup",
        "multi_az",
        "protected",
        "upgrade",
        "logs",
        "watched",
        "iam",
    )
    rds = ground.client("rds", region)
    name = f"harbour-{('orders', 'ledger', 'search')[i % 3]}-{i}"
    encrypted = {
        "StorageEncrypted": True,
        "KmsKeyId": ground.arn("kms", region, f"alias/harbour-{region}"),
    }
    watched = {
        "MonitoringInterval": 60,
        "MonitoringRoleArn": f"arn:aws:iam::{ground.account}:role/support",
    }
    made = rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="harbour",
        MasterUserPassword=_PASSWORD,
        PubliclyAccessible=not good["private"],
        BackupRetentionPeriod=14 if good["backup"] else 1,
        MultiAZ=good["multi_az"],
        DeletionProtection=good["protected"],
        AutoMinorVersionUpgrade=good["upgrade"],
        EnableIAMDatabaseAuthentication=good["iam"],
        EnableCloudwatchLogsExports=["postgresql"] if good["logs"] else [],
        **(encrypted if good["encrypted"] else {"StorageEncrypted": False}),
        **(watched if good["watched"] else {"MonitoringInterval": 0}),
    )["DBInstance"]["DBInstanceArn"]
    known = {**good, "days": 14 if good["backup"] else 1}
    yield Seeded(kind="aws.rds.db_instance", id=made, region=region, handle=name, facts=known)
    yield _database_snapshot(ground, region, name, encrypted=good["encrypted"], i=i)


def _database_snapshot(
    ground: Ground, region: str, name: str, *, encrypted: bool, i: int
) -> Seeded:
    rds = ground.client("rds", region)
    public = not ground.good("rds_snapshot", "public", i)
    made: Any = rds.create_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-before-upgrade"
    )["DBSnapshot"]
    if public:
        rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=f"{name}-before-upgrade",
            AttributeName="restore",
            ValuesToAdd=["all"],
        )
    return Seeded(
        kind="aws.rds.db_snapshot",
        id=made["DBSnapshotArn"],
        region=region,
        handle=f"{name}-before-upgrade",
        facts={"encrypted": encrypted, "public": public},
    )


def cluster(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An Aurora cluster without members; moto never makes one of several zones."""
    good = ground.draw("rds_cluster", i, "encrypted", "backup", "protected", of=2)
    key = ground.arn("kms", region, f"alias/harbour-{region}")
    name = f"harbour-aurora-{i}"
    days = 14 if good["backup"] else 1
    made = ground.client("rds", region).create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        MasterUsername="harbour",
        MasterUserPassword=_PASSWORD,
        BackupRetentionPeriod=days,
        DeletionProtection=good["protected"],
        **({"StorageEncrypted": True, "KmsKeyId": key} if good["encrypted"] else {}),
    )["DBCluster"]["DBClusterArn"]
    facts = {**good, "multi_az": False, "days": days}
    yield Seeded(kind="aws.rds.db_cluster", id=made, region=region, handle=name, facts=facts)


def queue(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An SQS queue."""
    good = ground.draw("sqs", i, "encrypted", "private", "redrive")
    name = f"harbour-{('jobs', 'mail', 'events')[i % 3]}-{i}"
    arn = ground.arn("sqs", region, name)
    if not good["encrypted"]:
        attributes = {"SqsManagedSseEnabled": "false"}
    elif i % 2:
        attributes = {"SqsManagedSseEnabled": "true"}
    else:
        attributes = {"KmsMasterKeyId": f"alias/harbour-{region}"}
    owner = {"AWS": f"arn:aws:iam::{ground.account}:root"}
    statements = [allow("sqs:SendMessage", arn, principal=owner), deny_without_tls("sqs", [arn])]
    if not good["private"]:
        statements.append(allow("sqs:SendMessage", arn, principal="*"))
    if i % 4 or not good["private"]:
        attributes["Policy"] = policy(*statements)
    if good["redrive"]:
        dead = ground.arn("sqs", region, "harbour-dlq")
        redrive = {"deadLetterTargetArn": dead, "maxReceiveCount": 3}
        attributes["RedrivePolicy"] = json.dumps(redrive)
    url = ground.client("sqs", region).create_queue(QueueName=name, Attributes=attributes)[
        "QueueUrl"
    ]
    yield Seeded(
        kind="aws.sqs.queue", id=url, region=region, handle=url, facts={**good, "dead": False}
    )


def dead_letters(ground: Ground, region: str) -> Iterator[Seeded]:
    """The queue for what other queues could not get rid of."""
    attributes = {"SqsManagedSseEnabled": "true"}
    made = ground.client("sqs", region).create_queue(QueueName="harbour-dlq", Attributes=attributes)
    url = made["QueueUrl"]
    facts = {"encrypted": True, "private": True, "redrive": False, "dead": True}
    yield Seeded(kind="aws.sqs.queue", id=url, region=region, handle=url, facts=facts)


def topic(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """An SNS topic."""
    good = ground.draw("sns", i, "encrypted", "private")
    name = f"harbour-{('alerts', 'orders', 'billing')[i % 3]}-{i}"
    arn = ground.arn("sns", region, name)
    who: Any = {"AWS": f"arn:aws:iam::{ground.account}:root"} if good["private"] else "*"
    attributes = {"Policy": policy(allow("sns:Publish", arn, principal=who))}
    if good["encrypted"]:
        attributes["KmsMasterKeyId"] = f"alias/harbour-{region}"
    made = ground.client("sns", region).create_topic(Name=name, Attributes=attributes)["TopicArn"]
    facts = {**good, "alerts": not i % 3}
    yield Seeded(kind="aws.sns.topic", id=made, region=region, handle=made, facts=facts)


def function(ground: Ground, region: str, i: int) -> Iterator[Seeded]:
    """A Lambda function."""
    good = ground.draw("lambda", i, "private", "modern", "clean", "traced")
    name = f"harbour-{('resize', 'notify', 'import')[i % 3]}-{i}"
    client = ground.client("lambda", region)
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13" if good["modern"] else "python3.7",
        Role=f"arn:aws:iam::{ground.account}:role/support",
        Handler="main.handle",
        Code={"ZipFile": _EMPTY_ZIP},
        TracingConfig={"Mode": "Active" if good["traced"] else "PassThrough"},
        Environment={
            "Variables": {"STAGE": "live"}
            if good["clean"]
            else {"STAGE": "live", "DB_PASSWORD": "hunter2-hunter2"}
        },
    )["FunctionArn"]
    client.add_permission(
        FunctionName=name,
        StatementId="caller",
        Action="lambda:InvokeFunction",
        **(
            {
                "Principal": "events.amazonaws.com",
                "SourceArn": ground.arn("events", region, "rule/nightly"),
            }
            if good["private"]
            else {"Principal": "*"}
        ),
    )
    yield Seeded(kind="aws.lambda.function", id=made, region=region, handle=name, facts=good)


# The end record of a zip archive without entries: APPNOTE.TXT section 4.3.16.
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
