"""Findings a CPU second through `evaluate`, projection and all, on what AWS answers look like.

    python benchmarks/evaluate.py [resources]

The floor is 150,000. One resource in five breaks the rule that it is judged by, and one in fifty
lacks a member.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.evaluate import evaluate
from agent.pack import settle
from agent.rules.load import load_rules
from agent.rules.rule import Rule
from checks.load import load_checks
from checks.model import Observation, Resource, Target
from checks.schema import schema_of

RULES = Path(__file__).parents[1] / "rules"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TARGET = Target(provider="aws", id="111122223333")
PAGE = 1000
FLOOR = 150_000


def main(count: int) -> int:
    """Print the rate of each rule on its own examples and of all of them together."""
    checks = load_checks()
    rules = load_rules([RULES], checks, schema_of)
    settle()
    findings, seconds, rows = 0, 0.0, []
    for rule in rules.values():
        parts = [_page(rule, page) for page in range(max(count // PAGE, 1))]
        evaluate(rule, parts[0], now=NOW, target=TARGET)
        begun = time.process_time()
        made = sum(len(evaluate(rule, part, now=NOW, target=TARGET)[0]) for part in parts)
        spent = time.process_time() - begun
        made = made or count  # of `any` no finding comes out, and each resource was judged
        findings, seconds = findings + made, seconds + spent
        rows.append((made / spent, rule.id))
    rows.sort()
    for rate, name in (*rows[:5], rows[len(rows) // 2], rows[-1]):
        print(f"{rate:>12,.0f}  {name}")
    rate = findings / seconds
    print(f"{rate:>12,.0f}  findings a CPU second over {len(rules)} rules; floor {FLOOR:,}")
    return 0 if rate >= FLOOR else 1


def _page(rule: Rule, page: int) -> Observation:
    """Make a page of resources out of the examples: of ten 7.8 pass, 2 fail, 0.2 are errors."""
    of: dict[str, list[Any]] = {}
    for example in rule.examples:
        if not example.params:
            of.setdefault(str(example.expect), []).extend(example.resources)
    good = of.get("pass") or [{}]
    kinds = {0: of.get("fail") or good, 5: of.get("fail") or good}
    resources = []
    for number in range(page * PAGE, (page + 1) * PAGE):
        documents = kinds.get(number % 10, good)
        if number % 50 == 7:
            documents = of.get("error") or good
        resources.append(
            Resource(
                check=rule.check,
                id=f"arn:aws:it:eu-west-1:111122223333:thing/{number}",
                label=f"{number}",
                region="eu-west-1",
                attributes=documents[number % len(documents)],
            )
        )
    return Observation(check=rule.check, region="eu-west-1", resources=tuple(resources))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
