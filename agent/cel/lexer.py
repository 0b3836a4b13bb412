"""Cuts a source into tokens. Escapes, numbers and their limits are settled here.

Grammar: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from agent.cel.errors import CelError, refuse

MAX_CHARS = 8192
INT_MAX = 2**63 - 1

_TOKEN = re.compile(
    r"""
    (?P<space> (?: \s | //[^\n]* )+ )
  | (?P<float> (?: [0-9]+\.[0-9]+ | \.[0-9]+ ) (?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ )
  | (?P<int> 0[xX][0-9a-fA-F]+ | [0-9]+ )
  | (?P<string> (?P<prefix> [rRbB]{0,2} )
        (?: '{3} (?P<long1> (?: \\.|[^\\] )*? ) '{3} | "{3} (?P<long2> (?: \\.|[^\\] )*? ) "{3}
          | ' (?P<short1> (?: \\.|[^'\\\r\n] )* ) ' | " (?P<short2> (?: \\.|[^"\\\r\n] )* ) " ) )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<quoted> ` [A-Za-z0-9_.\-/ ]+ ` )
  | (?P<op> && | \|\| | == | != | <= | >= | [-+*/%<>!?:.,()\[\]{}] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_RAW = re.compile(
    r"[rR](?:'{3}(.*?)'{3}|\"{3}(.*?)\"{3}|'([^'\r\n]*)'|\"([^\"\r\n]*)\")", re.DOTALL
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    r"|([0-3][0-7]{2})|([abfnrtv\\?'\"`])|(.))",
    re.DOTALL,
)
_PLAIN = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_OCTAL = 5
_HINTS = {"=": ", write == to compare", "&": ", write &&", "|": ", write ||"}


class Token(Struct, frozen=True):
    """`kind`: int, float, string, name, quoted, op, end; `value` is decoded, `text` as written."""

    at: int
    kind: str
    text: str
    value: Any


def tokens(source: str) -> tuple[Token, ...]:
    """All tokens, the last of kind `end`; refuses what is too long or not a token."""
    _check_text(source)
    found: list[Token] = []
    at = 0
    while at < len(source):
        match = _RAW.match(source, at) or _TOKEN.match(source, at)
        if match is None:
            raise _not_a_token(source, at)
        if match.lastgroup != "space":
            found.append(_token(source, at, match))
        at = match.end()
    found.append(Token(len(source), "end", "end of the expression", None))
    return tuple(found)


def _check_text(source: str) -> None:
    if len(source) > MAX_CHARS:
        raise refuse(source, 0, "limit", f"longer than {MAX_CHARS:,} characters")
    for at, char in enumerate(source):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise refuse(source, at, "syntax", f"unexpected character {char!r}")


def _not_a_token(source: str, at: int) -> CelError:
    if source[at] in "'\"":
        return refuse(source, at, "syntax", "string without an end")
    hint = _HINTS.get(source[at], "")
    return refuse(source, at, "syntax", f"unexpected character {source[at]!r}{hint}")


def _token(source: str, at: int, match: re.Match[str]) -> Token:
    text = match.group()
    if match.re is _RAW:
        body = next(group for group in match.groups() if group is not None)
        return Token(at, "string", text, body)
    kind = match.lastgroup or ""
    match kind:
        case "string":
            return Token(at, kind, text, _string(source, at, match))
        case "int" | "float":
            return Token(at, kind, text, _number(source, at, kind, text))
        case "quoted":
            return Token(at, kind, text, text[1:-1])
        case _:
            return Token(at, kind, text, text)


def _number(source: str, at: int, kind: str, text: str) -> int | float:
    after = source[at + len(text) : at + len(text) + 1]
    if after in tuple("uU"):
        raise refuse(source, at, "syntax", "unsigned numbers are not supported")
    if after.isalnum() or after == "_":
        raise refuse(source, at, "syntax", f"bad number '{text}{after}'")
    if kind == "float":
        if (number := float(text)) in (float("inf"), float("-inf")):
            raise refuse(source, at, "value", f"{text} is out of the range of a double")
        return number
    whole = int(text, 16) if text[:2] in ("0x", "0X") else _decimal(text)
    # one more than the largest: only a minus sign in front makes it an int, and the parser looks
    if whole > INT_MAX + 1:
        raise refuse(source, at, "value", "integer out of the range of 64 bits")
    return whole


def _decimal(text: str) -> int:
    digits = text.lstrip("0") or "0"
    # int() of thousands of digits raises; anything this long is out of range anyway
    return int(digits) if len(digits) < 20 else INT_MAX + 2  # noqa: PLR2004 - 2**63 has 19 digits


def _string(source: str, at: int, match: re.Match[str]) -> str:
    if match["prefix"]:
        raise refuse(source, at, "syntax", "bytes are not supported")
    body = next(
        part for name in ("long1", "long2", "short1", "short2") if (part := match[name]) is not None
    )
    return _ESCAPE.sub(lambda escape: _unescape(source, at, escape), body)


def _unescape(source: str, at: int, escape: re.Match[str]) -> str:
    group = escape.lastindex or 0
    text = escape[group]
    if group < _OCTAL:
        return _character(source, at, escape.group(), int(text, 16))
    if group == _OCTAL:
        return chr(int(text, 8))
    if group == _OCTAL + 1:
        return _PLAIN.get(text, text)
    raise refuse(source, at, "syntax", f"bad escape '{escape.group()}' in a string")


def _character(source: str, at: int, text: str, code: int) -> str:
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:  # noqa: PLR2004 - the bounds of Unicode
        raise refuse(source, at, "syntax", f"'{text}' is not a character")
    return chr(code)
