"""The syntax tree. Every node carries `at`, the character offset that errors point to."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Literal(Struct, frozen=True):
    """A bool, int, double, string or null in the source."""

    at: int
    value: bool | int | float | str | None


class Name(Struct, frozen=True):
    """A variable: one that the caller gives, or one of a loop."""

    at: int
    name: str


class Select(Struct, frozen=True):
    """`operand.field`, `operand.?field`, and `operand['field']`, which is the same."""

    at: int
    operand: Node
    field: str
    optional: bool = False


class Index(Struct, frozen=True):
    """`operand[key]` and `operand[?key]` with a key that is not a string literal."""

    at: int
    operand: Node
    key: Node
    optional: bool = False


class Has(Struct, frozen=True):
    """`has(operand.field)`."""

    at: int
    operand: Node
    field: str


class Unary(Struct, frozen=True):
    """`!x` or `-x`."""

    at: int
    op: str
    operand: Node


class Logic(Struct, frozen=True):
    """`a && b && c` or `a || b || c`: flat, so that a long chain is not a deep tree."""

    at: int
    op: str
    terms: tuple[Node, ...]


class Binary(Struct, frozen=True):
    """Comparison, `in`, arithmetic."""

    at: int
    op: str
    left: Node
    right: Node


class Ternary(Struct, frozen=True):
    """`test ? then : other`."""

    at: int
    test: Node
    then: Node
    other: Node


class ListOf(Struct, frozen=True):
    """`[a, b]`."""

    at: int
    items: tuple[Node, ...]


class MapOf(Struct, frozen=True):
    """`{'k': v}`."""

    at: int
    entries: tuple[tuple[Node, Node], ...]


class Call(Struct, frozen=True):
    """`name(args)`, or with `member` `args[0].name(args[1:])`."""

    at: int
    name: str
    args: tuple[Node, ...]
    member: bool = False


class Loop(Struct, frozen=True):
    """`operand.kind(variable, body)`; `keep` is the condition of `map(variable, keep, body)`.

    `cost` is what one turn takes from the budget of an evaluation: the nodes of its body.
    """

    at: int
    kind: str
    operand: Node
    variable: str
    body: Node
    keep: Node | None = None
    cost: int = 1


Node = (
    Literal
    | Name
    | Select
    | Index
    | Has
    | Unary
    | Logic
    | Binary
    | Ternary
    | ListOf
    | MapOf
    | Call
    | Loop
)


def children(node: Node) -> tuple[Node, ...]:  # noqa: C901, PLR0911 - one case a kind of node
    """Give the nodes directly below, in the order of evaluation."""
    match node:
        case Literal() | Name():
            return ()
        case Select(operand=operand) | Has(operand=operand) | Unary(operand=operand):
            return (operand,)
        case Index():
            return (node.operand, node.key)
        case Logic():
            return node.terms
        case Binary():
            return (node.left, node.right)
        case Ternary():
            return (node.test, node.then, node.other)
        case ListOf():
            return node.items
        case MapOf():
            return tuple(part for entry in node.entries for part in entry)
        case Call():
            return node.args
        case Loop():  # pragma: no branch - no other kind of node is left
            return (node.operand, *((node.keep,) if node.keep else ()), node.body)


def walk(node: Node) -> Iterator[tuple[Node, int, int]]:
    """Every node with its depth and the number of loop bodies around it, without recursion."""
    stack = [(node, 1, 0)]
    while stack:
        here, depth, loops = stack.pop()
        yield here, depth, loops
        for child in children(here):
            inner = isinstance(here, Loop) and child is not here.operand
            stack.append((child, depth + 1, loops + inner))


def weight(node: Node) -> int:
    """How many nodes there are: what one evaluation of it costs at most, loops aside."""
    return sum(1 for _ in walk(node))
