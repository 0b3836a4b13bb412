"""Strangers' recorded answers of Azure and Google Cloud: the cases, and why some are not restated.

The recordings are outside of the repository (see tests/recorded_kit.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from recorded_kit import manifest

Json = dict[str, Any]


def expected(cloud: str, source: str) -> dict[str, Json]:
    """What another engine said: id of the case -> the case."""
    return {
        case["id"]: case
        for case in manifest()["expected"]
        if (case["cloud"], case["source"]) == (cloud, source)
    }


def files_of(folder: str) -> list[Json]:
    """The recordings in a folder, as the manifest describes them."""
    return [dict(one) for one in manifest()["files"] if one["path"].startswith(folder)]


def reasons(unsaid: Mapping[str, str]) -> list[str]:
    """Why cases are not restated, as lines of docs/recorded.md."""
    filters = Counter(why[11:] for why in unsaid.values() if why.startswith("the filter "))
    others = Counter(why for why in unsaid.values() if not why.startswith("the filter "))
    told = Counter(
        {
            f"{why} ({_counted(names, filters)})": _sum(names, filters)
            for why, names in ASKED.items()
            if _sum(names, filters)
        }
    )
    assert told.total() == filters.total(), filters.keys() - {
        n for names in ASKED.values() for n in names
    }
    if not unsaid:
        return []
    lines = [f"- {len(unsaid)} are not restated:"]
    return lines + [f"  - {count}: {why}." for why, count in (told + others).most_common()]


def _sum(names: Sequence[str], found: Mapping[str, int]) -> int:
    return sum(found.get(name, 0) for name in names)


def _counted(names: Sequence[str], found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {found[name]}" for name in sorted(names) if name in found)


ASKED: Mapping[str, Sequence[str]] = {
    "measured over a time up to now, which no parameter of a call can name": (
        *("metric", "metrics", "storage-metrics", "cost"),
    ),
    "the answer that decided it was not recorded": (
        *("authentication", "instance-view", "policy-compliant", "org-policy"),
    ),
    "what Cloud Asset Inventory does not list: findings, places, versions on offer, the firewall"
    " that is in effect": ("scc-findings", "keyring", "server-config", "effective-firewall"),
    "the engine's own bookkeeping of work to do": ("marked-for-op",),
    "asked of a vault itself, where our session does not go": ("parent",),
    "one id that begins with another, where a join compares whole ones": ("resource-access",),
    "names of people, who are the tenant's and not the subscription's": ("whitelist",),
}
"""Why filters of the engine's own are not restated -> their names."""
