"""Text that was observed, made harmless for what shows it. Pure."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what has no form of its own: control, direction, surrogate, private."""
_FORMULA = frozenset("=+-@\t\r")


def visible(text: str) -> str:
    """Show by its number each character that has no form; the end of a line stays."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{ord(character):04X}"
        "\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
        if character != "\n" and unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text (OWASP, CSV injection)."""
    return text[:1] in _FORMULA


def defused(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run."""
    return "'" + text if is_formula(text) else text
