"""The least-privilege role as IAM, Terraform and CloudFormation take it."""

import json
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest
import yaml
from cfnlint import lint

from agent.cli.app import run
from agent.permissions.aws import (
    ACCOUNTS,
    LIMIT,
    UNITS,
    agent_policy,
    discovery_policy,
    read_policies,
    to_json,
)
from agent.permissions.cloudformation import to_cloudformation
from agent.permissions.terraform import to_terraform
from checks.aws import organization

ROOT = Path(__file__).parents[1]
MANY = [
    f"service-{service}:DescribeSomethingOfIt{n:03}" for service in "abcdefgh" for n in range(60)
]
ROLES = ["arn:aws:iam::444455556666:role/assay-read"]
MEMBERS = "arn:aws:iam::*:role/AssayReader"


def actions_of(policies):
    return [action for one in policies for part in one.statements for action in part.actions]


def beside():
    agent = agent_policy(ROLES)
    return [agent, discovery_policy("discovery", MEMBERS, units=True, account="111122223333")]


def written(form):
    """Everything that the module or the template can hold."""
    return form([*read_policies(MANY), *beside()])


def test_few_permissions_are_one_document_sorted_each_once():
    (policy,) = read_policies(["s3:ListAllMyBuckets", "s3:GetBucketPolicy", "s3:GetBucketPolicy"])
    (statement,) = policy.document["Statement"]
    assert statement["Action"] == [
        "ec2:DescribeRegions",
        "s3:GetBucketPolicy",
        "s3:ListAllMyBuckets",
    ]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert json.loads(to_json([policy])) == policy.document


def test_many_permissions_are_several_policies_that_iam_takes_each_service_in_one():
    policies = read_policies(MANY)
    assert [policy.name for policy in policies] == ["reads-1", "reads-2", "reads-3", "reads-4"]
    assert all(policy.size <= LIMIT for policy in policies)
    assert actions_of(policies) == sorted([*MANY, "ec2:DescribeRegions"])
    services = [{action.split(":")[0] for action in actions_of([one])} for one in policies]
    assert sum(map(len, services)) == len(set().union(*services))
    assert read_policies(reversed(MANY)) == policies
    rows = json.loads(to_json(policies))["policies"]
    assert [row["document"] for row in rows] == [policy.document for policy in policies]


def test_a_policy_that_just_fits_is_not_split():
    room = LIMIT - read_policies([])[0].size - len(',"s3:"')
    (policy,) = read_policies([f"s3:{'A' * room}"])
    assert policy.size == LIMIT
    assert len(read_policies([f"s3:{'A' * (room + 1)}"])) == 2


def test_discovery_needs_what_the_calls_declare():
    assert organization.ACCOUNTS.needs == ACCOUNTS
    assert organization.CHILDREN.needs == UNITS
    without = discovery_policy("discovery", MEMBERS, units=False)
    assert actions_of([without]) == [*ACCOUNTS, "sts:AssumeRole"]
    assert agent_policy([]) is None


def test_terraform_holds_every_policy_and_trusts_one_account_with_a_secret():
    module = hcl2.loads(written(to_terraform))
    held = json.dumps(module["locals"])
    assert [action for action in MANY if action not in held] == []
    names = [name.strip('"') for kind in module["resource"] for name in kind]
    assert sorted(set(names)) == [
        "aws_iam_policy",
        "aws_iam_role",
        "aws_iam_role_policy_attachment",
    ]
    trust = next(iter(module["resource"][0].values()))
    assert "sts:ExternalId" in json.dumps(trust)
    variables = {name.strip('"') for one in module["variable"] for name in one}
    assert variables == {"agent_account", "external_id", "role_name"}


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")
@pytest.mark.parametrize("policies", [read_policies([]), [*read_policies(MANY), *beside()]])
def test_terraform_is_formatted(policies, tmp_path):
    file = tmp_path / "main.tf"
    file.write_text(to_terraform(policies))
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", file], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout.decode()


def test_cloudformation_has_nothing_to_be_said_against_it_action_by_action():
    shipped = json.loads((ROOT / "deploy/permissions/aws/policy.json").read_text())
    actions = shipped["Statement"][0]["Action"]
    text = to_cloudformation([*read_policies(actions), *beside()])
    assert lint(text) == []
    assert lint(text.replace("s3:GetBucketPolicy", "s3:GetBucketPolice"))


def test_cloudformation_gives_the_role_the_reads_and_others_their_own_policies():
    template = yaml.safe_load(written(to_cloudformation))
    resources = template["Resources"]
    attached = [ref["Ref"] for ref in resources["Role"]["Properties"]["ManagedPolicyArns"]]
    assert attached == ["Reads1", "Reads2", "Reads3", "Reads4"]
    documents = [resources[name]["Properties"]["PolicyDocument"] for name in attached]
    assert documents == [policy.document for policy in read_policies(MANY)]
    assert {name for name in resources if "Condition" in resources[name]} == {"Agent", "Discovery"}
    (trust,) = resources["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}


def test_an_organization_target_asks_for_discovery_in_its_own_account(tmp_path, capsys):
    config = tmp_path / "assay.yaml"
    config.write_text(
        """
        targets:
          - provider: aws
            role_arn: arn:aws-us-gov:iam::111122223333:role/find
            organization: {role: AssayReader, include: [ou-abcd-12345678]}
        """
    )
    assert run(["-c", str(config), "permissions", "aws"]) == 0
    *_, agent, discovery = json.loads(capsys.readouterr().out)["policies"]
    assert agent["for"] == "the agent's own identity"
    listing, taking = discovery["document"]["Statement"]
    assert listing["Action"] == [*ACCOUNTS, *UNITS]
    assert taking["Resource"] == "arn:aws-us-gov:iam::*:role/AssayReader"
    assert run(["-c", str(config), "permissions", "aws", "--format", "terraform"]) == 0
    assert 'account = "111122223333"' in capsys.readouterr().out


def test_the_policy_of_one_rule_is_what_it_reads(tmp_path, capsys):
    config = tmp_path / "assay.yaml"
    rule = ROOT / "rules/aws/s3/aws-s3-bucket-versioning.yaml"
    config.write_text(f"{{shipped_rules: false, rules_paths: ['{rule}']}}")
    assert run(["-c", str(config), "permissions", "aws"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert statement["Action"] == [
        "ec2:DescribeRegions",
        "s3:GetBucketVersioning",
        "s3:ListAllMyBuckets",
    ]
