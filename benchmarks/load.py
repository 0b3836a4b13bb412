"""How long the shipped checks and rules take to load, in CPU seconds, and what a rule costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agent.rules.load import load_rules
from checks.load import load_checks
from checks.schema import schema_of

REPEATS = 5
RULES = Path(__file__).parents[1] / "rules"


def spent(do: Callable[[], object]) -> float:
    """Give the CPU seconds of `do`, the least of some repeats."""
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        do()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Print a line for the checks, one for the rules, and one in proportion."""
    checks = load_checks()
    rules = load_rules([RULES], checks, schema_of)
    on_checks = spent(load_checks)
    on_rules = spent(lambda: load_rules([RULES], checks, schema_of))
    print(f"{len(checks):4} checks {on_checks:8.3f} CPU s")
    print(f"{len(rules):4} rules  {on_rules:8.3f} CPU s")
    print(f" 300 rules  {on_rules / len(rules) * 300:8.3f} CPU s in proportion")


if __name__ == "__main__":
    main()
