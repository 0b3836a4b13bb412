"""Text that UTF-8 can hold: half of a surrogate pair becomes U+FFFD, and the rest stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def clean(text: str) -> str:
    """Give `text` with every lone surrogate replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_all(value: Any) -> Any:
    """Give a JSON value with all its texts cleaned, keys too; tuples become lists."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): clean_all(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [clean_all(part) for part in value]
    return value
