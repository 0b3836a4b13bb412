"""What is asked of every cloud, and by which rules: `families.yaml`.

A family is one concern; the table shows which rules of each cloud see to it. Where a cloud has
none, the reason is said: the concern does not exist there, or something else covers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from agent.controls.document import Document
from agent.reference.markdown import WRITTEN, prose, table
from agent.rules.rule import Rule
from checks.yaml import unknown_key

CLOUDS = ("aws", "azure", "gcp")

SHIPPED = Path(__file__).with_name("families.yaml")


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One concern."""

    rules: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Globs of the ids of the rules that see to it."""
    without: Mapping[str, str] = {}
    """Cloud -> why it has none."""


def load_families(file: Path = SHIPPED) -> dict[str, Family]:
    """Read the families by their titles, in the order of `file`. Raises `DocumentError`."""
    document = Document(file)
    families = {title: document.typed(Family, of, title) for title, of in document.keys.items()}
    for title, family in families.items():
        for cloud in family.without:
            if cloud not in CLOUDS:
                raise document.error(unknown_key(cloud, CLOUDS), title, "without", cloud)
    return families


def families_page(
    families: Mapping[str, Family], rules: Mapping[str, Rule], address: Mapping[str, str]
) -> str:
    """Write the page; `address` of a rule's id is where its own page is, from this one."""
    rows = []
    placed: set[str] = set()
    for title, family in families.items():
        found = rules_of(family, rules)
        placed.update(found)
        cells = [
            "<br>".join(f"[{name}]({address[name]})" for name in found if _cloud(name) == cloud)
            or prose(family.without.get(cloud, ""))
            for cloud in CLOUDS
        ]
        rows.append([prose(title), *cells])
    count = len(rules) - len(placed)
    lines = [WRITTEN, "", "# What is asked of every cloud", ""]
    lines += [
        f"{len(families)} families hold {len(placed)} of {len(rules)} rules; the other {count}"
    ]
    lines += [
        "are about what one cloud alone has. Where a cloud has no rule, the reason is said.",
        "",
    ]
    lines += table(["family", *CLOUDS], rows)
    return "\n".join(lines) + "\n"


def rules_of(family: Family, rules: Iterable[str]) -> list[str]:
    """The ids of the rules that see to `family`, sorted."""
    return sorted(
        name for name in rules if any(fnmatchcase(name, pattern) for pattern in family.rules)
    )


def _cloud(name: str) -> str:
    return name.partition("-")[0]
