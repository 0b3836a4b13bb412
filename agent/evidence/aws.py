"""How the evidence gets to AWS: a client of its own, which may write, unlike those of the checks.

Checks go through `checks.aws.clients`, whose guard refuses every write. What the evidence writes (a
copy of a checkpoint) and asks for (a signature) is not observation, goes to another account as
another role, and is made by nothing but this file.
"""

from __future__ import annotations

from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CONFIG = Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 2})
_ONE_HOST = _CONFIG.merge(Config(s3={"addressing_style": "path"}))


class Way(Protocol):
    """How to get in, as settings say it: the SDK's default chain, and a role from there if any.

    What is empty is as the SDK is configured.
    """

    @property
    def region(self) -> str:
        """Where the service is asked."""
        ...

    @property
    def profile(self) -> str:
        """One of the SDK's own files."""
        ...

    @property
    def role_arn(self) -> str:
        """The role to assume."""
        ...

    @property
    def external_id(self) -> str:
        """What is shown to the role."""
        ...

    @property
    def endpoint_url(self) -> str:
        """Another server than AWS's own."""
        ...


def open_client(service: str, way: Way) -> Any:
    """Make a client of a service. Raises `BotoCoreError` and `ClientError`."""
    session: Any = boto3.Session(profile_name=way.profile or None, region_name=way.region or None)
    given = _assumed(session, way) if way.role_arn else {}
    return _client(session, service, way, **given)


def told(error: BotoCoreError | ClientError) -> str:
    """Say an error of the SDK in one line."""
    return " ".join(str(error).split())


def _client(session: Any, service: str, way: Way, **given: str) -> Any:
    return session.client(
        service,
        region_name=session.region_name or "us-east-1",
        endpoint_url=way.endpoint_url or None,
        config=_ONE_HOST if way.endpoint_url else _CONFIG,
        **given,
    )


def _assumed(session: Any, way: Way) -> dict[str, str]:
    external = {"ExternalId": way.external_id} if way.external_id else {}
    role = _client(session, "sts", way).assume_role(
        RoleArn=way.role_arn, RoleSessionName="assay-evidence", **external
    )
    keys = role["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
