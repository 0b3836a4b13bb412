"""Every AWS rule on resources that exist: both outcomes, from boto3's answers to the finding."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import moto_cases
import pytest
from aws_endpoint import CREDENTIALS, Endpoint
from botocore.awsrequest import AWSPreparedRequest
from case_kit import exported
from moto.core.config import default_user_config
from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Given, Refusal
from shipped import CHECKS, rules_of

from agent.evaluate import Tally, conclude, evaluate
from agent.model import Finding, Outcome
from agent.plan import make_plan
from agent.rules.params import with_params
from agent.rules.rule import Rule
from agent.run import CLOCK
from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.collect import collect
from checks.files.session import WithFiles
from checks.model import Session

RULES = Path(__file__).parents[1] / "rules" / "aws"
FOLDERS = {path.stem: path.parent.name for path in RULES.rglob("*.yaml")}
CASES: list[Case | Canned] = [
    case
    for module in pkgutil.iter_modules(moto_cases.__path__)
    for case in import_module(f"moto_cases.{module.name}").CASES
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name.upper(), value)
        patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        endpoint.keep_sent = False
        yield endpoint


@pytest.fixture(scope="module")
def clients() -> Clients:
    return Clients(CHECKS.values())


@cache
def rules() -> dict[str, Rule]:
    return rules_of("aws")


@cache
def maker(url: str) -> ClientOf:
    session = boto3.Session(**CREDENTIALS)
    session.events.register(*LOOPBACK)

    @cache
    def client(service: str, region: str = REGION) -> Any:
        return session.client(service, region_name=region, endpoint_url=url)

    return client


def to_loopback(request: AWSPreparedRequest, **_: object) -> None:
    """Send to the loopback what the SDK addresses to a host of the account's own.

    S3 Control's hosts begin with the account's id, and no resolver knows such a name of a loopback.
    """
    request.url = request.url.replace(f"//{ACCOUNT}.", "//", 1)


LOOPBACK = ("before-send.s3-control", to_loopback, "loopback")


def answer(
    clients: Clients,
    access: Access,
    answers: Mapping[str, Given | Callable[..., Given]],
    client: ClientOf,
) -> None:
    """Answer calls before they are sent, for the clients of `access` alone."""
    session = clients.sdk_session(access)
    session.register(*LOOPBACK)
    for name, given in answers.items():
        service, operation = name.split(":")
        model = session.get_service_model(service)
        assert operation in model.operation_names, f"there is no {name}"
        call = f"{model.service_id.hyphenize()}.{operation}"
        session.register(f"before-parameter-build.{call}", remember)
        session.register(
            f"before-call.{call}",
            lambda context, given=given, **_: made(
                given(client, **context["asked"]) if callable(given) else given
            ),
        )


def remember(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    context["asked"] = dict(params)


def made(given: Given) -> tuple[SimpleNamespace, dict[str, Any]]:
    status = given.status if isinstance(given, Refusal) else 200
    meta = {"RequestId": "canned", "HTTPStatusCode": status, "HTTPHeaders": {}}
    body = (
        {"Error": {"Code": given.code, "Message": given.message}}
        if isinstance(given, Refusal)
        else dict(given)
    )
    return SimpleNamespace(status_code=status), {**body, "ResponseMetadata": meta}


def findings(rule: Rule, session: Session, later: timedelta) -> list[Finding]:
    """Everything that one run says of one rule, judged by a clock that is so far ahead."""
    now, target = CLOCK.now() + later, session.target
    plan = make_plan({rule.id: rule}, CHECKS)
    found: list[Finding] = []
    total = Tally()
    with closing(
        collect(session, CHECKS, plan.facets, clock=CLOCK, deadline=600, threads=4)
    ) as parts:
        for part in parts:
            if part.check == rule.check:
                more, tally = evaluate(rule, part, now=now, target=target)
                found += more
                total += tally
    return [*found, *conclude(rule, total, now=now, target=target)]


@contextmanager
def moto(endpoint: Endpoint, case: Case | Canned) -> Iterator[ClientOf]:
    """An empty moto, which makes itself anew with the settings of the case when it is asked."""
    endpoint.reset()
    with pytest.MonkeyPatch.context() as patch:
        for name, setting in case.moto.items() if isinstance(case, Case) else ():
            patch.setitem(default_user_config, name, setting)
        yield maker(endpoint.url)


@pytest.mark.parametrize("state", ["good", "bad"])
@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_rule_tells_a_compliant_resource_from_another(
    case: Case | Canned, state: str, endpoint: Endpoint, clients: Clients, tmp_path: Path
) -> None:
    answers, later = (
        (case.played, case.later if state == "bad" else timedelta())
        if isinstance(case, Case)
        else (getattr(case, state), timedelta())
    )
    access = Access(
        region=case.regions[0],
        regions=case.regions,
        endpoint_url=endpoint.url,
        session_name=f"{case.rule}-{state}" if answers else "assay",
    )
    with moto(endpoint, case) as client:
        answer(clients, access, answers, client)
        named = getattr(case, state)(client) if isinstance(case, Case) else ""
        every = findings(
            with_params(rules()[case.rule], case.params),
            WithFiles(AwsSession(clients, access), exported(tmp_path, case.files)),
            later,
        )
    found = [finding for finding in every if named in finding.resource]
    said = [f"{finding.outcome} {finding.resource}: {finding.message}" for finding in found]
    outcomes = {finding.outcome for finding in found}
    assert (Outcome.PASS if state == "good" else Outcome.FAIL) in outcomes, said
    assert Outcome.ERROR not in outcomes, said
    assert state == "bad" or Outcome.FAIL not in outcomes, said


@pytest.mark.parametrize("service", sorted(set(FOLDERS.values())))
def test_every_rule_of_a_service_has_one_case(service: str) -> None:
    cases = sorted(case.rule for case in CASES if FOLDERS.get(case.rule, "") == service)
    assert cases == sorted(rule for rule, folder in FOLDERS.items() if folder == service)
