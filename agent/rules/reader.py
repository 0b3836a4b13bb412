"""One rule document on its way to a `Rule`: shape, criteria, parameters, expressions, proof.

RuleError    the first mistake, in one line
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
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
    CelError,
    Program,
    Template,
    Type,
    compile_expression,
    compile_template,
    fields_of,
    list_of,
)
from agent.cel.paths import split
from agent.duration import parse_duration
from agent.model import Outcome, Severity
from agent.projection import projector
from agent.rules.examples import NOW, failed_examples, uncovered_clauses
from agent.rules.frameworks import Framework
from agent.rules.params import ParamError, as_json, read_param, read_typed, suggest, with_params
from agent.rules.rule import LISTING, Clause, Each, Example, Param, Per, Quantifier, Rule
from agent.rules.shape import first_mistake
from checks.canonical import canonical
from checks.model import Check, Scope
from checks.yaml import (
    Map,
    Place,
    Text,
    YamlError,
    find_place,
    parse_yaml,
    plain,
)

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
REQUIRED_EXAMPLES = (Outcome.PASS, Outcome.FAIL, Outcome.ERROR)


class RuleError(Exception):
    """A rule document is wrong; the message starts with `file:line:column`."""


class RuleReader:
    """One document on its way to a rule."""

    def __init__(
        self,
        file: Path,
        checks: Mapping[str, Check],
        frameworks: Mapping[str, Framework] | None,
        resource_of: Callable[[str], Type],
        text: bytes | None = None,
    ) -> None:
        """`frameworks` None: criteria are taken as they are."""
        self.file, self.checks, self.frameworks = file, checks, frameworks
        self.resource_of = resource_of
        self.text = text
        self.document: Any = None
        self.reads: set[str] = set()
        self.variables: dict[str, Type] = {}

    def rule(self) -> Rule:
        """Give the rule, proven by its examples."""
        self._parse()
        self._shape()
        rule = self._build()
        self._prove(rule)
        return rule

    def fail(self, message: str, *steps: str | int) -> RuleError:
        """Make the error of the thing at `steps`."""
        return RuleError(f"{find_place(self.document, steps) or f'{self.file}:1:1'}: {message}")

    def _parse(self) -> None:
        try:
            if self.text is None:
                self.text = self.file.read_bytes()
            self.document = parse_yaml(self.text.decode("utf-8"), str(self.file))
        except OSError as error:
            raise RuleError(f"{self.file}:1:1: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RuleError(f"{self.file}:1:1: is not UTF-8 text (byte {error.start})") from error
        except YamlError as error:
            raise RuleError(str(error)) from error
        if not isinstance(self.document, Map):
            raise RuleError(f"{self.file}:1:1: a rule is a mapping that begins with `id:`")

    def _shape(self) -> None:
        if mistake := first_mistake(self.document):
            steps, message = mistake
            raise self.fail(message, *steps)

    def _build(self) -> Rule:
        document = self.document
        check = document["check"]
        if document["id"] != self.file.stem:
            raise self.fail(f"the id must be the file's name, '{self.file.stem}'", "id")
        if check not in self.checks:
            raise self.fail(f"unknown check '{check}'{suggest(check, self.checks)}", "check")
        self._criteria()
        declared = {name: self._param(name) for name in document.get("params", {})}
        params = {name: param.default for name, param in declared.items()}
        types = {name: TYPES[param.type] for name, param in declared.items()}
        self.variables = {
            "resource": self.resource_of(str(check)),
            "params": fields_of(types, frozenset(types)),
            "now": TIMESTAMP,
            "target": TARGET,
        }
        self._counting()
        each, source = self._each()
        own = self._own_programs()
        reads = frozenset(self.reads)
        facets, members = self._facets(reads | source)
        return Rule(
            id=str(document["id"]),
            title=str(document["title"]),
            check=str(check),
            severity=Severity(document["severity"]),
            every=parse_duration(document["every"]),
            criteria={
                str(name): tuple(map(str, ids)) for name, ids in document["criteria"].items()
            },
            declared=declared,
            params=params,
            **own,
            each=self._kept(each, reads),
            quantifier=Quantifier(document.get("quantifier", "each")),
            per=Per(document.get("per", "target")),
            at_least=document.get("at_least", 0),
            deviation=self._deviation(),
            control=str(document.get("control", "")),
            owner=str(document.get("owner", "")),
            rationale=str(document.get("rationale", "")),
            examples=tuple(self._examples()),
            reads=reads | source,
            facets=facets,
            members=members,
            keep=projector(reads, "resource"),
            keep_params={
                name: as_json(value)
                for name, value in params.items()
                if {"params", f"params.{name}"} & (reads | source)
            },
            keeps_target=any(split(path)[0] == "target" for path in reads | source),
            text=self.text or b"",
            sha256=sha256(self.text or b"").hexdigest(),
            path=self.file,
            line_of={key: place.line for key, place in document.keys_at.items()},
        )

    # --- the parts ----------------------------------------------------------------------------
    def _criteria(self) -> None:
        for name, ids in self.document["criteria"].items():
            if self.frameworks is None:
                continue
            framework = self.frameworks.get(name)
            if framework is None:
                hint = suggest(name, self.frameworks)
                raise self.fail(f"unknown framework '{name}'{hint}", "criteria", name)
            for index, criterion in enumerate(ids):
                where = ("criteria", name, index)
                if not isinstance(criterion, str):
                    raise self.fail("an id is text: write it in quotes", *where)
                if not framework.has(criterion):
                    hint = suggest(criterion, framework.criteria)
                    raise self.fail(f"{framework.title} has no '{criterion}'{hint}", *where)

    def _param(self, name: str) -> Param:
        document = plain(self.document["params"][name])
        where = ("params", name)
        try:
            kind = document["type"]
            item = kind.removeprefix("list(").removesuffix(")")
            bounds = {
                key: read_typed(key, item, document[key])
                for key in ("min", "max")
                if key in document
            }
            values = tuple(read_typed("values", item, each) for each in document.get("values", ()))
            param = Param(
                name=name,
                type=kind,
                default=None,
                help=document.get("help", ""),
                values=values,
                **bounds,
            )
            default = read_param(param, document["default"])
        except ParamError as error:
            raise self.fail(str(error), *where) from None
        return Param(
            **{key: getattr(param, key) for key in Param.__struct_fields__} | {"default": default}
        )

    def _each(self) -> tuple[Each | None, frozenset[str]]:
        """Compile `each`, and give what its list reads."""
        document = self.document
        if "each" not in document:
            if "element" in document:
                raise self.fail(
                    "`element` names an element of `each`, which is not there", "element"
                )
            return None, frozenset()
        if document.get("quantifier", "each") != "each" or "at_least" in document:
            raise self.fail("`each` goes with neither `quantifier` nor `at_least`", "each")
        ((name, source),) = document["each"].items()
        if name in self.variables or not str(name).isidentifier():
            raise self.fail(f"'{name}' cannot be the name of an element", "each", name)
        if not isinstance(source, Text):
            raise self.fail("an expression that gives a list is expected", "each", name)
        items = self._compile(source, LIST, ("each", name))
        reads = frozenset(self.reads)
        self.reads.clear()
        self.variables = {**self.variables, name: items.type.element or DYN}
        identity = None
        if "element" in document:
            identity = self._compile(document["element"], DYN, ("element",))
        source_of = projector(reads, "resource")
        each = Each(name=name, items=items, identity=identity, source=source_of, keep=_whole)
        return each, reads

    def _kept(self, each: Each | None, reads: frozenset[str]) -> Each | None:
        if each is None:
            return None
        return Each(
            name=each.name,
            items=each.items,
            identity=each.identity,
            source=each.source,
            keep=projector(reads, each.name),
        )

    def _counting(self) -> None:
        """Refuse what does not go together in saying of how many the requirement must hold."""
        document = self.document
        quantifier = document.get("quantifier", "each")
        if "require" not in document and quantifier != "none":
            raise self.fail("`require` is missing: what must be true of the resource")
        if "require" in document and quantifier == "none":
            raise self.fail(
                "with `quantifier: none` each row is a violation; use `when`", "require"
            )
        if "at_least" in document and quantifier == "none":
            raise self.fail("`at_least` does not go with `quantifier: none`", "at_least")
        if "per" in document and quantifier == "each" and "at_least" not in document:
            raise self.fail("`per` goes with `quantifier: any` or `at_least`", "per")
        check = self.checks[document["check"]]
        if document.get("per") == "region" and check.scope is Scope.ACCOUNT:
            raise self.fail(f"{check.name} is listed once for all regions", "per")

    def _own_programs(self) -> dict[str, Any]:
        document = self.document
        when = document.get("when")
        parts = {
            "when": None if when is None else self._compile(when, BOOL, ("when",)),
            "require": tuple(self._clauses()),
            "message": self._template(document["message"], ("message",)),
        }
        kept = set(self.reads)  # a remedy is for people to read, and decides nothing
        if "remediation" in document:
            parts["remediation"] = self._template(document["remediation"], ("remediation",))
        self.reads = kept
        return parts

    def _clauses(self) -> Iterator[Clause]:
        require = self.document.get("require", [])
        if isinstance(require, Text):
            yield Clause(that=self._compile(require, BOOL, ("require",)))
            return
        for index, clause in enumerate(require):
            where = ("require", index)
            message = clause.get("message")
            yield Clause(
                that=self._compile(clause["that"], BOOL, (*where, "that")),
                message=self._template(message, (*where, "message")) if message else None,
            )

    def _deviation(self) -> timedelta | None:
        written = self.document.get("deviation", "any")
        return None if written == "any" else parse_duration(written["within"])

    def _facets(self, reads: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        check = self.checks[self.document["check"]]
        costly = {facet.name for facet in check.facets} | {join.name for join in check.joins}
        steps = [split(path) for path in reads]
        members = {path[1] for path in steps if path[0] == "resource" and len(path) > 1}
        if ("resource",) in steps or None in members:  # the whole resource is read
            return frozenset(costly), frozenset(costly | {name for name in members if name})
        named = frozenset(name for name in members if name is not None)
        return named & costly, named

    def _examples(self) -> Iterator[Example]:
        for index, written in enumerate(self.document["examples"]):
            where = ("examples", index)
            place = self.document["examples"].items_at[index]
            if "resource" in written:
                self._known(written["resource"], self.variables["resource"], (*where, "resource"))
            for number, each in enumerate(written.get("resources", ())):
                at = (*where, "resources", number)
                self._known(each, self.variables["resource"], at)
            self._unseen(written, where)
            resources = written.get("resources", [written.get("resource")])
            yield Example(
                expect=Outcome(written["expect"]),
                resources=tuple(canonical(plain(each)) for each in resources),
                params=plain(written.get("params", {})),
                now=self._moment(written["now"], (*where, "now")) if "now" in written else NOW,
                unseen=tuple(map(str, written.get("unseen", ()))),
                line=place.line,
                column=place.column,
            )

    def _known(self, value: Any, kind: Type, where: tuple[str | int, ...]) -> None:
        """Refuse a field that the resource cannot have: such an example shows nothing."""
        if isinstance(value, Map) and kind.kind == "map":
            for name, inner in value.items():
                known = (kind.fields or {}).get(name, kind.element)
                if known is None:
                    hint = suggest(name, kind.fields or {})
                    raise self.fail(f"unknown field '{name}'{hint}", *where, name)
                self._known(inner, known, (*where, name))
        elif isinstance(value, list) and kind.element is not None:
            for index, inner in enumerate(value):
                self._known(inner, kind.element, (*where, index))

    def _unseen(self, written: Map, where: tuple[str | int, ...]) -> None:
        known = {LISTING: DYN, **(self.variables["resource"].fields or {})}
        for index, name in enumerate(written.get("unseen", ())):
            if name not in known:
                raise self.fail(
                    f"'{name}' is neither a facet nor `listing`{suggest(name, known)}",
                    *where,
                    "unseen",
                    index,
                )

    def _moment(self, text: Text, where: tuple[str | int, ...]) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise self.fail(f"{text!r} is not a time such as 2026-06-01T00:00:00Z", *where)
        return moment

    def _prove(self, rule: Rule) -> None:
        for expected in REQUIRED_EXAMPLES:
            if all(example.expect is not expected for example in rule.examples):
                raise self.fail(f"an example with `expect: {expected}` is missing", "examples")
        for index, example in enumerate(rule.examples):
            try:
                with_params(rule, example.params)
            except ParamError as error:
                raise self.fail(str(error), "examples", index, "params") from None
        failed = next(failed_examples(rule), None)
        if failed:
            number = int(failed.split(":", 1)[0].removeprefix("example "))
            raise self.fail(failed, "examples", number - 1)
        clause = next(uncovered_clauses(rule), None)
        if clause is not None:
            message = "no failing example fails by this clause alone: add one, or drop the clause"
            raise self.fail(message, "require", clause)

    # --- the language -------------------------------------------------------------------------
    def _compile(self, source: Any, expect: Type, where: tuple[str | int, ...]) -> Program:
        if not isinstance(source, Text):
            raise self.fail("an expression is expected, in quotes", *where)
        try:
            program = compile_expression(source, self.variables, expect)
        except CelError as error:
            raise RuleError(f"{_inside(source, error)}: {error.message}") from None
        self.reads |= program.reads
        return program

    def _template(self, source: Any, where: tuple[str | int, ...]) -> Template:
        if not isinstance(source, Text):
            raise self.fail("a text is expected, in quotes", *where)
        try:
            template = compile_template(source, self.variables)
        except CelError as error:
            raise RuleError(f"{_inside(source, error)}: {error.message}") from None
        self.reads |= template.reads
        return template


def _whole(value: Any) -> Any:
    return value


def _inside(source: Text, error: CelError) -> Place:
    """Where in the file a place of an expression is."""
    before = source.split("\n")[: error.line - 1]
    return source.place_of(sum(len(line) + 1 for line in before) + error.column - 1)
