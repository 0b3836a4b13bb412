"""The printed policy is enough, and nothing in it is too much: moto asks for every permission.

One account is filled with the good cases of `moto_cases`. The agent's user may only take a role,
and the role may only do what `assay permissions aws` prints.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from aws_endpoint import CREDENTIALS, Endpoint
from botocore.exceptions import ClientError
from moto.core.config import default_user_config
from moto.iam.access_control import IAMRequestBase
from moto_cases import ACCOUNT, REGION, Case
from rule_kit import CHECKS as ALL
from rule_kit import shipped
from test_moto_cases import CASES, maker

from agent.evaluate import Tally, conclude, evaluate
from agent.model import Outcome
from agent.permissions.aws import SESSION, agent_policy, read_policies
from agent.plan import calls_of, make_plan
from agent.rules.rule import Rule
from agent.run import CLOCK
from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.collect import collect
from checks.model import Cause

CHECKS = {name: check for name, check in ALL.items() if name.startswith("aws.")}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/assay-read"
SECRET = "known to two"
ACTIONS = sorted(
    {
        need
        for check in CHECKS.values()
        for call in check.calls(frozenset(facet.name for facet in check.facets))
        for need in call.needs
    }
)
SERVICES = sorted({action.split(":")[0] for action in ACTIONS})

AS_MOTO = {
    "apigateway:GET": ("apigateway:GetApis", "apigateway:GetRestApis", "apigateway:GetStages"),
    "cloudwatch:DescribeAlarms": ("monitoring:DescribeAlarms",),
    "s3:GetAccountPublicAccessBlock": ("s3:GetPublicAccessBlock",),
}
"""Actions that moto calls by the names of the operations; IAM's own are those on the left
(service authorization reference: API Gateway Management, CloudWatch, S3)."""

AT_THE_EDGE = {
    "backup:ListRecoveryPointsByBackupVault": "backup:ListRecoveryPointsByBackupVault",
    "s3:GetBucketObjectLockConfiguration": "s3:GetObjectLockConfiguration",
    "s3:GetBucketOwnershipControls": "s3:GetBucketOwnershipControls",
    "s3:GetBucketPublicAccessBlock": "s3:GetPublicAccessBlock",
    "s3:GetEncryptionConfiguration": "s3:GetBucketEncryption",
    "s3:GetReplicationConfiguration": "s3:GetBucketReplication",
}
"""Actions of which moto asks another or none: the server in front of it refuses the call."""

UNCLEAR = {
    "aws-cloudfront-origin-access-control",  # the other cases' origins have no configuration there
    "aws-eks-endpoint-not-public",
    "aws-emr-block-public-access",
}
"""Rules that miss something in moto's answers, whoever asks."""

DECIDED = {
    "iam:ListSAMLProviders",
    "iam:ListVirtualMFADevices",
    "logs:DescribeDeliverySources",
    "s3:GetReplicationConfiguration",
    "sso:ListInstances",
}
"""Actions of facts that this account's other facts make unimportant to every rule that reads them
(the root user has no second factor: of which kind it is does not matter)."""


@dataclass(frozen=True)
class Look:
    """What one look at the account gave."""

    outcomes: Mapping[str, frozenset[Outcome]]
    gaps: frozenset[tuple[str, Cause]]
    """Call and cause of whatever could not be seen."""
    called: frozenset[str]
    """`service:operation` of every call that the server got."""

    @property
    def errors(self) -> set[str]:
        return {name for name, found in self.outcomes.items() if Outcome.ERROR in found}

    @property
    def denied(self) -> set[str]:
        return {call for call, cause in self.gaps if cause is Cause.DENIED}

    @property
    def answered(self) -> set[str]:
        """Calls that moto plays for somebody who may make them."""
        return set(self.called) - {call for call, _ in self.gaps}


@dataclass(frozen=True)
class Account:
    """A filled account in which nothing but what the role is given is allowed."""

    endpoint: Endpoint
    clients: Clients
    admin: Any

    def allow(self, actions: Iterable[str]) -> None:
        """Give the role just these."""
        named = [name for action in actions for name in AS_MOTO.get(action, (action,))]
        self.admin.put_role_policy(
            RoleName="assay-read",
            PolicyName="reads",
            PolicyDocument=document_of([*named, "s3:ListBucket"]),
        )

    def look(self, rules: Mapping[str, Rule]) -> Look:
        """Look once, and judge."""
        plan = make_plan(rules, CHECKS)
        session = AwsSession(self.clients, self.access)
        now, target = CLOCK.now(), session.target
        found: dict[str, set[Outcome]] = defaultdict(set)
        tallies: dict[str, Tally] = defaultdict(Tally)
        gaps: set[tuple[str, Cause]] = set()
        self.endpoint.forget()
        with closing(
            collect(session, CHECKS, plan.facets, clock=CLOCK, deadline=600, threads=4)
        ) as parts:
            for part in parts:
                unseen = [*part.gaps, *(gap for one in part.resources for gap in one.gaps)]
                gaps |= {(gap.call, gap.cause) for gap in unseen}
                for rule in plan.rules_by_check.get(part.check, ()):
                    findings, tally = evaluate(rule, part, now=now, target=target)
                    found[rule.id] |= {finding.outcome for finding in findings}
                    tallies[rule.id] += tally
        for rule in plan.rules:
            last = conclude(rule, tallies[rule.id], now=now, target=target)
            found[rule.id] |= {finding.outcome for finding in last}
        return Look(
            {name: frozenset(outcomes) for name, outcomes in found.items()},
            frozenset(gaps),
            frozenset(self.endpoint.calls()),
        )

    @property
    def access(self) -> Access:
        """The way in: the agent's user takes the role."""
        return Access(
            region=REGION,
            regions=(REGION,),
            endpoint_url=self.endpoint.url,
            role_arn=ROLE,
            external_id=SECRET,
        )


def document_of(actions: Iterable[str]) -> str:
    """A policy, as moto checks one: actions alone."""
    statement = {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@cache
def rules() -> dict[str, Rule]:
    """Those that the account alone decides; a roster of people is none of its business."""
    aws = {name: rule for name, rule in shipped().items() if rule.provider == "aws"}
    read = {name: calls_of({rule.check: rule.facets}, ALL) for name, rule in aws.items()}
    return {
        name: rule for name, rule in aws.items() if all(c.service != "files" for c in read[name])
    }


@cache
def needs_of(rule: str) -> frozenset[str]:
    return frozenset(make_plan({rule: rules()[rule]}, CHECKS).permissions)


@cache
def calls_by_action() -> frozenset[tuple[str, str]]:
    """Each action of the printed policy with each call that needs it."""
    plan = make_plan(rules(), CHECKS)
    calls = calls_of(plan.facets, CHECKS)
    return frozenset((need, call.name) for call in calls for need in call.needs)


@cache
def calls_of_rule(rule: str) -> frozenset[str]:
    plan = make_plan({rule: rules()[rule]}, CHECKS)
    return frozenset(call.name for call in calls_of(plan.facets, CHECKS))


def refused_at_the_edge(endpoint: Endpoint, action: str) -> AbstractContextManager[object]:
    if action in AT_THE_EDGE:
        return endpoint.broken(AT_THE_EDGE[action])
    return nullcontext()


@cache
def printed() -> frozenset[str]:
    """Every action of the printed policy."""
    policies = read_policies(make_plan(rules(), CHECKS).permissions)
    return frozenset(
        action for policy in policies for action in policy.document["Statement"][0]["Action"]
    )


def fill(url: str) -> None:
    """Make something of each check that more is asked about than a listing.

    A snapshot's case makes the thing itself too, so it is first.
    """
    waiting = {check.parent for check in CHECKS.values()}
    plan = make_plan(rules(), CHECKS)
    waiting |= {name for name in plan.facets if plan.facets[name] or CHECKS[name].batch}

    cases = [case for case in CASES if isinstance(case, Case) and case.rule in rules()]
    for case in sorted(cases, key=lambda case: "snapshot" not in case.rule):
        if (check := rules()[case.rule].check) in waiting:
            with suppress(ClientError):  # another case has made a thing of that name
                case.good(maker(url))
                waiting.remove(check)


def identities(url: str) -> tuple[Any, dict[str, str]]:
    """Make the role and the agent's user; gives an administrator's client, and the user's key."""
    iam = boto3.client("iam", endpoint_url=url, region_name=REGION, **CREDENTIALS)
    keys = {}
    taking = agent_policy([ROLE])
    assert taking is not None
    for name, document in (("root", document_of("*")), ("agent", json.dumps(taking.document))):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys[name] = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/agent"},
                "Condition": {"StringEquals": {"sts:ExternalId": SECRET}},
            }
        ],
    }
    iam.create_role(RoleName="assay-read", AssumeRolePolicyDocument=json.dumps(trust))
    admin = boto3.client("iam", endpoint_url=url, region_name=REGION, **keys["root"])
    return admin, keys["agent"]


def enforce(url: str, after: str) -> None:
    """Let moto check permissions once `after` more calls have been made."""
    request = Request(
        f"{url}/moto-api/reset-auth", data=after.encode(), headers={"Content-Type": "text/plain"}
    )
    with urlopen(request, timeout=30) as answer:
        answer.read()


@pytest.fixture(scope="module")
def account(once: Callable[[str], None]) -> Iterator[Account]:
    once("permissions")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # moto signs REST requests without their query, and so refuses every one that has one.
        patch.setattr(IAMRequestBase, "check_signature", lambda _: None)
        patch.setitem(default_user_config, "lambda", {"use_docker": False})
        endpoint = stack.enter_context(Endpoint())
        endpoint.keep_sent = False
        fill(endpoint.url)
        admin, key = identities(endpoint.url)
        for name, value in key.items():
            patch.setenv(name.upper(), value)
        patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        enforce(endpoint.url, "0")
        stack.callback(enforce, endpoint.url, "inf")
        yield Account(endpoint, Clients(CHECKS.values()), admin)


@pytest.fixture(scope="module")
def before(account: Account) -> Look:
    """What is seen with exactly the printed policy."""
    account.allow(printed())
    return account.look(rules())


def test_with_the_printed_policy_nothing_is_denied_and_every_rule_is_evaluated(
    before: Look,
) -> None:
    assert before.denied == set()
    assert set(before.outcomes) == set(rules())
    unplayed = {call for call, _ in before.gaps}
    unclear = {name for name in before.errors if not calls_of_rule(name) & unplayed}
    assert unclear <= UNCLEAR
    assert len(before.outcomes) - len(before.errors) >= 0.9 * len(rules())


@pytest.mark.parametrize("service", SERVICES)
def test_without_one_action_just_the_rules_that_need_it_see_nothing(
    service: str, account: Account, before: Look
) -> None:
    for action in removable(service, before):
        needing = {name for name in rules() if action in needs_of(name)}
        checks = {rules()[name].check for name in needing}
        beside = {name: rule for name, rule in rules().items() if rule.check in checks}
        account.allow(printed() - {action})
        with refused_at_the_edge(account.endpoint, action):
            look = account.look(beside)
        blind = look.errors - before.errors
        assert look.denied, f"{action}: nothing is denied without it"
        assert blind <= needing, f"{action}: it is not needed, and missed"
        assert blind or action in DECIDED or needing <= before.errors, f"{action}: nobody misses it"
        for name in beside.keys() - blind - before.errors:
            # Another fact decides, or it is not about this at all: nothing has changed.
            assert look.outcomes[name] == before.outcomes[name], (action, name)


def test_without_the_list_of_regions_no_region_is_seen(account: Account, before: Look) -> None:
    queues = {name: rule for name, rule in rules().items() if rule.check == "aws.sqs.queue"}
    account.allow(printed() - set(SESSION))
    assert before.errors & set(queues) == set()
    assert account.look(queues).errors == set(queues) != set()


def test_nearly_every_action_is_removed_once(before: Look) -> None:
    """What moto does not play, or has nothing of, is left out; it is little."""
    removed = {action for service in SERVICES for action in removable(service, before)}
    assert len(removed) >= 0.85 * len(printed()), sorted(printed() - removed)


def removable(service: str, before: Look) -> list[str]:
    """Actions of which moto, or the server before it, shows the lack: their calls were answered."""
    shown = {action for action, call in calls_by_action() if call in before.answered}
    return sorted(action for action in shown if action.split(":")[0] == service)
