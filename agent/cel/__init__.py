"""The rule language: a subset of CEL, compiled to Python.

Language: https://github.com/google/cel-spec/blob/master/doc/langdef.md; what is not supported
(bytes, unsigned ints, messages, `type()`, zones by name) is refused when a rule is loaded.
"""

from __future__ import annotations

from agent.cel.compile import compile_expression
from agent.cel.errors import CelError, EvalError
from agent.cel.functions import FUNCTIONS, Function
from agent.cel.program import Program, Trace
from agent.cel.project import project
from agent.cel.template import Template, compile_template
from agent.cel.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    LIST,
    MAP,
    NULL,
    STRING,
    TIMESTAMP,
    Type,
    fields_of,
    from_json_schema,
    list_of,
    map_of,
)

__all__ = [
    "BOOL",
    "DOUBLE",
    "DURATION",
    "DYN",
    "FUNCTIONS",
    "INT",
    "LIST",
    "MAP",
    "NULL",
    "STRING",
    "TIMESTAMP",
    "CelError",
    "EvalError",
    "Function",
    "Program",
    "Template",
    "Trace",
    "Type",
    "compile_expression",
    "compile_template",
    "fields_of",
    "from_json_schema",
    "list_of",
    "map_of",
    "project",
]
