"""Paths of fields as text: `resource.Rules[].Port`, `resource.Rules[1].Port`, `resource["a b"]`.

`[]` stands for every element of a list.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

ELEMENT: Final = "[]"
"""What to append to a path for every element."""
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEP: Final = re.compile(
    r'\.?(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<element>\[\d*\])|\[(?P<quoted>"(?:\\.|[^"\\])*")\]'
)
_POSITION: Final = re.compile(r"\[\d+\]")


def step(field: str) -> str:
    """Give what to append to a path for a field of it."""
    return f".{field}" if _PLAIN.fullmatch(field) else f"[{json.dumps(field)}]"


def element(key: Any) -> str:
    """Give what to append to a path for an element: of a list by position, of a map by key."""
    return step(key) if isinstance(key, str) else f"[{key}]"


def split(path: str) -> tuple[str | None, ...]:
    """Give the steps of a path: field names, and None for elements."""
    steps: list[str | None] = []
    for match in _STEP.finditer(path):
        if match["name"] is not None:
            steps.append(match["name"])
        elif match["element"] is not None:
            steps.append(None)
        else:
            steps.append(json.loads(match["quoted"]))
    return tuple(steps)


def general(path: str) -> str:
    """Give the path with `[]` in place of positions."""
    return _POSITION.sub(ELEMENT, path)


def is_inside(path: str, outer: str) -> bool:
    """Whether a path is below another, and not the same."""
    return path.startswith((f"{outer}.", f"{outer}["))
