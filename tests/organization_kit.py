"""An organization on the pretended AWS: members with a bucket each, and units."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import boto3
from agent_kit import ACCOUNT, ROOT
from aws_endpoint import CREDENTIALS, Endpoint
from aws_kit import client
from botocore.config import Config

ROLE = "AssayReader"
RULES = ["s3/aws-s3-bucket-versioning.yaml", "ec2/aws-ec2-security-group-ssh.yaml"]
REGIONS = ["us-east-1", "eu-west-1", "eu-north-1"]


@dataclass
class Organization:
    """The management account, and the members in the order in which they were made."""

    endpoint: Endpoint
    region: str = "us-east-1"
    members: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.endpoint.reset()
        self.api = client(self.endpoint, "organizations", self.region)
        self.api.create_organization(FeatureSet="ALL")
        self.root = self.api.list_roots()["Roots"][0]["Id"]
        self._bucket(ACCOUNT, CREDENTIALS)

    def join(self) -> str:
        """Make a member with one bucket that has versions, as the rule wants."""
        number = len(self.members) + 1
        made = self.api.create_account(
            AccountName=f"team {number}", Email=f"team{number}@example.com"
        )
        account = made["CreateAccountStatus"]["AccountId"]
        self._bucket(account, self._enter(account))
        self.members.append(account)
        return account

    def grow(self, count: int) -> Organization:
        for _ in range(count):
            self.join()
        return self

    def unit(self, parent: str, *accounts: str) -> str:
        """Make an organizational unit, and move accounts from the root into it."""
        made = self.api.create_organizational_unit(ParentId=parent, Name=f"unit {len(accounts)}")
        unit = made["OrganizationalUnit"]["Id"]
        for account in accounts:
            self.api.move_account(
                AccountId=account, SourceParentId=self.root, DestinationParentId=unit
            )
        return unit

    def _enter(self, account: str) -> dict[str, str]:
        sts = client(self.endpoint, "sts", self.region)
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        given = sts.assume_role(RoleArn=role, RoleSessionName="prepare")["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def _bucket(self, account: str, credentials: dict[str, str]) -> None:
        s3 = boto3.client(
            "s3",
            endpoint_url=self.endpoint.url,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
            **credentials,
        )
        s3.create_bucket(Bucket=f"records-{account}")
        s3.put_bucket_versioning(
            Bucket=f"records-{account}", VersioningConfiguration={"Status": "Enabled"}
        )


def configure_organization(folder, url, *, entry=None, entries=(), organization=None, **more):
    """Write an `assay.yaml` whose first target is the organization; gives its path."""
    first = {
        "provider": "aws",
        "regions": REGIONS,
        "endpoint_url": url,
        "organization": {"role": ROLE, "external_id": "assay-7", **(organization or {})},
        **(entry or {}),
    }
    document = {
        "targets": [first, *entries],
        "store": "evidence",
        "origin": "assay.test/agent",
        "shipped_rules": False,
        "rules_paths": [str(ROOT / "rules/aws" / rule) for rule in RULES],
        "run": {"max_attempts": 2, **more.pop("run", {})},
        "http": {"listen": "127.0.0.1:0"},
        **more,
    }
    path = folder / "assay.yaml"
    path.write_text(json.dumps(document))
    return path
