"""The CloudFormation templates: by cfn-lint, and as the agent would be started by them."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from cfnlint.api import lint_all
from cfnlint.decode.cfn_yaml import loads
from terraform_kit import ROOT

from agent.config import load_settings

FOLDER = ROOT / "deploy" / "cloudformation"
TEMPLATES = sorted(FOLDER.glob("*.yaml"))
GIVEN = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "assay",
    "SigningKey.Arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "Origin": "log.example.com/assay",
    "Bucket": "acme-copies",
    "BucketRegion": "eu-north-1",
    "RetainDays": "400",
    "MemberRole": "assay-read",
    "ExternalId": "an-agreed-word",
    "OrganizationId": "o-ab12cd34ef",
    "Settings": "run: {discover: 1h}",
}


def template(name: str) -> Any:
    return loads((FOLDER / name).read_text())


def computed(value: Any, given: dict[str, str], *, organization: bool) -> Any:
    """What CloudFormation makes of Ref, Sub, If and GetAtt, as far as the templates go."""
    if isinstance(value, list):
        return [computed(each, given, organization=organization) for each in value]
    if not isinstance(value, dict):
        return value
    one = {key: each for key, each in value.items() if key in {"Ref", "Fn::Sub", "Fn::If"}}
    if "Ref" in one:
        return given.get(value["Ref"], value["Ref"])
    if "Fn::If" in one:
        _, yes, no = value["Fn::If"]
        return computed(yes if organization else no, given, organization=organization)
    if "Fn::Sub" in one:
        text, names = value["Fn::Sub"], {}
        if isinstance(text, list):
            text, names = text
        known = given | {
            name: computed(each, given, organization=organization) for name, each in names.items()
        }
        return re.sub(r"\$\{([^}]+)\}", lambda match: known[match[1]], text)
    return {key: computed(each, given, organization=organization) for key, each in value.items()}


def faults(text: str) -> list[str]:
    """Errors and warnings; not what is for information only."""
    return [str(each) for each in lint_all(text) if each.rule.id[0] in "EW"]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_cfn_lint_has_nothing_to_say(file):
    assert faults(file.read_text()) == []


def test_cfn_lint_would_have_something_to_say():
    wrong = (FOLDER / "anchor.yaml").read_text().replace("ObjectLockEnabled: true", "ObjectLok: 1")
    assert faults(wrong)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_parameters_and_outputs_are_described(file):
    found = template(file.name)
    for name, each in {**found["Parameters"], **found["Outputs"]}.items():
        assert each["Description"], name
        if each.get("Type") == "String":
            assert "AllowedPattern" in each or "AllowedValues" in each, name


def test_the_agent_may_read_what_is_printed_and_starts_as_elsewhere():
    """When this fails: `make docs`."""
    done = subprocess.run(
        [sys.executable, "-c", "import fill, sys; sys.stdout.write(fill.fill(sys.stdin.read()))"],
        input=(FOLDER / "agent.yaml").read_text(),
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == (FOLDER / "agent.yaml").read_text()
    resources = template("agent.yaml")["Resources"]
    (reads,) = resources["Reads"]["Properties"]["PolicyDocument"]["Statement"]
    printed = json.loads((ROOT / "deploy/permissions/aws/policy.json").read_text())
    assert [dict(reads)] == printed["Statement"]
    script = resources["Task"]["Properties"]["ContainerDefinitions"][0]["EntryPoint"][2]
    assert script == (ROOT / "deploy/terraform/start.py").read_text()


def statements(name: str):
    for resource in template(name)["Resources"].values():
        properties = resource.get("Properties", {})
        documents = [each["PolicyDocument"] for each in properties.get("Policies", ())]
        documents += [
            properties[key] for key in ("PolicyDocument", "FileSystemPolicy") if key in properties
        ]
        for document in documents:
            for each in document["Statement"]:
                yield each["Fn::If"][1] if "Fn::If" in each else each


@pytest.mark.parametrize("name", ["agent.yaml", "anchor.yaml"])
def test_nothing_is_allowed_with_a_wildcard_or_to_everybody(name):
    found = list(statements(name))
    assert len(found) > 2
    for each in found:
        if each["Effect"] == "Deny":
            assert each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            continue
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        assert not [action for action in actions if "*" in action or "Delete" in action]
        assert each.get("Principal") != "*"
        if each.get("Resource") == "*":
            assert each["Sid"] in {"AssayReads", "Discovers", "Registry"}


def test_the_bucket_is_locked_encrypted_kept_and_not_public():
    bucket = template("anchor.yaml")["Resources"]["Copies"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = bucket["Properties"]
    assert properties["ObjectLockEnabled"] is True
    assert properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]


def test_evidence_and_keys_are_kept_when_the_stack_goes():
    resources = template("agent.yaml")["Resources"]
    for name in ("Evidence", "EvidenceKey", "SigningKey"):
        assert resources[name]["DeletionPolicy"] == "Retain"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"
    assert resources["Evidence"]["Properties"]["Encrypted"] is True


def test_a_log_has_one_writer_without_a_public_address():
    service = template("agent.yaml")["Resources"]["Service"]["Properties"]
    assert service["DesiredCount"] == 1
    assert service["DeploymentConfiguration"] == {"MinimumHealthyPercent": 0, "MaximumPercent": 100}
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("organization", [True, False], ids=["organization", "account"])
@pytest.mark.parametrize("more", ["", "run: {discover: 1h}"], ids=["plain", "more"])
def test_the_agent_reads_what_the_task_gives_it(organization, more, tmp_path):
    task = template("agent.yaml")["Resources"]["Task"]["Properties"]
    (container,) = task["ContainerDefinitions"]
    values = computed(
        container["Environment"], GIVEN | {"Settings": more}, organization=organization
    )
    environment = {
        each["Name"]: each["Value"].replace("/var/lib/assay", str(tmp_path)) for each in values
    }
    assert container["Command"] == ["/opt/assay/bin/assay", "serve"]
    subprocess.run(
        [sys.executable, "-c", container["EntryPoint"][2], "true"],
        env={"PATH": "/usr/bin:/bin", **environment},
        timeout=30,
        check=True,
    )
    settings = load_settings(None, environment)
    (target,) = settings.targets
    if organization:
        assert (target.organization.role, target.organization.external_id) == (
            "assay-read",
            "an-agreed-word",
        )
    else:
        assert target.account == "111122223333"
    assert settings.key.arn == GIVEN["SigningKey.Arn"]
    assert (settings.anchors[0].bucket, settings.anchors[0].retain) == ("acme-copies", "400d")
    assert settings.run.discover == ("1h" if more else "15m")


def test_the_members_get_the_printed_role():
    stack_set = template("members.yaml")["Resources"]["Members"]["Properties"]
    printed = yaml.safe_load((ROOT / "deploy/permissions/aws/role.yaml").read_text())
    given = {each["ParameterKey"] for each in stack_set["Parameters"]}
    assert given == set(printed["Parameters"])
    assert stack_set["PermissionModel"] == "SERVICE_MANAGED"
    assert stack_set["AutoDeployment"]["Enabled"] is True
    assert stack_set["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
