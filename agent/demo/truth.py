"""What an honest observer must say of the seeded account, told from how it was made.

It shares nothing with the rules but their ids: no expression, no attribute, no answer of the API.
A rule that is about a scope (`any`, `none`, `at_least`) is about the account or a region of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from agent.demo.seed import Truth

_Facts = Mapping[str, Any]
_Holds = Callable[[_Facts], bool | None]
"""Whether the facts are as the rule wants; None: the rule does not apply."""


class Expected(Struct, frozen=True, kw_only=True):
    """What one rule must find."""

    outcomes: Mapping[str, str]
    """Resource id -> `pass`, `fail` or `not_applicable`."""
    scopes: Mapping[str, str]
    """Region, or "" for the account -> the outcome for it as a whole."""


def expect(truth: Truth, rule: str) -> Expected:
    """The outcomes of `rule`; `KeyError`: the seeding says nothing about it."""
    if rule in _ANY_IN_ACCOUNT:
        kind, holds = _ANY_IN_ACCOUNT[rule]
        good = any(holds(one.facts) for one in truth.of(kind))
        return Expected(outcomes={}, scopes={"": _word(good)})
    if rule in _ANY_IN_REGION:
        kind, holds = _ANY_IN_REGION[rule]
        scopes = {
            region: _word(any(holds(one.facts) for one in truth.of(kind) if one.region == region))
            for region in truth.regions
        }
        return Expected(outcomes={}, scopes=scopes)
    if rule in _NONE:
        bad = {one.id: "fail" for one in truth.of(_NONE[rule])}
        return Expected(outcomes=bad, scopes={} if bad else {"": "pass"})
    kind, holds = _EACH[rule]
    at_least = {"": "pass"} if rule in _AT_LEAST_ONE else {}
    block = all(one.facts["s3_block"] for one in truth.of("aws.s3.account_public_access_block"))
    joined = any(not one.facts["own_policy"] for one in truth.of("aws.iam.user"))
    around = {"account_block": block, "joined": joined}
    outcomes = {one.id: _word(holds({**one.facts, **around})) for one in truth.of(kind)}
    nowhere = {"": "not_applicable"} if {*outcomes.values()} <= {"not_applicable"} else {}
    return Expected(outcomes=outcomes, scopes=at_least or nowhere)


def known_rules() -> frozenset[str]:
    """The ids of the rules that the seeding says something about."""
    return frozenset({*_EACH, *_ANY_IN_ACCOUNT, *_ANY_IN_REGION, *_NONE})


def _word(good: bool | None) -> str:
    return {True: "pass", False: "fail", None: "not_applicable"}[good]


def _has(*names: str) -> _Holds:
    return lambda facts: all(facts[name] for name in names)


def _lacks(name: str) -> _Holds:
    return lambda facts: not facts[name]


def _at_least(name: str, least: int) -> _Holds:
    """The fact is no smaller; None is for ever."""
    return lambda facts: facts[name] is None or facts[name] >= least


def _at_most(name: str, most: int) -> _Holds:
    return lambda facts: facts[name] <= most


def _only(name: str, holds: _Holds) -> _Holds:
    """The rule applies where the fact is true."""
    return lambda facts: holds(facts) if facts[name] else None


def _unless(name: str, holds: _Holds) -> _Holds:
    """The rule applies where the fact is false."""
    return lambda facts: None if facts[name] else holds(facts)


def _trust(**good: bool) -> _Holds:
    """The rule applies to roles with these kinds of trust."""
    return lambda facts: good.get(facts["trust"])


def _always(_facts: _Facts) -> bool:
    """Everything of this kind is made in order, or moto makes it so."""
    return True


def _never(_facts: _Facts) -> bool:
    """Nothing of this kind is made in order, or moto cannot make it so."""
    return False


def _outside(_facts: _Facts) -> None:
    """Nothing of this kind is such that the rule applies."""


def _opens(*names: str) -> _Holds:
    """The group opens none of these to the world."""
    return lambda facts: facts["open"] not in names


def _active(facts: _Facts) -> list[_Facts]:
    return [] if facts["root"] else [key for key in facts["keys"] if key["active"]]


def _key_age(facts: _Facts) -> bool | None:
    ages = [key["age"] for key in _active(facts)]
    return max(ages) <= 90 if ages else None  # noqa: PLR2004 - the rule's own number of days


def _unused(facts: _Facts) -> bool | None:
    if facts["root"]:
        return None
    used = [facts["used"]] if facts["person"] else []
    used += [key["used"] for key in _active(facts)]
    return max(used) <= 45 if used else None  # noqa: PLR2004 - the rule's own number of days


def _user_mfa(facts: _Facts) -> bool | None:
    return facts["mfa"] if not facts["root"] and facts["person"] else None


def _rotation(facts: _Facts) -> bool | None:
    applies = facts["rotates"] and facts["enabled"] and not facts["deleting"]
    return facts["rotated"] if applies else None


_EACH: Mapping[str, tuple[str, _Holds]] = {
    "aws-account-security-contact": ("aws.account", _has("contact")),
    "aws-backup-plan-retention": ("aws.backup.plan", _at_least("days", 35)),
    "aws-cloudtrail-kms": ("aws.cloudtrail.trail", _has("kms")),
    "aws-cloudtrail-log-validation": ("aws.cloudtrail.trail", _has("validated")),
    "aws-dynamodb-deletion-protection": ("aws.dynamodb.table", _has("protected")),
    "aws-dynamodb-kms": ("aws.dynamodb.table", _has("kms")),
    "aws-dynamodb-pitr": ("aws.dynamodb.table", _has("recovery")),
    "aws-ebs-default-encryption": ("aws.region", _has("ebs")),
    "aws-ebs-snapshot-encrypted": ("aws.ebs.snapshot", _has("encrypted")),
    "aws-ebs-volume-encrypted": ("aws.ebs.volume", _has("encrypted")),
    "aws-ec2-image-not-public": ("aws.ec2.image", _lacks("public")),
    "aws-ec2-instance-imdsv2": ("aws.ec2.instance", _has("imdsv2")),
    "aws-ec2-security-group-data-ports": (
        "aws.ec2.security_group",
        _opens("database", "all", "range"),
    ),
    "aws-ec2-security-group-default-closed": (
        "aws.ec2.security_group",
        _only("default", _has("closed")),
    ),
    "aws-ec2-security-group-rdp": ("aws.ec2.security_group", _opens("rdp", "all", "range")),
    "aws-ec2-security-group-ssh": ("aws.ec2.security_group", _opens("ssh", "ssh6", "all")),
    "aws-ecr-repository-not-public": ("aws.ecr.repository", _has("private")),
    "aws-ecr-repository-scanned": ("aws.ecr.repository", _has("scan")),
    "aws-efs-backup": ("aws.efs.file_system", _has("backup")),
    "aws-efs-encrypted": ("aws.efs.file_system", _has("encrypted")),
    "aws-elbv2-access-logs": ("aws.elbv2.load_balancer", _has("logging")),
    "aws-elbv2-deletion-protection": ("aws.elbv2.load_balancer", _has("protected")),
    "aws-elbv2-listener-tls": ("aws.elbv2.listener", _has("https")),
    "aws-elbv2-listener-tls-version": (
        "aws.elbv2.listener",
        _only("https", _has("modern")),
    ),
    "aws-iam-access-key-age": ("aws.iam.credential_report", _key_age),
    "aws-iam-credentials-unused": ("aws.iam.credential_report", _unused),
    "aws-iam-password-length": ("aws.account", _has("length")),
    "aws-iam-password-reuse": ("aws.account", _has("reuse")),
    "aws-iam-password-complexity": ("aws.account", _never),
    "aws-iam-password-expiry": ("aws.account", _always),
    "aws-iam-federated-access": ("aws.account", _always),
    "aws-iam-policy-no-admin": ("aws.iam.policy", _has("no_admin")),
    "aws-iam-role-oidc-subject": (
        "aws.iam.role",
        _trust(ci=False, ci_pinned=True),
    ),
    "aws-iam-role-trust-not-public": ("aws.iam.role", lambda f: f["trust"] != "public"),
    "aws-iam-role-unused": ("aws.iam.role", _at_most("unused", 90)),
    "aws-iam-root-hardware-mfa": ("aws.account", _has("root_mfa")),
    "aws-iam-root-mfa": ("aws.account", _has("root_mfa")),
    "aws-iam-root-no-access-keys": ("aws.account", _always),
    "aws-iam-root-unused": ("aws.iam.credential_report", lambda f: f["root"] or None),
    "aws-iam-user-mfa": ("aws.iam.credential_report", _user_mfa),
    "aws-iam-user-no-direct-policies": ("aws.iam.user", _lacks("own_policy")),
    "aws-kms-key-not-pending-deletion": ("aws.kms.key", _lacks("deleting")),
    "aws-kms-key-policy-not-public": ("aws.kms.key", _lacks("public")),
    "aws-kms-key-rotation": ("aws.kms.key", _rotation),
    "aws-lambda-function-not-public": ("aws.lambda.function", _has("private")),
    "aws-logs-group-kms": ("aws.logs.log_group", _has("kms")),
    "aws-logs-group-retention": (
        "aws.logs.log_group",
        _at_least("days", 365),
    ),
    "aws-rds-cluster-encrypted": ("aws.rds.db_cluster", _has("encrypted")),
    "aws-rds-cluster-multi-az": ("aws.rds.db_cluster", _has("multi_az")),
    "aws-rds-instance-backups": ("aws.rds.db_instance", _at_least("days", 7)),
    "aws-rds-instance-deletion-protection": ("aws.rds.db_instance", _has("protected")),
    "aws-rds-instance-encrypted": ("aws.rds.db_instance", _has("encrypted")),
    "aws-rds-instance-log-exports": ("aws.rds.db_instance", _has("logs")),
    "aws-rds-instance-minor-upgrades": ("aws.rds.db_instance", _has("upgrade")),
    "aws-rds-instance-multi-az": ("aws.rds.db_instance", _has("multi_az")),
    "aws-rds-instance-not-public": ("aws.rds.db_instance", _has("private")),
    "aws-rds-snapshot-encrypted": ("aws.rds.db_snapshot", _has("encrypted")),
    "aws-rds-snapshot-not-public": ("aws.rds.db_snapshot", _lacks("public")),
    "aws-s3-account-public-access-block": (
        "aws.s3.account_public_access_block",
        _has("s3_block"),
    ),
    "aws-s3-bucket-encryption": ("aws.s3.bucket", _has("encryption")),
    "aws-s3-bucket-logging": ("aws.s3.bucket", _has("logging")),
    "aws-s3-bucket-policy-not-public": ("aws.s3.bucket", _has("private")),
    "aws-s3-bucket-public-access-block": (
        "aws.s3.bucket",
        lambda f: f["block"] or f["account_block"],
    ),
    "aws-s3-bucket-tls-only": ("aws.s3.bucket", _has("tls")),
    "aws-s3-bucket-versioning": ("aws.s3.bucket", _has("versioned")),
    "aws-secretsmanager-rotation": ("aws.secretsmanager.secret", _has("rotated")),
    "aws-sns-topic-encrypted": ("aws.sns.topic", _has("encrypted")),
    "aws-sns-topic-not-public": ("aws.sns.topic", _has("private")),
    "aws-sqs-queue-encrypted": ("aws.sqs.queue", _has("encrypted")),
    "aws-sqs-queue-not-public": ("aws.sqs.queue", _has("private")),
    "aws-vpc-flow-logs": ("aws.ec2.vpc", _has("flow")),
    "aws-vpc-s3-endpoint": ("aws.ec2.vpc", _only("used", _has("endpoint"))),
    "aws-vpc-subnets-multi-az": ("aws.ec2.vpc", _unless("default", _has("zones"))),
    "aws-ec2-instance-age": ("aws.ec2.instance", _always),
    "aws-ec2-instance-image-age": ("aws.ec2.instance", _outside),
    "aws-ec2-instance-stopped-age": ("aws.ec2.instance", _outside),
    "aws-ec2-instance-tagged-owner": ("aws.ec2.instance", _has("owned")),
    "aws-ec2-instance-user-data-no-secrets": ("aws.ec2.instance", _has("clean")),
    "aws-ec2-security-group-all-traffic": ("aws.ec2.security_group", _opens("all")),
    "aws-lambda-tracing": ("aws.lambda.function", _has("traced")),
    "aws-lambda-vpc-multi-az": ("aws.lambda.function", _outside),
    "aws-logs-group-retention-bounded": (
        "aws.logs.log_group",
        lambda f: f["days"] is not None and f["days"] <= 731,  # noqa: PLR2004 - the rule's number
    ),
    "aws-rds-instance-iam-auth": ("aws.rds.db_instance", _has("iam")),
    "aws-rds-instance-latest-restorable": ("aws.rds.db_instance", _always),
    "aws-rds-instance-tls-required": ("aws.rds.db_instance", _never),
    "aws-s3-bucket-classified": ("aws.s3.bucket", _has("tagged")),
    "aws-s3-bucket-event-notifications": ("aws.s3.bucket", _only("trail", _never)),
    "aws-s3-bucket-kms": (
        "aws.s3.bucket",
        _only("secret", lambda f: f["encryption"] == "aws:kms"),
    ),
    "aws-s3-bucket-mfa-delete": ("aws.s3.bucket", _only("trail", _never)),
    "aws-s3-bucket-no-foreign-administrator": ("aws.s3.bucket", _always),
    "aws-s3-bucket-object-lock": ("aws.s3.bucket", _only("trail", _never)),
    "aws-s3-bucket-replicated": ("aws.s3.bucket", _outside),
    "aws-backup-vault-locked": ("aws.backup.vault", _has("locked")),
    "aws-cloudtrail-cloudwatch-logs": ("aws.cloudtrail.trail", _has("logs")),
    "aws-backup-vault-kms": ("aws.backup.vault", _always),
    "aws-cloudtrail-bucket-known": ("aws.cloudtrail.trail", _always),
    "aws-cloudtrail-recording": ("aws.cloudtrail.trail", _has("logging")),
    "aws-config-delivery": ("aws.config.recorder", _always),
    "aws-dynamodb-capacity": ("aws.dynamodb.table", _always),
    "aws-ec2-instance-no-public-address": ("aws.ec2.instance", _has("private")),
    "aws-ec2-instance-role": ("aws.ec2.instance", _has("role")),
    "aws-ec2-network-acl-admin-ports": (
        "aws.ec2.network_acl",
        _unless("default", _lacks("admin_world")),
    ),
    "aws-ec2-security-group-used": (
        "aws.ec2.security_group",
        _unless("default", _has("used")),
    ),
    "aws-ec2-subnet-no-public-address": ("aws.ec2.subnet", _lacks("public")),
    "aws-ecr-repository-tags-immutable": ("aws.ecr.repository", _has("immutable")),
    "aws-elbv2-invalid-headers": ("aws.elbv2.load_balancer", _has("drop")),
    "aws-elbv2-multi-az": ("aws.elbv2.load_balancer", _always),
    "aws-iam-policy-no-escalation": (
        "aws.iam.policy",
        _has("no_admin", "no_escalation"),
    ),
    "aws-iam-role-admin-limited": ("aws.iam.role", _only("admin", _has("named"))),
    "aws-iam-role-trusts-known-accounts": (
        "aws.iam.role",
        _trust(partner=False, partner_with_id=True),
    ),
    "aws-iam-support-role": ("aws.account", _always),
    "aws-iam-user-one-active-key": (
        "aws.iam.credential_report",
        _unless("root", lambda f: len(_active(f)) <= 1),
    ),
    "aws-lambda-dead-letter": ("aws.lambda.function", _never),
    "aws-lambda-environment-no-secrets": ("aws.lambda.function", _has("clean")),
    "aws-lambda-function-runtime": ("aws.lambda.function", _has("modern")),
    "aws-rds-cluster-backups": ("aws.rds.db_cluster", _at_least("days", 7)),
    "aws-rds-cluster-deletion-protection": ("aws.rds.db_cluster", _has("protected")),
    "aws-rds-instance-monitoring": ("aws.rds.db_instance", _has("watched")),
    "aws-s3-bucket-acl-disabled": ("aws.s3.bucket", _has("acl")),
    "aws-s3-bucket-acl-not-public": ("aws.s3.bucket", _has("acl")),
    "aws-s3-bucket-lifecycle": ("aws.s3.bucket", _has("expiry")),
    "aws-secretsmanager-changed": ("aws.secretsmanager.secret", _always),
    "aws-secretsmanager-not-public": ("aws.secretsmanager.secret", _has("private")),
    "aws-secretsmanager-used": ("aws.secretsmanager.secret", _always),
    "aws-sns-alert-topic-subscribed": ("aws.sns.topic", _only("alerts", _never)),
    "aws-ecr-lifecycle-policy": ("aws.ecr.repository", _has("expires")),
    "aws-iam-admin-policy-limited": ("aws.iam.user", _always),
    "aws-iam-cloudshell-full-access-restricted": ("aws.iam.aws_managed_attached", _always),
    "aws-iam-group-has-members": ("aws.iam.group", _has("staff", "joined")),
    "aws-iam-policy-no-blocked-kms-decrypt": ("aws.iam.policy", _has("no_admin", "no_decrypt")),
    "aws-iam-policy-no-service-wildcard": ("aws.iam.policy", _outside),
    "aws-iam-role-confused-deputy": ("aws.iam.role", _outside),
    "aws-iam-role-no-inline-policies": ("aws.iam.role", _lacks("inline")),
    "aws-iam-user-hardware-mfa": ("aws.iam.user", _outside),
    "aws-iam-user-in-group": ("aws.iam.user", _lacks("own_policy")),
    "aws-iam-user-in-hr-roster": (
        "aws.iam.credential_report",
        _unless("root", _only("person", _has("known", "stays"))),
    ),
    "aws-iam-user-no-credentials-inactive": (
        "aws.iam.credential_report",
        _unless("root", _always),
    ),
    "aws-iam-user-terminated-removed": (
        "aws.iam.credential_report",
        _unless("root", _only("person", _only("known", _unless("stays", _never)))),
    ),
    "aws-sqs-queue-dead-letter": ("aws.sqs.queue", _unless("dead", _has("redrive"))),
}

_AT_LEAST_ONE = frozenset({"aws-s3-account-public-access-block"})
"""Each of these must hold, and there must be one; the seeding always makes one."""

_ANY_IN_ACCOUNT: Mapping[str, tuple[str, _Holds]] = {
    "aws-config-global-types": ("aws.config.recorder", _has("on", "all")),
    "aws-backup-restore-tested": ("aws.backup.restore_job", _never),
    "aws-backup-plan-exists": ("aws.backup.plan", _always),
    "aws-cloudtrail-management-events": ("aws.cloudtrail.trail", _always),
    "aws-backup-plan-copies": ("aws.backup.plan", _never),
    "aws-cloudtrail-s3-events": ("aws.cloudtrail.trail", _never),
    "aws-cloudtrail-multi-region": (
        "aws.cloudtrail.trail",
        lambda f: f["multi"] and f["logging"],
    ),
}

_ANY_IN_REGION: Mapping[str, tuple[str, _Holds]] = {
    "aws-config-recorder": ("aws.config.recorder", _has("on")),
    "aws-guardduty-enabled": ("aws.guardduty.detector", _has("on")),
}

_NONE: Mapping[str, str] = {"aws-ebs-snapshot-not-public": "aws.ebs.public_snapshot"}
