"""What must be true of every resource of one check: the frozen `Rule`, with its programs compiled.

A `Rule` comes from `agent.rules.load_rules` only, and cannot be wrong. Expressions take the
variables `resource`, `params`, `now`, `target`, and the one of `each`, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from agent.cel import Program, Template
from agent.model import Outcome, Severity

LISTING = "listing"
"""Among the unseen, the listing itself: whether there are more resources is unknown."""


class Quantifier(StrEnum):
    """Of how many resources of a scope the requirement must hold."""

    EACH = "each"
    """Of every one; one finding a resource."""
    ANY = "any"
    """Of at least one of the scope; one finding a scope."""
    NONE = "none"
    """There must be no such resource: each one listed is a violation."""


class Per(StrEnum):
    """Over what `any`, `none` and `at_least` count."""

    TARGET = "target"
    REGION = "region"


class Param(Struct, frozen=True, kw_only=True):
    """One declared parameter of a rule."""

    name: str
    type: str
    """int, double, bool, string, duration, list(string) or list(int)."""
    default: Any
    help: str = ""
    min: Any = None
    max: Any = None
    values: tuple[Any, ...] = ()
    """The only values allowed (of a list: of its elements); empty: no such limit."""


class Clause(Struct, frozen=True, kw_only=True):
    """One thing that must hold, and what to say when it does not."""

    that: Program
    message: Template | None = None
    """None: the rule's message."""


class Each(Struct, frozen=True, kw_only=True):
    """The list inside a resource of which each element gets its own finding."""

    name: str
    """The variable that holds the element."""
    items: Program
    identity: Program | None = None
    """What identifies an element after the `#`; None: its index."""
    source: Callable[[Any], Any]
    """A resource's attributes -> just what `items` reads of them."""
    keep: Callable[[Any], Any]
    """An element -> just the values of it that the rule reads."""


class Example(Struct, frozen=True, kw_only=True):
    """A situation and the outcome that the rule must give it."""

    expect: Outcome
    resources: tuple[Mapping[str, Any], ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    now: datetime
    unseen: tuple[str, ...] = ()
    """Facets or joins (or `listing`) that could not be seen."""
    line: int = 0
    column: int = 0


class Rule(Struct, frozen=True, kw_only=True):
    """What must be true of every resource of one check."""

    id: str
    title: str
    """The sentence that an auditor reads when it passes."""
    check: str
    severity: Severity
    every: timedelta
    criteria: Mapping[str, tuple[str, ...]]
    """Framework -> ids of its criteria."""
    declared: Mapping[str, Param] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    """Values in force: the defaults, or what `with_params` put in their place."""
    when: Program | None = None
    each: Each | None = None
    require: tuple[Clause, ...] = ()
    """Empty with quantifier `none` only."""
    message: Template | None = None
    quantifier: Quantifier = Quantifier.EACH
    per: Per = Per.TARGET
    at_least: int = 0
    deviation: timedelta | None = None
    """None: any failing hour is a deviation; otherwise only one not fixed within this."""
    control: str = ""
    owner: str = ""
    rationale: str = ""
    remediation: Template | None = None
    examples: tuple[Example, ...] = ()
    reads: frozenset[str] = frozenset()
    """Every path that any expression of the rule reads (`resource.Encryption.Rules[]`)."""
    facets: frozenset[str] = frozenset()
    """The facets and joins of the check among them."""
    members: frozenset[str] = frozenset()
    """The resource's own members among them: `Encryption` of `resource.Encryption.Rules[]`."""
    keep: Callable[[Any], Any]
    """A resource's attributes -> just the values that the rule reads (`items` of `each` aside)."""
    keep_params: Mapping[str, Any] = field(default_factory=dict)
    """The parameters that the rule reads, as canonical JSON values."""
    keeps_target: bool = False
    """Whether the target's id or provider is among the values read."""
    text: bytes = b""
    """The document, byte for byte; what `sha256` is the digest of."""
    sha256: str = ""
    """Lower-case hexadecimal."""
    path: Path = Path()
    line_of: Mapping[str, int] = field(default_factory=dict)
    """Key of the document -> its line, for messages."""

    @property
    def provider(self) -> str:
        """`aws` of `aws.s3.bucket`."""
        return self.check.split(".", 1)[0]
