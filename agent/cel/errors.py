"""What can go wrong with an expression.

CelError        the expression is wrong; raised when it is compiled, never later
  EvalError     the expression is right, but these values give no answer
Fault           the same without a place: raised by operators and functions, which do not know
                where in a source they stand; never leaves this package
"""

from __future__ import annotations


class CelError(Exception):
    """An expression is wrong. `str()` is `line:column: message`, both from 1, in characters.

    `code` is for machines: syntax, limit, name, function, type, field, value, optional, regex.
    """

    def __init__(
        self, message: str, *, code: str, line: int = 1, column: int = 1, path: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.line = line
        self.column = column
        self.path = path

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}"


class EvalError(CelError):
    """An expression has no value for these inputs; `path` names the field at fault, if it is one.

    `code`: missing, type, null, unseen, budget, function, overflow, range, value, division.
    """


class Fault(Exception):  # noqa: N818 - not an error of its own: it becomes an EvalError with a place
    """An operator or a function has no result for these operands."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def locate(source: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character offset."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


def refuse(source: str, offset: int, code: str, message: str) -> CelError:
    """Give the error for a place in a source, to be raised by the caller."""
    line, column = locate(source, offset)
    return CelError(message, code=code, line=line, column=column)
