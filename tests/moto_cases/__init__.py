"""For each rule, how a resource that it passes and one that it fails are made.

One module a service, each with a table `CASES`. A `Case` makes both on moto with real boto3 calls:
the resource that is judged, and the state for which it is judged, are moto's. What is not, the case
says: the clock, where the state is a matter of age, and single calls that moto does not play or
answers otherwise than AWS. Where moto cannot express a state, `Canned` gives the answers that AWS
would give instead.
`tests/test_moto_cases.py` runs all of them through collection and evaluation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

ACCOUNT = "123456789012"
"""The account of the pretended AWS."""

REGION = "us-east-1"
"""The region in which cases make their resources, unless they say otherwise."""

ClientOf = Callable[..., Any]
"""`client("rds")`, or `client("rds", "eu-west-1")`: a boto3 client of the pretended AWS."""

Make = Callable[[ClientOf], str]
"""Makes a resource, and gives the part of its id by which its finding is known; empty text where
the finding is that of the target or region."""


@dataclass(frozen=True)
class Refusal:
    """An error as an answer."""

    code: str
    message: str = ""
    status: int = 400


Given = Mapping[str, Any] | Refusal
"""What a call answers, as boto3 would give it (times are aware datetimes)."""

Answers = Mapping[str, Given]
"""`service:Operation` -> its answer."""

Played = Callable[..., Given]
"""`played(client, **parameters)` plays a call out of what other calls to moto say, or moto's own
answer made whole."""


@dataclass(frozen=True)
class Case:
    """Both states of a rule as calls that make them."""

    rule: str
    good: Make
    bad: Make
    regions: tuple[str, ...] = (REGION,)
    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the rule that both states need, where no default fits a pretended account."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files that both states have beside the cloud: `hr.person` -> CSV."""
    later: timedelta = timedelta()
    """How far the rule's `now` is ahead when the bad state is judged: nothing on moto is older than
    the test. The resource is made by real calls; only the time since then is pretended."""
    played: Mapping[str, Given | Played] = field(default_factory=dict)
    """`service:Operation` -> the answer to a call that moto lacks or answers otherwise than AWS, in
    both states alike. The case says which. Calls that are not named go to moto."""
    moto: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """Settings of moto's for this case (`moto.core.config`), beside its defaults."""


@dataclass(frozen=True)
class Canned:
    """Both states of a rule as answers; calls that are not named go to moto."""

    rule: str
    good: Answers
    bad: Answers
    regions: tuple[str, ...] = (REGION,)
    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
