"""The AWS rules do what their examples say, and map to criteria that fit."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
import yaml
from shipped import CHECKS, rules_of

from agent.rules.examples import failed_examples

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "rules" / "aws").rglob("*.yaml"))
IDS = [path.stem for path in FILES]
PEERS = [
    line
    for line in (ROOT / "tests" / "data" / "peer_checks.txt").read_text().splitlines()
    if not line.startswith("#")
]


@cache
def rules():
    return rules_of("aws")


@cache
def frameworks():
    folder = ROOT / "rules" / "frameworks"
    documents = [yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")]
    return {document["id"]: document for document in documents}


def by_criterion(framework):
    found = defaultdict(set)
    for rule in rules().values():
        for criterion in rule.criteria.get(framework, ()):
            found[criterion].add(rule.id)
    return found


@pytest.mark.parametrize("rule_id", IDS)
def test_a_rule_is_called_as_its_file_and_does_what_its_examples_say(rule_id):
    assert rules()[rule_id].id == rule_id
    assert list(failed_examples(rules()[rule_id])) == []


@pytest.mark.parametrize("rule_id", IDS)
def test_every_criterion_that_a_rule_names_exists(rule_id):
    for framework, ids in rules()[rule_id].criteria.items():
        document = frameworks()[framework]
        assert len(set(ids)) == len(ids)
        for criterion in ids:
            if document["closed"]:
                assert criterion in document["criteria"], criterion
            else:
                assert re.fullmatch(document["pattern"], criterion), (framework, criterion)


@pytest.mark.parametrize("rule_id", IDS)
def test_a_rule_stands_for_one_to_three_trust_services_criteria(rule_id):
    assert 1 <= len(rules()[rule_id].criteria["soc2"]) <= 3


@pytest.mark.parametrize("rule_id", IDS)
def test_a_rule_tells_an_auditor_what_and_an_engineer_how(rule_id):
    rule = rules()[rule_id]
    assert not rule.title.endswith(".")
    assert rule.rationale.endswith(".")
    assert "CLI" in rule.remediation.text
    assert rule.quantifier == "any" or "at_least" in rule.line_of or "{{" in rule.message.text
    for param in rule.declared.values():
        assert param.help, param.name
        bounded = param.type in {"int", "double", "duration"}
        assert not bounded or param.min is not None, param.name


def test_titles_are_told_apart():
    titles = [rule.title for rule in rules().values()]
    assert len(set(titles)) == len(titles)


def test_no_two_criteria_have_the_same_rules():
    sets = defaultdict(list)
    for criterion, members in by_criterion("soc2").items():
        sets[frozenset(members)].append(criterion)
    assert [criteria for criteria in sets.values() if len(criteria) > 1] == []


def test_logical_access_has_multi_factor_and_encryption():
    found = by_criterion("soc2")
    assert {rule_id for rule_id in IDS if "-mfa" in rule_id} <= found["CC6.1"]
    at_rest = {rule_id for rule_id in IDS if re.search(r"-(encrypted|encryption|kms)$", rule_id)}
    assert at_rest <= found["CC6.1"]
    assert at_rest <= found["C1.1"]


def test_the_criterion_of_accounts_has_rules_about_accounts_only():
    assert by_criterion("soc2")["CC6.2"]
    for rule_id in by_criterion("soc2")["CC6.2"]:
        assert re.match(r"aws\.(iam|organizations|sso|account)", rules()[rule_id].check), rule_id


def test_every_service_of_the_first_rules_has_one():
    services = (
        *("iam", "s3", "ec2", "ebs", "rds", "kms", "cloudtrail", "logs", "config", "dynamodb"),
        *("sqs", "sns", "secretsmanager", "elbv2", "guardduty", "lambda", "efs", "ecr", "backup"),
        *("account", "region"),
    )
    judged = {rule.check.split(".")[1] for rule in rules().values()}
    assert [service for service in services if service not in judged] == []
    assert any(rule.check == "aws.ec2.vpc" for rule in rules().values())
    assert len(IDS) >= 45


def test_the_checks_that_other_tools_share_are_rules():
    assert len(set(PEERS)) == 24
    assert [rule_id for rule_id in PEERS if rule_id not in rules()] == []


def test_the_shared_checks_ask_five_calls_a_bucket_two_a_key_and_one_of_three_others():
    """The floor of the bench: every other call of them is a page, an account's or a region's."""
    facets = defaultdict(set)
    for rule_id in PEERS:
        rule = rules()[rule_id]
        own = {facet.name for facet in CHECKS[rule.check].facets}
        facets[rule.check] |= rule.facets & own
    assert {check: len(names) for check, names in facets.items() if names} == {
        "aws.s3.bucket": 5,
        "aws.kms.key": 2,
        "aws.dynamodb.table": 1,
        "aws.sqs.queue": 1,
        "aws.elbv2.load_balancer": 1,
        "aws.cloudtrail.trail": 1,
        "aws.account": 2,
        "aws.region": 1,
    }
