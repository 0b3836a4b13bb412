"""Write the table of values into the chart's README, from the comments of values.yaml.

A comment that begins with `# --` describes the key below it; the first line of it may be followed
by others.
"""  # noqa: INP001 - a script of the Makefile, not a package

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent / "assay"
MARK = "<!-- made by `make chart` from values.yaml -->\n"


def main() -> None:
    """Replace what follows the mark in README.md; with --check say whether it is that already."""
    path = CHART / "README.md"
    before, mark, after = path.read_text().partition(MARK)
    made = table((CHART / "values.yaml").read_text())
    if sys.argv[1:] != ["--check"]:
        path.write_text(before + mark + made)
    elif made != after:
        sys.exit(f"{path}: `make chart` would change it")


def table(values: str) -> str:
    """Give the described values as a Markdown table: path, default, meaning."""
    defaults = yaml.safe_load(values)
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for path, words in described(values):
        default = json.dumps(_at(defaults, path))
        rows.append(f"| `{path}` | `{default}` | {words} |")
    return "\n".join(rows) + "\n"


def described(values: str) -> Iterator[tuple[str, str]]:
    """Yield path and description of each value that has one, in the order of the file."""
    above: list[str] = []
    words: list[str] = []
    for line in values.splitlines():
        text = line.strip()
        if text.startswith("# -- "):
            words = [text.removeprefix("# -- ")]
        elif text.startswith("#") and words:
            words.append(text.removeprefix("#").strip())
        elif text and not text.startswith(("#", "-")):
            above[(len(line) - len(text)) // 2 :] = [text.partition(":")[0]]
            if words:
                yield ".".join(above), " ".join(words)
            words = []


def _at(values: Any, path: str) -> Any:
    for key in path.split("."):
        values = values[key]
    return values


if __name__ == "__main__":
    main()
