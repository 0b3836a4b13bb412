"""What our role assignments on a subscription let us read.

Resource Graph leaves out, without a word, what its caller may not read. So the actions that a
listing needs are compared with those that Resource Manager says we have on the subscription.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any


def missing(needs: Iterable[str], permissions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The actions of `needs` that no role gives.

    `permissions` are the rows of Microsoft.Authorization/permissions: of each role assignment the
    `actions` that it gives, and the `notActions` that it leaves out of them.
    """
    rows = list(permissions)
    return tuple(need for need in needs if not any(_gives(row, need) for row in rows))


def _gives(row: Mapping[str, Any], action: str) -> bool:
    given = any(_matches(pattern, action) for pattern in row.get("actions") or ())
    return given and not any(_matches(pattern, action) for pattern in row.get("notActions") or ())


def _matches(pattern: str, action: str) -> bool:
    return bool(_compiled(pattern.lower()).fullmatch(action.lower()))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
