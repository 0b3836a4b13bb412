"""The whole line on a seeded account: checks, rules, plan, collection, verdicts, sealed evidence.

What must come out is known from how the account was made (`agent.demo.truth`), in every case; what
may be asked is known from what there is, call by call.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from shipped import CHECKS, rules_of

from agent.demo.ground import Ground
from agent.demo.mischief import MISCHIEFS
from agent.demo.process import start_cloud
from agent.demo.roster import configure_roster, write_roster
from agent.demo.run import BEYOND
from agent.demo.seed import seed_cloud
from agent.demo.truth import expect, known_rules
from agent.demo.weather import Refused
from agent.evidence import keys, queries
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.plan import make_plan
from agent.run import CLOCK, Runner, Task
from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.files.session import FilesSession, Source, WithFiles
from checks.model import Cause

ROOT = Path(__file__).parent.parent
REGIONS = ("us-east-1", "eu-west-1")
TARGET = "aws:123456789012"
ALL_RULES = rules_of("aws")
RULES = {name: rule for name, rule in ALL_RULES.items() if name in known_rules()}
PLAN = make_plan(RULES, CHECKS)


class World:
    """A seeded account, an agent with a log, and what is true of the account."""

    def __init__(self, cloud, truth, store, log, folder):
        self.cloud, self.truth, self.store = cloud, truth, store
        self._clients = Clients(CHECKS.values())
        self._runner = Runner(log, CHECKS, deadline=timedelta(minutes=2))
        self._roster = folder / "roster.csv"
        write_roster(truth, self._roster, CLOCK.now())
        self.expected = dict(_expected(truth))

    def run(self, rules=RULES):
        """Run all rules once; what the log then says, by (rule, resource)."""
        access = Access(
            account=self.cloud.account, regions=REGIONS, endpoint_url=self.cloud.endpoint
        )
        given = configure_roster(self._roster)["hr.person"]
        source = Source(path=self._roster, columns=given["columns"], values=given["values"])
        files = FilesSession({"hr.person": source}, CLOCK.now)
        session = WithFiles(AwsSession(self._clients, access), files)
        self.done = self._runner.run(Task(session=session, rules=rules))
        assert not hasattr(self.done, "reason"), self.done
        return {(one.rule, one.resource): one for one in queries.current(self.store)}


def _expected(truth):
    for rule in RULES:
        found = expect(truth, rule)
        for resource, outcome in found.outcomes.items():
            yield (rule, resource), outcome
        for region, outcome in found.scopes.items():
            yield (rule, f"{TARGET}/{region}" if region else TARGET), outcome


@contextmanager
def a_world(folder, *, seed):
    key = keys.generate(folder / "key", "assay.test/agent")
    with (
        start_cloud() as cloud,
        Store.open(folder / "evidence.db") as store,
        Log.open(store, key, at=CLOCK.now()) as log,
    ):
        truth = seed_cloud(cloud, seed=seed, regions=REGIONS)
        world = World(cloud, truth, store, log, folder)
        world.run()  # what a resource was before is known from here on
        yield world


@pytest.fixture(scope="module", autouse=True)
def credentials():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "demo")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "demo")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        yield


@pytest.fixture(scope="module", params=(7, 8), ids=("seed7", "seed8"))
def world(request, tmp_path_factory, once):
    once(f"seed{request.param}")
    with a_world(tmp_path_factory.mktemp("world"), seed=request.param) as world:
        yield world


def _outcomes(found):
    return {key: one.outcome.value for key, one in found.items()}


def _minimum(truth):
    """Every call that the question takes, and how often, from what there is and nothing else."""
    of = {kind: len(truth.of(kind)) for kind in {one.kind for one in truth.resources}}
    region, bucket, key = len(REGIONS), of["aws.s3.bucket"], of["aws.kms.key"]
    once = """
        sts:GetCallerIdentity ec2:DescribeRegions
        iam:GetAccountSummary iam:GetAccountPasswordPolicy
        iam:GenerateCredentialReport iam:GetCredentialReport account:GetAlternateContact
        s3:ListBuckets s3control:GetPublicAccessBlock iam:ListEntitiesForPolicy
        iam:ListSAMLProviders
    """
    a_region = """
        backup:ListBackupPlans backup:ListBackupVaults backup:ListRestoreJobs
        cloudtrail:DescribeTrails
        config:DescribeConfigurationRecorders dynamodb:ListTables ec2:GetEbsEncryptionByDefault
        ec2:DescribeVolumes ec2:DescribeImages ec2:DescribeInstances ec2:DescribeSecurityGroups
        ec2:DescribeNetworkInterfaces ec2:DescribeNetworkAcls ec2:DescribeSubnets
        application-autoscaling:DescribeScalableTargets rds:DescribeDBParameterGroups
        ec2:DescribeVpcs ec2:DescribeVpcEndpoints ec2:DescribeFlowLogs ecr:DescribeRepositories
        ecr:GetRegistryScanningConfiguration efs:DescribeFileSystems elbv2:DescribeLoadBalancers
        guardduty:ListDetectors kms:ListKeys lambda:ListFunctions logs:DescribeLogGroups
        rds:DescribeDBInstances rds:DescribeDBClusters rds:DescribeDBSnapshots
        secretsmanager:ListSecrets sns:ListSubscriptions sns:ListTopics sqs:ListQueues
        sso-admin:ListInstances
    """
    return {
        **dict.fromkeys(once.split(), 1),
        **dict.fromkeys(a_region.split(), region),
        # All snapshots, and the public ones, which AWS itself picks out.
        "ec2:DescribeSnapshots": 2 * region,
        # Users, groups, roles and customer-managed policies: a listing each.
        "iam:GetAccountAuthorizationDetails": 4,
        "iam:ListVirtualMFADevices": 1,  # of the account, and to be joined to users
        "iam:ListPolicies": 1,
        "s3:GetBucketEncryption": bucket,
        "s3:GetBucketLogging": bucket,
        "s3:GetBucketPolicy": bucket,
        "s3:GetPublicAccessBlock": bucket,
        "s3:GetBucketVersioning": bucket,
        "s3:GetBucketAcl": bucket,
        "s3:GetBucketOwnershipControls": bucket,
        "s3:GetBucketLifecycleConfiguration": bucket,
        "s3:GetBucketTagging": bucket,
        "s3:GetBucketReplication": bucket,
        "s3:GetBucketNotificationConfiguration": bucket,
        "s3:GetObjectLockConfiguration": bucket,
        "rds:DescribeDBParameters": region,  # of the one group there is, which AWS made
        "ec2:DescribeInstanceAttribute": of["aws.ec2.instance"],
        "kms:DescribeKey": key,
        "kms:GetKeyRotationStatus": key,
        "kms:GetKeyPolicy": key,
        "backup:GetBackupPlan": of["aws.backup.plan"],
        "cloudtrail:GetTrailStatus": of["aws.cloudtrail.trail"],
        "cloudtrail:GetEventSelectors": of["aws.cloudtrail.trail"],
        "config:DescribeConfigurationRecorderStatus": of["aws.config.recorder"],
        "config:DescribeDeliveryChannels": of["aws.config.recorder"],
        "dynamodb:DescribeTable": of["aws.dynamodb.table"],
        "dynamodb:DescribeContinuousBackups": of["aws.dynamodb.table"],
        "ecr:GetRepositoryPolicy": of["aws.ecr.repository"],
        "ecr:GetLifecyclePolicy": of["aws.ecr.repository"],
        "efs:DescribeBackupPolicy": of["aws.efs.file_system"],
        "elbv2:DescribeLoadBalancerAttributes": of["aws.elbv2.load_balancer"],
        "elbv2:DescribeListeners": of["aws.elbv2.load_balancer"],
        "guardduty:GetDetector": of["aws.guardduty.detector"],
        "lambda:GetPolicy": of["aws.lambda.function"],
        "rds:DescribeDBSnapshotAttributes": of["aws.rds.db_snapshot"],
        "secretsmanager:GetResourcePolicy": of["aws.secretsmanager.secret"],
        "sns:GetTopicAttributes": of["aws.sns.topic"],
        "sqs:GetQueueAttributes": of["aws.sqs.queue"],
    }


def test_every_verdict_is_the_true_one_and_no_resource_is_left_out(world):
    assert len(RULES) >= 100
    assert _outcomes(world.run()) == world.expected


def test_exactly_the_calls_that_the_question_takes_are_made(world):
    world.cloud.reset()
    world.run()
    assert world.cloud.counts() == _minimum(world.truth)


def test_a_single_rule_asks_for_nothing_that_it_does_not_read(world):
    world.cloud.reset()
    world.run({"aws-s3-bucket-tls-only": RULES["aws-s3-bucket-tls-only"]})
    assert world.cloud.counts() == {
        "sts:GetCallerIdentity": 1,
        "s3:ListBuckets": 1,
        "s3:GetBucketPolicy": len(world.truth.of("aws.s3.bucket")),
    }


def _actions():
    """Call -> the permissions that the checks of the enabled rules declare for it."""
    found = {}
    for name, facets in PLAN.facets.items():
        check = CHECKS[name]
        joined = [CHECKS[join.check] for join in check.joins if join.name in facets]
        for call in [*check.calls(facets), *(call for one in joined for call in one.calls(()))]:
            found.setdefault(call.name, set()).update(call.needs)
    return {call: needs for call, needs in found.items() if needs}  # a file needs none


def _denied(truth, dice):
    """Some reads, each denied everywhere, in one region, or for one resource."""
    actions = _actions()
    for name in dice.sample(sorted(actions), 6):
        how = dice.choice(["everywhere", "in a region"])
        yield Refused(operation=name, region="" if how == "everywhere" else dice.choice(REGIONS))
    bucket = dice.choice(truth.of("aws.s3.bucket")).handle
    yield Refused(operation="s3:GetBucketPolicy", containing=f"/{bucket}?")
    topic = dice.choice(truth.of("aws.sns.topic")).handle
    yield Refused(operation="sns:GetTopicAttributes", containing=topic)


@pytest.mark.parametrize("weather", range(5))
def test_what_is_denied_at_random_is_an_error_and_all_else_is_as_it_was(world, weather):
    actions = _actions()
    denied = list(_denied(world.truth, random.Random(weather)))
    world.cloud.deny(denied)
    world.cloud.reset()
    try:
        found = world.run()
        refused = world.cloud.tallies()["refused"]
    finally:
        world.cloud.deny([])
    errors = {rule for (rule, _), one in found.items() if one.outcome.value == "error"}
    for rule, resource in world.expected.keys() - found.keys():
        # That a rule applies to nothing is not said while there is something it cannot judge.
        assert (resource, rule in errors) == (TARGET, True), (rule, resource)
    named = set()
    for key, one in found.items():
        if one.outcome.value == "error":
            missing = {action for action in _actions_of(denied, actions) if _names(one, action)}
            assert missing, one
            named |= missing
        else:
            assert one.outcome.value == world.expected[key], one
    assert named  # and every refused call is a gap of the run, read by a verdict or not
    assert {unseen.gap.call for unseen in world.done.unseen} == refused.keys()
    assert _outcomes(world.run()) == world.expected


def _actions_of(denied, actions):
    return {action for one in denied for action in actions[one.operation]}


def _names(finding, action):
    return action in finding.needs or f"grant {action}" in finding.message


def test_every_gap_says_which_call_was_denied_and_what_to_grant(world):
    world.cloud.deny([Refused(operation="kms:GetKeyRotationStatus", region="eu-west-1")])
    try:
        found = world.run()
    finally:
        world.cloud.deny([])
    keys_there = [key.id for key in world.truth.of("aws.kms.key") if key.region == "eu-west-1"]
    (unseen,) = world.done.unseen
    assert unseen.resources == len(keys_there)
    assert unseen.gap.call == "kms:GetKeyRotationStatus"
    assert unseen.gap.facet == "Rotation"
    assert unseen.gap.region == "eu-west-1"
    assert unseen.gap.cause is Cause.DENIED
    assert unseen.gap.needs == ("kms:GetKeyRotationStatus",)
    assert unseen.gap.request_id
    rotation = "aws-kms-key-rotation"
    errors = {key for (rule, key), one in found.items() if one.outcome.value == "error"}
    assert errors == {
        key for key in keys_there if world.expected[rotation, key] != "not_applicable"
    }
    assert {rule for (rule, _), one in found.items() if one.outcome.value == "error"} == {rotation}


@pytest.mark.parametrize("mischief", MISCHIEFS, ids=lambda one: one.rule)
def test_each_mischief_of_the_demo_is_seen_and_so_is_its_mending(world, mischief):
    ground = Ground(world.cloud, seed=7, regions=REGIONS)
    victims = [one for one in world.truth.of(mischief.kind) if mischief.fits(one.facts)]
    rule = {mischief.rule: RULES[mischief.rule]}
    before = _outcomes(world.run(rule))
    mischief.breaks(ground, victims[0])
    broken = _outcomes(world.run(rule))
    mischief.mends(ground, victims[0])
    changed = {key for key in before if before[key] != broken[key]}
    assert len(changed) == 1
    assert [(before[key], broken[key]) for key in changed] == [("pass", "fail")]
    assert _outcomes(world.run(rule)) == before


def test_of_what_is_not_there_nothing_passes(world):
    """Rules about kinds of which the seeding makes none; moto has some itself, and lacks calls."""
    known = {*RULES, *BEYOND}
    others = {name: rule for name, rule in ALL_RULES.items() if name not in known}
    found = world.run(others)
    for key, one in found.items():
        if key not in world.expected:
            assert one.outcome.value in {"not_applicable", "fail", "error"}, one
            if one.outcome.value == "error":
                # moto lacks the call, or answers without insights where AWS refuses.
                lacks = ("NotImplemented", "cloudtrail:GetInsightSelectors")
                assert any(word in one.message for word in lacks), one
