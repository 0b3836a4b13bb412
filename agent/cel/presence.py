"""Which fields are known to be present where: after a guard, they need no other.

A place is known by its key, such as `resource.Tags` or `p#2.FromPort` for a field of the variable
of the second loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from agent.cel.paths import step
from agent.cel.tree import Binary, Call, Has, Index, Literal, Logic, Loop, Name, Node, Select, Unary
from agent.cel.types import DYN, STRING, Type, list_of


class Variable(Struct, frozen=True):
    """`key` is unique, so that what is known of a loop's variable is not said of its namesake."""

    type: Type
    key: str


class Scope(Struct, frozen=True):
    """The variables in reach, and the fields that are known to be present."""

    variables: Mapping[str, Variable]
    present: frozenset[str] = frozenset()

    def knowing(self, more: frozenset[str]) -> Scope:
        """Give the scope in which these are present too."""
        return Scope(self.variables, self.present | more)


def learned(node: Node, truth: bool, scope: Scope) -> frozenset[str]:
    """Give the fields that are present when the condition has this truth."""
    match node:
        case Unary(op="!"):
            return learned(node.operand, not truth, scope)
        case Logic():
            found = [learned(term, truth, scope) for term in node.terms]
            # all terms of a true && are true; of a false one, some term is false
            if (node.op == "&&") == truth:
                return frozenset().union(*found)
            return found[0].intersection(*found[1:])
        case _:
            key = _asked(node, scope) if truth else ""
            return frozenset({key}) if key else frozenset()


def _asked(node: Node, scope: Scope) -> str:
    """Give the key of the field whose presence the condition is."""
    match node:
        case Has():
            return key_of(Select(node.at, node.operand, node.field), scope)
        case Call(name="hasValue", args=(Select(optional=True) as field,)):
            return key_of(Select(field.at, field.operand, field.field), scope)
        case Binary(op="in", left=Literal(value=str(name)), right=holder):
            return key_of(Select(node.at, holder, name), scope)
        case _:
            return ""


def key_of(node: Node, scope: Scope) -> str:
    """Give what stands for the place of a value; empty when it has none."""
    match node:
        case Name():
            return scope.variables[node.name].key if node.name in scope.variables else ""
        case Select(optional=False):
            base = key_of(node.operand, scope)
            return base and base + step(node.field)
        case Index(key=Literal(value=value), optional=False):
            base = key_of(node.operand, scope)
            return base and f"{base}[{value}]"
        case _:
            return ""


def may_lack(holder: Type, field: str) -> bool:
    """Whether a map of this type may be without the field. Of `dyn` nothing is known."""
    if holder.kind != "map":
        return False
    if holder.fields is None:
        return holder.element is not None and holder.element.kind != "dyn"
    return field not in holder.required


def element_of(operand: Type) -> Type:
    """Give the type of a loop's variable: an element of a list, a key of a map."""
    if operand.kind == "map":
        return STRING
    return (operand.element or DYN) if operand.kind == "list" else DYN


def narrowed(node: Loop, operand: Type, inner: Scope) -> Type:
    """Give the list that is left: its elements have the fields that the condition asked for."""
    element = operand.element
    if operand.kind != "list" or element is None or element.fields is None:
        return list_of(element_of(operand))
    base = inner.variables[node.variable].key
    facts = learned(node.body, True, inner)
    present = {name for name in element.fields if base + step(name) in facts}
    return list_of(
        Type(
            kind="map",
            fields=element.fields,
            element=element.element,
            required=element.required | present,
        )
    )
