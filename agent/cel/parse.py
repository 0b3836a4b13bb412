"""Makes the syntax tree of a source, by precedence climbing, within limits.

The limits (characters, depth, nodes, loops in loops) keep every later stage, which may recurse on
the tree or run loop bodies, bounded in stack and time.
"""

from __future__ import annotations

from agent.cel import tree
from agent.cel.errors import CelError, refuse
from agent.cel.lexer import INT_MAX, Token, tokens
from agent.cel.wording import arguments

MAX_DEPTH = 64
MAX_NODES = 1000
MAX_LOOPS = 3

LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_RANK = {"||": 1, "&&": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">=", "in"), 3
)
_CONSTANT = {"true": True, "false": False, "null": None}
# langdef.md: words that may not name a variable; they may name a field
_RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "package",
        "return",
        "var",
        "void",
        "while",
    ]
)
_LOOP_PARTS = 2
_OPTIONAL = {"of": 1, "none": 0}


def parse(source: str) -> tree.Node:
    """Give the tree of `source`; CelError with the place of the first mistake."""
    parser = _Parser(source)
    node = parser.expression()
    parser.finish()
    _check_limits(source, node)
    return node


def _check_limits(source: str, root: tree.Node) -> None:
    for count, (node, depth, loops) in enumerate(tree.walk(root), 1):
        if depth > MAX_DEPTH:
            raise refuse(source, node.at, "limit", f"nested deeper than {MAX_DEPTH}")
        if loops >= MAX_LOOPS and isinstance(node, tree.Loop):
            message = f"loops nested deeper than {MAX_LOOPS}"
            raise refuse(source, node.at, "limit", message)
        if count > MAX_NODES:
            raise refuse(source, 0, "limit", f"more than {MAX_NODES:,} terms")


class _Parser:
    """Recursive descent over the tokens; `_depth` guards Python's own stack."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._next = 0
        self._depth = 0

    def finish(self) -> None:
        if self._peek().kind != "end":
            raise self._unexpected()

    def expression(self) -> tree.Node:
        self._enter()
        node = self._binary(1)
        if mark := self._accept("?"):
            then = self._binary(1)
            self._expect(":")
            node = tree.Ternary(mark.at, node, then, self.expression())
        self._depth -= 1
        return node

    def _binary(self, floor: int) -> tree.Node:
        left = self._unary()
        while (rank := self._rank()) >= floor:
            mark = self._take()
            left = _combine(mark, left, self._binary(rank + 1))
        return left

    def _rank(self) -> int:
        token = self._peek()
        return _RANK.get(token.text, 0) if token.kind == "op" or token.text == "in" else 0

    def _unary(self) -> tree.Node:
        mark = self._accept("!") or self._accept("-")
        if mark is None:
            return self._member(self._primary())
        self._enter()
        node = self._negated(mark) if mark.text == "-" else tree.Unary(mark.at, "!", self._unary())
        self._depth -= 1
        return node

    def _negated(self, mark: Token) -> tree.Node:
        token = self._peek()
        if token.kind in ("int", "float"):
            self._take()
            return self._member(tree.Literal(mark.at, -token.value))
        return tree.Unary(mark.at, "-", self._unary())

    def _member(self, node: tree.Node) -> tree.Node:
        while True:
            if self._accept("."):
                node = self._dotted(node)
            elif mark := self._accept("["):
                node = self._indexed(mark, node)
            elif self._peek().text == "{" and isinstance(node, tree.Name | tree.Select):
                raise self._refuse(self._peek(), "messages are not supported")
            else:
                return node

    def _dotted(self, node: tree.Node) -> tree.Node:
        optional = self._accept("?") is not None
        field = self._take()
        if field.kind not in ("name", "quoted"):
            raise self._refuse(field, f"expected a field name, found {_shown(field)}")
        if field.kind == "quoted" or optional or not self._accept("("):
            return tree.Select(field.at, node, field.value, optional)
        if isinstance(node, tree.Name) and node.name == "optional" and field.text in _OPTIONAL:
            return self._optional(field)
        if field.text in LOOPS:
            return self._loop(field, node)
        return tree.Call(field.at, field.text, (node, *self._list(")")), member=True)

    def _optional(self, field: Token) -> tree.Node:
        args = self._list(")")
        if len(args) != _OPTIONAL[field.text]:
            takes = f"optional.{field.text}() takes {arguments(_OPTIONAL[field.text])}"
            raise self._refuse(field, f"{takes}, {len(args)} given")
        return tree.Call(field.at, f"optional.{field.text}", args)

    def _loop(self, field: Token, operand: tree.Node) -> tree.Node:
        name, kind = self._peek(), field.text
        args = self._list(")")
        filtered = kind == "map" and len(args) == _LOOP_PARTS + 1
        if len(args) != _LOOP_PARTS and not filtered:
            raise self._refuse(field, f"{kind}() takes a variable name and an expression")
        variable = args[0]
        if not isinstance(variable, tree.Name):
            raise self._refuse(name, f"the first argument of {kind}() must be a variable name")
        keep = args[1] if filtered else None
        cost = sum(map(tree.weight, args[1:]))
        return tree.Loop(field.at, kind, operand, variable.name, args[-1], keep, cost)

    def _indexed(self, mark: Token, node: tree.Node) -> tree.Node:
        optional = self._accept("?") is not None
        key = self.expression()
        self._expect("]")
        if isinstance(key, tree.Literal) and isinstance(key.value, str):
            return tree.Select(key.at, node, key.value, optional)
        return tree.Index(mark.at, node, key, optional)

    def _list(self, end: str) -> tuple[tree.Node, ...]:
        items: list[tree.Node] = []
        while not self._accept(end):
            if self._peek().text == "?" and self._peek().kind == "op":
                raise self._refuse(self._peek(), "optional elements are not supported")
            items.append(self.expression())
            if not self._accept(","):
                self._expect(end)
                break
            if end == ")" and self._peek().text == end:
                raise self._unexpected()
        return tuple(items)

    def _primary(self) -> tree.Node:
        token = self._take()
        match token.kind:
            case "int" if token.value > INT_MAX:
                raise self._refuse(token, "integer out of the range of 64 bits")
            case "int" | "float" | "string":
                return tree.Literal(token.at, token.value)
            case "name":
                return self._named(token)
            case "op":
                return self._bracketed(token)
            case _:
                raise self._refuse(token, f"unexpected {_shown(token)}")

    def _named(self, token: Token) -> tree.Node:
        if token.text in _CONSTANT:
            return tree.Literal(token.at, _CONSTANT[token.text])
        if token.text in _RESERVED:
            raise self._refuse(token, f"'{token.text}' is a reserved word")
        if not self._accept("("):
            return tree.Name(token.at, token.text)
        args = self._list(")")
        return (
            self._has(token, args) if token.text == "has" else tree.Call(token.at, token.text, args)
        )

    def _has(self, token: Token, args: tuple[tree.Node, ...]) -> tree.Node:
        match args:
            case (tree.Select(optional=False) as field,):
                return tree.Has(field.at, field.operand, field.field)
            case _:
                raise self._refuse(token, "has() takes one field, as in has(resource.Policy)")

    def _bracketed(self, token: Token) -> tree.Node:
        match token.text:
            case "(":
                node = self.expression()
                self._expect(")")
                return node
            case "[":
                return tree.ListOf(token.at, self._list("]"))
            case "{":
                return self._map(token)
            case _:
                raise self._refuse(token, f"unexpected {_shown(token)}")

    def _map(self, token: Token) -> tree.Node:
        entries: list[tuple[tree.Node, tree.Node]] = []
        while not self._accept("}"):
            if self._peek().text == "?" and self._peek().kind == "op":
                raise self._refuse(self._peek(), "optional entries are not supported")
            key = self.expression()
            self._expect(":")
            entries.append((key, self.expression()))
            if not self._accept(","):
                self._expect("}")
                break
        return tree.MapOf(token.at, tuple(entries))

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refuse(self._source, self._peek().at, "limit", f"nested deeper than {MAX_DEPTH}")

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept(self, text: str) -> Token | None:
        token = self._peek()
        return self._take() if token.kind == "op" and token.text == text else None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._refuse(self._peek(), f"expected '{text}', found {_shown(self._peek())}")

    def _unexpected(self) -> CelError:
        return self._refuse(self._peek(), f"unexpected {_shown(self._peek())}")

    def _refuse(self, token: Token, message: str) -> CelError:
        return refuse(self._source, token.at, "syntax", message)


def _combine(mark: Token, left: tree.Node, right: tree.Node) -> tree.Node:
    if mark.text not in ("&&", "||"):
        return tree.Binary(mark.at, mark.text, left, right)
    if isinstance(left, tree.Logic) and left.op == mark.text:
        return tree.Logic(left.at, left.op, (*left.terms, right))
    return tree.Logic(mark.at, mark.text, (left, right))


def _shown(token: Token) -> str:
    return token.text if token.kind == "end" else f"'{token.text[:40]}'"
