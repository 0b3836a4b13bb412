"""Makes the SDK's clients once for all accounts and keeps them; study `aws.md`, section 6.

One loader of API models for the process (a client of a service costs 5 ms instead of 90 after the
first), connections kept between runs, a time parser twice as fast, Amazon's seven root
certificates instead of 126 (5 ms instead of 42 for each new connection), no retries of the SDK's
own (the collector paces and retries), and the read-only guard in front of everything.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import botocore.session
import botocore.utils
import msgspec
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from checks.aws.credentials import Credentials, Kept, Signing
from checks.aws.errors import from_client_error, from_sdk_error
from checks.aws.guard import allowed, names_of, put_guard
from checks.aws.models import FewOperations, new_loader
from checks.aws.pages import Pages
from checks.canonical import rfc3339
from checks.model import CallError, Cause, Check

AMAZON_ROOTS = Path(__file__).parent / "amazon_roots.pem"
"""Amazon Root CA 1-4 and the Starfield roots, as they are in the SDK's own bundle."""

NEEDED = frozenset({"s3:HeadBucket"})
"""What the SDK calls of its own accord (a bucket is elsewhere); the guard refuses it by name."""

HOMES = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-northwest-1"}
"""Where calls to the whole target go when neither the user nor the environment names a region."""


_JSON = msgspec.json.Decoder(msgspec.Raw)
"""Walks over a document and makes nothing of it: a tenth of the time of the SDK's own reading."""


class Access(Struct, frozen=True, kw_only=True):
    """How to get into one AWS account: the SDK's default chain, and a role from there if any."""

    source: Access | None = None
    """Whose credentials assume the role; None: those of the SDK's chain."""

    profile: str = ""
    region: str = ""
    """Where calls to the whole account are made; empty: as the SDK is configured."""
    role_arn: str = ""
    external_id: str = ""
    session_name: str = "assay"
    partition: str = ""
    """The partition that must answer; empty: whichever does."""
    account: str = ""
    """The id that the account must have; empty: whichever it is."""
    regions: tuple[str, ...] = ()
    """The only regions to look at; empty: all that are enabled."""
    endpoint_url: str = ""
    """Instead of AWS, for all services."""


class Clients:
    """The SDK's clients of this process, one a service and region. Thread-safe."""

    def __init__(
        self,
        checks: Iterable[Check],
        *,
        threads: int = 32,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        user_agent: str = "assay",
        ca_bundle: str = "",
        most: int = 1024,
    ) -> None:
        """Make none yet.

        `threads` is how many connections to one host are kept; `most`, how many clients.
        `ca_bundle` is a file of root certificates; empty: as the SDK is configured
        (`AWS_CA_BUNDLE`), and Amazon's alone where it is not.
        """
        self._ca_bundle = ca_bundle
        self._allow = allowed(checks)
        self._options: dict[str, Any] = {
            "retries": {"total_max_attempts": 1},
            "max_pool_connections": threads,
            "connect_timeout": connect_timeout,
            "read_timeout": read_timeout,
            "user_agent_extra": user_agent,
            "tcp_keepalive": True,
            # A client is not of one account, so it has no address of one account's own.
            "account_id_endpoint_mode": "disabled",
        }
        # A role that cannot be assumed is a `CallError`; the SDK would print its traceback as well.
        logging.getLogger("botocore.credentials").setLevel(logging.CRITICAL)
        self._most = most
        self._lock = threading.RLock()
        self._signing = Signing()
        self._credentials = Kept()
        self._sessions: dict[Access, tuple[botocore.session.Session, Any]] = {}
        self._clients: OrderedDict[tuple[Access, str, str], Any] = OrderedDict()
        self._loader = new_loader(FewOperations(names_of(self._allow | NEEDED)))
        self.pages = Pages(self._loader)

    @contextmanager
    def client(self, access: Access, service: str, region: str) -> Iterator[Any]:
        """The client of `service` in `region` (empty: the home region), acting as `access`.

        Only inside the block, and in this thread, does it sign. Raises SDK errors.
        """
        key = (_way(access), service, region or self.home(access))
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(self.sdk_session(access), *key)
                if len(self._clients) > self._most:
                    self._clients.popitem(last=False)
            self._clients.move_to_end(key)
            client = self._clients[key]
        with self._signing.acting(self._credentials_of(access)):
            yield client

    def __len__(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    def home(self, access: Access) -> str:
        """The region of calls to the whole account, and to STS."""
        if access.region:
            return access.region
        session = self.sdk_session(access)
        configured: str = session.get_config_variable("region") or ""
        if not access.partition:
            return configured or HOMES["aws"]
        if configured and session.get_partition_for_region(configured) == access.partition:
            return configured
        return HOMES.get(access.partition, configured)

    def sdk_session(self, access: Access) -> botocore.session.Session:
        """The SDK's session for `access`, guarded. Raises `ProfileNotFound`."""
        return self._session(access)[0]

    def _session(self, access: Access) -> tuple[botocore.session.Session, Any]:
        """The session, and the chain in which it finds credentials."""
        way = _way(access)
        with self._lock:
            if way not in self._sessions:
                session = self._bare_session(way.profile)
                chain = session.get_component("credential_provider")
                session.register_component("credential_provider", self._signing)
                self._sessions[way] = (session, chain)
            return self._sessions[way]

    def _credentials_of(self, access: Access) -> Credentials:
        if not access.role_arn:
            return self._credentials.of(_way(access), self._session(access)[1].load_credentials)
        who = msgspec.structs.replace(access, account="", regions=())
        return self._credentials.of(
            who,
            # Fetched when first needed, and again before they expire.
            lambda: DeferredRefreshableCredentials(
                refresh_using=lambda: self.assume(access), method="assume-role"
            ),
        )

    def _bare_session(self, profile: str) -> botocore.session.Session:
        session = botocore.session.Session(profile=profile or None)
        session.register_component("data_loader", self._loader)
        session.get_component("response_parser_factory").set_parser_defaults(
            timestamp_parser=parse_time
        )
        # Sessions of STS's global endpoint do not work in regions that an account has opted in to.
        session.set_config_variable("sts_regional_endpoints", "regional")
        session.register("before-parse", refuse_torn, unique_id="assay-torn")
        put_guard(session, self._allow)
        return session

    def _make(
        self, session: botocore.session.Session, access: Access, service: str, region: str
    ) -> Any:
        options = dict(self._options)
        if access.endpoint_url:
            options |= {"s3": {"addressing_style": "path"}, "inject_host_prefix": False}
        client = session.create_client(
            service,
            region_name=region,
            endpoint_url=access.endpoint_url or None,
            verify=self._ca_bundle or _roots(session, access, region),
            config=Config(**options),
        )
        if access.endpoint_url:
            client.meta.events.register("before-sign", partial(_to_one_host, access.endpoint_url))
        return client

    def assume(self, access: Access) -> dict[str, str]:
        """Credentials of the role, as the SDK wants them to refresh by. Raises `CallError`."""
        base = access.source or msgspec.structs.replace(
            _way(access), region=access.region, partition=access.partition
        )
        given = {"ExternalId": access.external_id} if access.external_id else {}
        try:
            with self.client(base, "sts", "") as sts:
                answer = sts.assume_role(
                    RoleArn=access.role_arn, RoleSessionName=access.session_name, **given
                )["Credentials"]
        except ClientError as error:
            raise _not_assumed(access, from_client_error(error)) from error
        except BotoCoreError as error:
            raise _not_assumed(access, from_sdk_error(error)) from error
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"],
        }


def _way(access: Access) -> Access:
    """What all accounts behind one entry of the configuration have in common."""
    return Access(
        profile=access.profile,
        region=access.region,
        session_name=access.session_name,
        endpoint_url=access.endpoint_url,
    )


def parse_time(value: Any) -> str:
    """A time in an answer as RFC 3339 UTC, without the SDK's slow guess of its format."""
    if isinstance(value, str) and value[4:5] == "-":
        try:
            return rfc3339(datetime.fromisoformat(value))
        except ValueError:
            pass
    return rfc3339(botocore.utils.parse_timestamp(value))


def refuse_torn(**event: Any) -> None:
    """Refuse an answer that is not whole; the SDK reads some as an empty one.

    It neither compares the length of a body with what was promised, nor minds JSON that does not
    parse: both give an answer without members, which looks like an account without resources.
    """
    answer: Mapping[str, Any] = event["response_dict"]
    body, headers, status = answer["body"], answer["headers"], answer["status_code"]
    if not isinstance(body, bytes):
        return
    if status >= 500 and body.lstrip()[:5].lower() in {b"", b"<html", b"<!doc"}:  # noqa: PLR2004  # HTTP
        raise CallError(
            Cause.TRANSIENT, str(status), "the answer is no error of AWS", status=status
        )
    promised = headers.get("content-length")
    if promised and promised != str(len(body)) and not headers.get("content-encoding"):
        raise CallError(
            Cause.TRANSIENT,
            "IncompleteRead",
            f"{len(body)} bytes came of {promised}",
            status=status,
        )
    speaks_json = event["operation_model"].service_model.protocol in {"json", "rest-json"}
    if body and speaks_json and status < 300:  # noqa: PLR2004  # errors say it by their status
        _refuse_other_than_json(body)


def _refuse_other_than_json(body: bytes) -> None:
    try:
        _JSON.decode(body.decode())  # it would let pass what is not UTF-8
    except ValueError:  # stricter than the SDK's own parser, which has the last word
        try:
            json.loads(body)
        except ValueError as error:
            raise CallError(
                Cause.INVALID, "NotJson", f"the answer is not JSON: {error}", status=200
            ) from error


def _to_one_host(endpoint_url: str, *, request: Any, **_: object) -> None:
    """S3 Control puts the account's id before the host, also where there is but one host."""
    parts = urlsplit(request.url)
    request.url = urlunsplit(parts._replace(netloc=urlsplit(endpoint_url).netloc))


def _roots(session: botocore.session.Session, access: Access, region: str) -> str | None:
    """Amazon's roots alone, unless the user has named others or it is not the `aws` partition."""
    if access.endpoint_url or session.get_config_variable("ca_bundle"):
        return None
    if session.get_partition_for_region(region) != "aws":
        return None
    return str(AMAZON_ROOTS)


def _not_assumed(access: Access, error: CallError) -> CallError:
    """Without the role the account cannot be entered; a moment's trouble stays one."""
    lasting = error.cause not in {Cause.TRANSIENT, Cause.THROTTLED}
    return CallError(
        Cause.AUTH if lasting else error.cause,
        error.code,
        f"cannot assume {access.role_arn}: {error.message}",
        request_id=error.request_id,
        retry_after=error.retry_after,
        status=error.status,
    )
