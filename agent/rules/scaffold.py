"""The beginning of a rule on a check: a document that loads as it is, to be edited. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from checks.model import Check

SHOWN = 60
"""Members that the comment lists; the page of the API (`source` of the check) has the rest."""


class _Idea(NamedTuple):
    """A member on which a first requirement can be made, and what decides it."""

    member: str
    require: str
    good: Any
    bad: Any


def scaffold(name: str, check: Check, schema: Mapping[str, Any]) -> str:
    """Give the text of `<name>.yaml`: a rule on a member of `check` that every resource has.

    `schema` says how the check's resources look. The rule is about a true-or-false member where
    there is one, because that is what most rules are about.
    """
    idea = _idea(schema)
    fields = "\n".join(f"#   resource.{line}" for line in _members(check, schema))
    good, bad = (json.dumps({idea.member: value}) for value in (idea.good, idea.bad))
    return f"""\
id: {name}
# The sentence that an auditor reads when the rule passes.
title: "{name}: say here what is true"
check: {check.name}
severity: medium                 # critical, high, medium, low
every: 6h                        # 15m, 1h, 24h, 7d
criteria: {{soc2: [CC7.1]}}        # what it is evidence for; `rules/frameworks` lists the ids

# What each {check.name} has ("?": may be absent, so ask with has() or .? first):
{fields}

# when: false means that the rule does not apply; that is recorded, and is not a pass.
# when: has(resource.{idea.member})
require: {idea.require}
message: "{idea.member} is {{{{resource.{idea.member}}}}}"
rationale: Say why it matters.
remediation: Say how to mend it.

# A rule is proven by its examples: at least one each of pass, fail and error.
examples:
  - {{expect: pass, resource: {good}}}
  - {{expect: fail, resource: {bad}}}
  - {{expect: error, resource: {{}}}}
"""


def _idea(schema: Mapping[str, Any]) -> _Idea:
    required = set(schema.get("required", ()))
    ideas = [
        (rank, idea)
        for member, part in schema["properties"].items()
        if member in required and member.isidentifier()
        for rank, idea in _ideas(member, part)
    ]
    return min(ideas)[1]


def _ideas(member: str, part: Mapping[str, Any]) -> Iterator[tuple[int, _Idea]]:
    """Rank the requirement that a member's type suggests: 0 is best."""
    path = f"resource.{member}"
    known = part.get("enum") or part.get("x-known-values")
    match part.get("type"):
        case "boolean":
            yield 0, _Idea(member, path, good=True, bad=False)
        case "string" if known and len(known) > 1:
            yield 1, _Idea(member, f"{path} == '{known[0]}'", known[0], known[1])
        case "integer":
            yield 2, _Idea(member, f"{path} >= 1", good=1, bad=0)
        case "array":
            yield 3, _Idea(member, f"size({path}) == 0", good=[], bad=[{}])
        case "string" if part.get("format") != "date-time":
            yield 4, _Idea(member, f"{path} != ''", good="some", bad="")
        case "object" if part.get("properties"):
            for inner, below in part["properties"].items():
                if inner in part.get("required", ()) and inner.isidentifier():
                    for rank, idea in _ideas(f"{member}.{inner}", below):
                        good, bad = {inner: idea.good}, {inner: idea.bad}
                        yield rank + 5, _Idea(member, idea.require, good, bad)
        case _:
            return


def _members(check: Check, schema: Mapping[str, Any]) -> Iterator[str]:
    facets = {facet.name for facet in check.facets}
    required = set(schema.get("required", ()))
    names = sorted(schema["properties"])
    for member in names[:SHOWN]:
        part = schema["properties"][member]
        kind = str(part.get("type", "any"))
        absent = "" if member in required else "?"
        cost = "   one more call a resource" if member in facets else ""
        yield f"{member}{absent} ({kind}){cost}"
    if len(names) > SHOWN:
        yield f"... and {len(names) - SHOWN} more: {check.source}"
