"""The expressions of one rule document: compiled for its variables, and what they read."""

from __future__ import annotations

from collections.abc import Mapping

from agent.cel import (
    CelError,
    Program,
    Template,
    Type,
    compile_expression,
    compile_template,
)
from agent.rules.document import RuleError
from checks.yaml import Place, Text


class Expressions:
    """Compiles with the variables so far, and keeps account of the paths read."""

    def __init__(self, variables: Mapping[str, Type]) -> None:
        self.variables = dict(variables)
        self.reads: set[str] = set()

    def compile(self, source: Text, expect: Type) -> Program:
        """Compile what is written in the document. Raises `RuleError` at its place."""
        try:
            program = compile_expression(source, self.variables, expect)
        except CelError as error:
            raise RuleError(f"{_inside(source, error)}: {error.message}") from None
        self.reads |= program.reads
        return program

    def template(self, source: Text) -> Template:
        """Compile a text with placeholders. Raises `RuleError` at its place."""
        try:
            template = compile_template(source, self.variables)
        except CelError as error:
            raise RuleError(f"{_inside(source, error)}: {error.message}") from None
        self.reads |= template.reads
        return template

    def remark(self, source: Text) -> Template:
        """Compile a text for people only: what it reads decides nothing, and is not counted."""
        counted = frozenset(self.reads)
        template = self.template(source)
        self.reads = set(counted)
        return template


def _inside(source: Text, error: CelError) -> Place:
    """Where in the file a place of an expression is."""
    before = source.split("\n")[: error.line - 1]
    return source.place_of(sum(len(line) + 1 for line in before) + error.column - 1)
