"""For each rule, how a resource that it passes and one that it fails are made.

One module a service, each with a table `CASES`. A `Case` makes both on moto with real boto3 calls;
where moto cannot express a state, `Canned` gives the answers that AWS would give instead.
`tests/test_moto_cases.py` runs all of them through collection and evaluation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Refusal:
    """An error as an answer."""

    code: str
    message: str = ""
    status: int = 400


Answers = Mapping[str, Mapping[str, Any] | Refusal]
"""`service:Operation` -> its answer, as boto3 would give it (times are aware datetimes)."""


@dataclass(frozen=True)
class Canned:
    """Both states of a rule as answers; calls that are not named go to moto."""

    rule: str
    good: Answers
    bad: Answers
    regions: tuple[str, ...] = (REGION,)
    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
