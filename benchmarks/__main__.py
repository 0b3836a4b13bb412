"""Every benchmark, one after the other: `python -m benchmarks [name ...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ORDER = (
    *("cel", "load", "evaluate", "collect", "scrape", "growth"),
    *("peers", "all_rules", "reports", "year", "questions"),
)
"""From seconds to minutes."""


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; gives the number that failed."""
    failed = 0
    for name in names or ORDER:
        print(f"\n== {name}", flush=True)
        done = subprocess.run([sys.executable, FOLDER / f"{name}.py"], check=False)
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
