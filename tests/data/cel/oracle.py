"""Google's own CEL runtime in a process of its own: it can abort, and must not take pytest along.

Reads lines of JSON `[expression, document]`, the document bound to `r`, and answers each with a
line: `refused`, `error`, `true` or `false`. Never asked for a null: on CPython 3.11 the binding
drops a reference to None with each, and aborts after some thousand.
"""

import json
import sys

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional


def main() -> None:
    environment = cel.NewEnv(variables={"r": cel.Type.DYN}, extensions=[ext_optional.ExtOptional()])
    for line in sys.stdin:
        expression, document = json.loads(line)
        sys.stdout.write(answer(environment, expression, document) + "\n")
        sys.stdout.flush()


def answer(environment, expression, document) -> str:
    # a condition of ?: must be a bool for both, and the answer is an int whatever the expression
    text = f"({expression}) ? 1 : 0"
    try:
        program = environment.compile(text)
    except Exception:  # noqa: BLE001 - whatever it raises is its refusal
        return "refused"
    try:
        found = program.eval(data={"r": document})
    except Exception:  # noqa: BLE001 - some errors are raised, others are values
        return "error"
    # errors are values whose plain_value() is a text
    return "error" if found.type() != cel.Type.INT else "true" if found.plain_value() else "false"


main()
