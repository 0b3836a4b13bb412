"""The module for AWS is applied by Terraform with a real provider, on moto, and read back.

The provider is 3.39 of 2021, the newest to be had as a package: `PAST` says what it cannot express
and is put in its words. Everything else is the module as it is: `make deploy-check-terraform`.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from zipfile import ZipFile

import boto3
import pytest
from moto.server import ThreadedMotoServer
from terraform_kit import ROOT, TERRAFORM, TOOL
from terraform_kit import terraform as run
from terraform_schema import WHEELS, provider_archive

from agent.config import load_settings
from agent.evidence.anchors.aws import S3Copies
from agent.evidence.anchors.settings import S3Settings

ARCHIVE = provider_archive(WHEELS)
pytestmark = [
    pytest.mark.skipif(
        "ASSAY_DEPLOY_CHECK" not in os.environ, reason="takes a minute: make deploy-check"
    ),
    pytest.mark.skipif(not TOOL, reason="terraform is not installed"),
    pytest.mark.skipif(not ARCHIVE, reason="the provider is not there: make terraform-tools"),
]
REGION, ACCOUNT = "eu-west-1", "123456789012"
SECONDS = 180
SERVICES = ("cloudwatchlogs", "ec2", "ecs", "efs", "elb", "iam", "kms", "s3", "sts")
PAST = {
    "versions.tf": [('version = ">= 6.21"', 'version = ">= 3.39"')],
    "signing.tf": [('"ECC_NIST_EDWARDS25519"', '"ECC_NIST_P256"')],
    "evidence.tf": [('resource "aws_efs_backup_policy" "evidence" {', None)],
    "anchor/main.tf": [
        ('version = ">= 5.0"', 'version = ">= 3.39"'),
        (
            "  object_lock_enabled = true\n",
            """
  versioning { enabled = true }
  object_lock_configuration {
    object_lock_enabled = "Enabled"
    rule {
      default_retention {
        mode = "COMPLIANCE"
        days = var.retain_days
      }
    }
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }
""",
        ),
        ('resource "aws_s3_bucket_versioning" "copies" {', None),
        ('resource "aws_s3_bucket_object_lock_configuration" "copies" {', None),
        ('resource "aws_s3_bucket_server_side_encryption_configuration" "copies" {', None),
        ('resource "aws_s3_bucket_ownership_controls" "copies" {', None),
        ("aws_s3_bucket_object_lock_configuration.copies", "aws_s3_bucket.copies"),
    ],
}
"""File -> what 3.39 does not know, and its own words for it; None: the block is left out."""


def in_the_past(text, changes):
    for old, new in changes:
        assert old in text, old
        if new is None:
            start = text.index(old)
            text = text[:start] + text[text.index("\n}\n", start) + 3 :]
        else:
            text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def clients(moto):
    def made(service):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=moto,
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    return made


@pytest.fixture(scope="module")
def place(moto, tmp_path_factory):
    """A copy of the module in the provider's words, with the provider beside it."""
    top = tmp_path_factory.mktemp("terraform")
    mirror = top / "mirror/registry.terraform.io/hashicorp/aws"
    mirror.mkdir(parents=True)
    with ZipFile(ARCHIVE) as wheel:
        (name,) = (each for each in wheel.namelist() if "_3.39.0_" in each)
        (mirror / name.rpartition("/")[2]).write_bytes(wheel.read(name))
    (top / "rc").write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{top}/mirror"\n  }}\n}}\n'
    )
    for folder in ("terraform", "permissions"):
        shutil.copytree(ROOT / "deploy" / folder, top / "deploy" / folder)
    module = top / "deploy/terraform/aws"
    for file, changes in PAST.items():
        (module / file).write_text(in_the_past((module / file).read_text(), changes))
    (module / "provider.tf.json").write_text(
        json.dumps(
            {
                "provider": {
                    "aws": {
                        "region": REGION,
                        "access_key": "x",
                        "secret_key": "x",
                        "skip_credentials_validation": True,
                        "skip_metadata_api_check": True,
                        "skip_requesting_account_id": True,
                        "s3_force_path_style": True,
                        "endpoints": [dict.fromkeys(SERVICES, moto)],
                    }
                }
            }
        )
    )

    def terraform(*words, folder=module):
        done = run(*words, folder=folder, seconds=SECONDS, TF_CLI_CONFIG_FILE=str(top / "rc"))
        assert done.returncode == 0, done.stderr
        return done.stdout

    terraform("init")
    return SimpleNamespace(module=module, terraform=terraform)


@pytest.fixture(scope="module")
def given(clients):
    ec2 = clients("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    scraper = ec2.create_security_group(GroupName="scraper", Description="x", VpcId=vpc)["GroupId"]
    return {
        "region": REGION,
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/assay@sha256:{'0' * 64}",
        "vpc_id": vpc,
        "subnet_ids": subnets,
        "scraper_security_group_ids": [scraper],
        "origin": "log.example.com/assay",
        "bucket": "acme-copies",
    }


@pytest.fixture(scope="module")
def applied(place, given):
    everything = {
        "image_repository_arn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/assay",
        "organization": {
            "id": "o-ab12cd34ef",
            "role": "AssayReader",
            "external_id": "an-agreed-word",
            "exclude": ["ou-ab12-cd34ef56"],
        },
        "settings": {"waivers": ["waivers.yaml"]},
        "files": {"waivers.yaml": "waivers: []\n"},
    }
    variables = place.module / "terraform.tfvars.json"
    variables.write_text(json.dumps({**given, **everything}))
    place.terraform("validate")
    place.terraform("apply", "-auto-approve")
    found = json.loads(place.terraform("output", "-json"))
    return {name: each["value"] for name, each in found.items()}


def test_what_was_applied_needs_no_change(place, applied):
    assert applied["bucket"] == "acme-copies"
    assert "No changes." in place.terraform("plan", "-detailed-exitcode")


def test_the_role_in_the_members_is_applied_as_it_is_printed(place, clients):
    folder = place.module.parents[1] / "permissions/aws"
    text = (folder / "main.tf").read_text()
    (folder / "main.tf").write_text(in_the_past(text, [('">= 4.0"', '">= 3.39"')]))
    shutil.copy(place.module / "provider.tf.json", folder)
    place.terraform("init", folder=folder)
    who = ("-var=agent_account=111122223333", "-var=external_id=an-agreed-word")
    place.terraform("apply", "-auto-approve", *who, folder=folder)
    role = clients("iam").get_role(RoleName="assay-read")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": "an-agreed-word"}}


def test_a_load_balancer_is_planned_inside_the_network(place, given, tmp_path):
    """Planned only: the provider waits for a minute for the one of moto."""
    variables = tmp_path / "balancer.json"
    balancer = {
        "subnet_ids": given["subnet_ids"],
        "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
        "client_cidrs": ["10.0.0.0/8"],
    }
    variables.write_text(json.dumps({**given, "balancer": balancer}))
    told = place.terraform("plan", f"-var-file={variables}", f"-state={tmp_path}/none")
    told = " ".join(told.split())
    assert "+ internal = true" in told
    assert '+ protocol = "HTTPS"' in told
    balancer["client_cidrs"] = ["0.0.0.0/0"]
    variables.write_text(json.dumps({**given, "balancer": balancer}))
    with pytest.raises(AssertionError, match="whole Internet"):
        place.terraform("plan", f"-var-file={variables}")


def test_it_can_be_planned_with_the_least(place, given, tmp_path):
    variables = tmp_path / "least.json"
    nothing = {"organization": None, "image_repository_arn": None}
    variables.write_text(json.dumps({**given, **nothing, "bucket_elsewhere": "eu-north-1"}))
    told = place.terraform("plan", f"-var-file={variables}", f"-state={tmp_path}/none")
    assert "aws_ecs_service.agent will be created" in told
    assert "aws_s3_bucket" not in told
    assert "aws_lb" not in told


def test_the_task_may_do_what_is_printed_and_its_own(clients, applied):
    iam = clients("iam")
    role = applied["task_role_arn"].rpartition("/")[2]
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    version = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId="v1")
    printed = json.loads((ROOT / "deploy/permissions/aws/policy.json").read_text())
    assert version["PolicyVersion"]["Document"] == printed
    own = iam.get_role_policy(RoleName=role, PolicyName="own")["PolicyDocument"]["Statement"]
    by_sid = {each["Sid"]: each for each in own}
    assert set(by_sid) == {"Signs", "LooksAtCopies", "KeepsCopies", "Discovers", "Takes"}
    assert by_sid["Signs"]["Resource"] == [applied["signing_key_arn"]]
    assert by_sid["Takes"]["Resource"] == ["arn:aws:iam::*:role/AssayReader"]
    assert by_sid["Takes"]["Condition"] == {"StringEquals": {"aws:ResourceOrgID": "o-ab12cd34ef"}}
    assert by_sid["Discovers"]["Action"] == [
        "organizations:ListAccounts",
        "organizations:ListChildren",
    ]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


def test_the_agents_own_look_at_the_bucket_finds_the_lock(clients, moto, applied, monkeypatch):
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(name, value)
    settings = S3Settings(bucket=applied["bucket"], region=REGION, endpoint_url=moto)
    S3Copies(settings, lambda: datetime.now(UTC)).check()
    s3 = clients("s3")
    lock = s3.get_object_lock_configuration(Bucket="acme-copies")["ObjectLockConfiguration"]
    kept = lock["Rule"]["DefaultRetention"]
    assert (kept["Mode"], kept["Days"]) == ("COMPLIANCE", 400)
    closed = s3.get_public_access_block(Bucket="acme-copies")["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    policy = json.loads(s3.get_bucket_policy(Bucket="acme-copies")["Policy"])
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert {each["Principal"]["AWS"] for each in allowed} == {applied["task_role_arn"]}


def test_the_task_starts_the_agent_with_a_configuration_that_it_reads(clients, applied, tmp_path):
    ecs = clients("ecs")
    task = ecs.describe_task_definition(taskDefinition="assay")["taskDefinition"]
    assert task["taskRoleArn"] == applied["task_role_arn"]
    (container,) = task["containerDefinitions"]
    assert container["readonlyRootFilesystem"] is True
    assert container["user"] == "10001:10001"
    assert container["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
    (volume,) = task["volumes"]
    disk = volume["efsVolumeConfiguration"]
    assert disk["transitEncryption"] == "ENABLED"
    assert disk["authorizationConfig"]["iam"] == "ENABLED"
    assert container["command"] == ["/opt/assay/bin/assay", "serve"]
    environment = {each["name"]: each["value"] for each in container["environment"]}
    here = {
        name: value.replace("/var/lib/assay", str(tmp_path)) for name, value in environment.items()
    }
    (_, flag, script) = container["entryPoint"]
    assert script == (TERRAFORM / "start.py").read_text()
    subprocess.run(
        [sys.executable, flag, script, "true"],
        env={"PATH": "/usr/bin:/bin", **here},
        timeout=30,
        check=True,
    )
    settings = load_settings(None, here)
    assert settings.key.arn == applied["signing_key_arn"]
    assert settings.path(settings.waivers[0]).read_text() == "waivers: []\n"
    assert settings.anchors[0].bucket == "acme-copies"


def test_one_task_and_no_public_address(clients, applied):
    ecs = clients("ecs")
    assert applied["service"] == {"cluster": "assay", "service": "assay"}
    (service,) = ecs.describe_services(cluster="assay", services=["assay"])["services"]
    assert service["desiredCount"] == 1
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"
    (file_system,) = clients("efs").describe_file_systems()["FileSystems"]
    assert file_system["Encrypted"] is True
    groups = clients("ec2").describe_security_groups()["SecurityGroups"]
    ours = [each for each in groups if each["GroupName"].startswith("assay-")]
    assert {each["GroupName"] for each in ours} == {"assay-agent", "assay-evidence"}
    for group in ours:
        open_to = [
            each["CidrIp"] for rule in group["IpPermissions"] for each in rule.get("IpRanges", ())
        ]
        assert "0.0.0.0/0" not in open_to
