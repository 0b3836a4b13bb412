"""One rule document on its way to a `Rule`: criteria, parameters, expressions, proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from agent.cel import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    LIST,
    STRING,
    TIMESTAMP,
    Type,
    fields_of,
    list_of,
)
from agent.cel.paths import split
from agent.duration import parse_duration
from agent.model import Severity
from agent.projection import projector
from agent.rules.document import Document
from agent.rules.expressions import Expressions
from agent.rules.frameworks import Framework
from agent.rules.params import ParamError, as_json, declare_param, suggest
from agent.rules.proof import read_examples, verify_proof
from agent.rules.rule import Clause, Each, Param, Per, Quantifier, Rule
from checks.model import Check, Scope
from checks.yaml import Map, Text, plain

TARGET = fields_of({"id": STRING, "provider": STRING}, frozenset({"id", "provider"}))
TYPES = {
    "int": INT,
    "double": DOUBLE,
    "bool": BOOL,
    "string": STRING,
    "duration": DURATION,
    "list(string)": list_of(STRING),
    "list(int)": list_of(INT),
}


class RuleReader:
    """One document on its way to a rule."""

    def __init__(
        self,
        document: Document,
        checks: Mapping[str, Check],
        frameworks: Mapping[str, Framework] | None,
        resource_of: Callable[[str], Type],
    ) -> None:
        """`frameworks` None: criteria are taken as they are."""
        self._document = document
        self._keys: Map = document.keys
        self._fail = document.error
        self._checks, self._frameworks = checks, frameworks
        self._resource_of = resource_of

    def rule(self) -> Rule:
        """Give the rule, proven by its examples. Raises `RuleError`."""
        rule = self._build()
        verify_proof(self._document, rule)
        return rule

    def _build(self) -> Rule:
        keys = self._keys
        check = self._check()
        self._criteria()
        declared = {name: self._param(name) for name in keys.get("params", {})}
        params = {name: param.default for name, param in declared.items()}
        self._counting(check)
        expressions = Expressions(self._variables(check, declared))
        each, source = self._each(expressions)
        own = self._own_programs(expressions)
        reads = frozenset(expressions.reads)
        facets, members = _facets(check, reads | source)
        # `params.name[]` reads an element of a list, `params[]` a parameter whose name is computed
        read = {tuple(split(path)[:2]) for path in reads | source}
        return Rule(
            id=str(keys["id"]),
            title=str(keys["title"]),
            check=check.name,
            severity=Severity(keys["severity"]),
            every=parse_duration(keys["every"]),
            criteria={str(name): tuple(map(str, ids)) for name, ids in keys["criteria"].items()},
            declared=declared,
            params=params,
            **own,
            each=each(keep=projector(reads, each.keywords["name"])) if each else None,
            quantifier=Quantifier(keys.get("quantifier", "each")),
            per=Per(keys.get("per", "target")),
            at_least=keys.get("at_least", 0),
            deviation=self._deviation(),
            control=str(keys.get("control", "")),
            owner=str(keys.get("owner", "")),
            rationale=str(keys.get("rationale", "")),
            examples=tuple(read_examples(self._document, expressions.variables["resource"])),
            reads=reads | source,
            facets=facets,
            members=members,
            keep=projector(reads, "resource"),
            keep_params={
                name: as_json(value)
                for name, value in params.items()
                if {("params",), ("params", None), ("params", name)} & read
            },
            keeps_target=any(split(path)[0] == "target" for path in reads | source),
            text=self._document.text,
            sha256=sha256(self._document.text).hexdigest(),
            path=self._document.file,
            line_of={key: place.line for key, place in keys.keys_at.items()},
        )

    def _check(self) -> Check:
        stem = self._document.file.stem
        if self._keys["id"] != stem:
            raise self._fail(f"the id must be the file's name, '{stem}'", "id")
        name = self._keys["check"]
        if name not in self._checks:
            raise self._fail(f"unknown check '{name}'{suggest(name, self._checks)}", "check")
        return self._checks[name]

    def _criteria(self) -> None:
        for name, ids in self._keys["criteria"].items():
            if self._frameworks is None:
                continue
            framework = self._frameworks.get(name)
            if framework is None:
                hint = suggest(name, self._frameworks)
                raise self._fail(f"unknown framework '{name}'{hint}", "criteria", name)
            for index, criterion in enumerate(ids):
                where = ("criteria", name, index)
                if not isinstance(criterion, str):
                    raise self._fail("an id is text: write it in quotes", *where)
                if not framework.has(criterion):
                    hint = suggest(criterion, framework.criteria)
                    raise self._fail(f"{framework.title} has no '{criterion}'{hint}", *where)

    def _param(self, name: str) -> Param:
        try:
            return declare_param(name, plain(self._keys["params"][name]))
        except ParamError as error:
            raise self._fail(str(error), "params", name) from None

    def _counting(self, check: Check) -> None:
        """Refuse what does not go together in saying of how many the requirement must hold."""
        keys = self._keys
        quantifier = keys.get("quantifier", "each")
        if "require" not in keys and quantifier != "none":
            raise self._fail("`require` is missing: what must be true of the resource")
        if "require" in keys and quantifier == "none":
            raise self._fail(
                "with `quantifier: none` each row is a violation; use `when`", "require"
            )
        if "at_least" in keys and quantifier == "none":
            raise self._fail("`at_least` does not go with `quantifier: none`", "at_least")
        if "per" in keys and quantifier == "each" and "at_least" not in keys:
            raise self._fail("`per` goes with `quantifier: any` or `at_least`", "per")
        if keys.get("per") == "region" and check.scope is Scope.ACCOUNT:
            raise self._fail(f"{check.name} is listed once for all regions", "per")

    def _variables(self, check: Check, declared: Mapping[str, Param]) -> dict[str, Type]:
        types = {name: TYPES[param.type] for name, param in declared.items()}
        return {
            "resource": self._resource_of(check.name),
            "params": fields_of(types, frozenset(types)),
            "now": TIMESTAMP,
            "target": TARGET,
        }

    def _each(self, expressions: Expressions) -> tuple[partial[Each] | None, frozenset[str]]:
        """Compile `each`, all but what it keeps of an element, and give what its list reads."""
        keys = self._keys
        if "each" not in keys:
            if "element" in keys:
                message = "`element` names an element of `each`, which is not there"
                raise self._fail(message, "element")
            return None, frozenset()
        if keys.get("quantifier", "each") != "each" or "at_least" in keys:
            raise self._fail("`each` goes with neither `quantifier` nor `at_least`", "each")
        ((name, source),) = keys["each"].items()
        if name in expressions.variables or not str(name).isidentifier():
            raise self._fail(f"'{name}' cannot be the name of an element", "each", name)
        if not isinstance(source, Text):
            raise self._fail("an expression that gives a list is expected", "each", name)
        items = expressions.compile(source, LIST)
        reads = frozenset(expressions.reads)
        expressions.reads.clear()
        expressions.variables[name] = items.type.element or DYN
        identity = None
        if "element" in keys:
            identity = expressions.compile(keys["element"], DYN)
        source_of = projector(reads, "resource")
        return partial(Each, name=name, items=items, identity=identity, source=source_of), reads

    def _own_programs(self, expressions: Expressions) -> dict[str, Any]:
        keys = self._keys
        when = keys.get("when")
        parts = {
            "when": None if when is None else expressions.compile(when, BOOL),
            "require": tuple(self._clauses(expressions)),
            "message": expressions.template(keys["message"]),
        }
        if "remediation" in keys:
            parts["remediation"] = expressions.remark(keys["remediation"])
        return parts

    def _clauses(self, expressions: Expressions) -> Iterator[Clause]:
        require = self._keys.get("require", [])
        if isinstance(require, Text):
            yield Clause(that=expressions.compile(require, BOOL))
            return
        for clause in require:
            message = clause.get("message")
            yield Clause(
                that=expressions.compile(clause["that"], BOOL),
                message=expressions.template(message) if message else None,
            )

    def _deviation(self) -> timedelta | None:
        written = self._keys.get("deviation", "any")
        return None if written == "any" else parse_duration(written["within"])


def _facets(check: Check, reads: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Give the facets and joins, and all members, of a check's resource among the paths read."""
    costly = {facet.name for facet in check.facets} | {join.name for join in check.joins}
    steps = [split(path) for path in reads]
    members = {path[1] for path in steps if path[0] == "resource" and len(path) > 1}
    if ("resource",) in steps or None in members:  # the whole resource is read
        return frozenset(costly), frozenset(costly | {name for name in members if name})
    named = frozenset(name for name in members if name is not None)
    return named & costly, named
