"""A compiled expression: called for its value, interpreted for its reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from msgspec import Struct

from agent.cel import values as of
from agent.cel.errors import EvalError, Fault
from agent.cel.interpret import Interpreter
from agent.cel.tree import Node
from agent.cel.types import Type

MAX_DECIDED: Final = 100
NOT_PLAIN: Final = (ArithmeticError, Fault, LookupError, RecursionError, TypeError, ValueError)
"""What compiled code raises on data that has no plain answer; the interpreter says what it is."""


class Trace(Struct, frozen=True, kw_only=True):
    """Why an expression has its value."""

    value: Any = None
    error: EvalError | None = None
    """Set when it has none."""
    decided: tuple[tuple[str, Any], ...] = ()
    """The fields, with their values, of only the branch and the element that decided; an absent
    field has the value None. When nothing in particular decided (`all()` is true) it is all that
    was read, at most the first 100."""


class Program(Struct, frozen=True, kw_only=True):
    """Made by `compile_expression`; holds no state, so threads and forks may share it."""

    source: str
    type: Type
    """Of the values that it gives."""
    reads: frozenset[str]
    """The paths that it may read, such as `resource.IpPermissions[].FromPort` and `now`."""
    names: tuple[str, ...]
    """The variables, in the order of the arguments of a call."""
    node: Node
    fast: Callable[..., Any]
    loops: bool
    expect: str

    def __call__(self, *values: Any) -> Any:
        """Give the value for these variables, in the order of `names`; raises EvalError."""
        try:
            found = self.fast(*values, [of.BUDGET]) if self.loops else self.fast(*values)
        except NOT_PLAIN:
            return self.interpret(dict(zip(self.names, values, strict=True)))
        if self.expect == "bool" or self._fits(found):
            return found
        return self.interpret(dict(zip(self.names, values, strict=True)))

    def plain(self) -> Callable[..., Any]:
        """Give the compiled code alone, for a call on every resource of an account.

        Takes the variables as a call does; raises one of `NOT_PLAIN` where only a call can say
        what the value or the error is. Its value is not checked against the expected type.
        """
        fast = self.fast
        return (lambda *values: fast(*values, [of.BUDGET])) if self.loops else fast

    def interpret(self, values: Mapping[str, Any], unseen: Collection[str] = ()) -> Any:
        """Give the same, slowly; reading a path of `unseen`, even by has(), is an error."""
        return self._run(values, unseen, None)

    def explain(self, values: Mapping[str, Any], unseen: Collection[str] = ()) -> Trace:
        """Give the value, or the error, and what decided it."""
        reads: list[tuple[str, Any]] = []
        try:
            found = self._run(values, unseen, reads)
        except EvalError as error:
            return Trace(error=error, decided=_distinct(reads))
        return Trace(value=found, decided=_distinct(reads))

    def _run(
        self,
        values: Mapping[str, Any],
        unseen: Collection[str],
        reads: list[tuple[str, Any]] | None,
    ) -> Any:
        scope = {name: (values[name], name) for name in self.names}
        interpreter = Interpreter(self.source, values.get("now"), unseen, reads)
        if self.expect == "bool":
            return interpreter.condition(self.node, scope)
        found = interpreter.value(self.node, scope)
        if self._fits(found):
            return found
        message = f"the value is {of.a_kind(found)}, not {self.expect}"
        raise EvalError(message, code="null" if found is None else "type")

    def _fits(self, found: Any) -> bool:
        return self.expect == "dyn" or of.kind_of(found) == self.expect


def _distinct(reads: list[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple(dict(reads).items())[:MAX_DECIDED]
