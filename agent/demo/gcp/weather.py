"""What the demo's Google Cloud does not show the agent for a while."""

from __future__ import annotations

from collections.abc import Sequence

from agent.demo.gcp.server import Fault, Server
from agent.demo.upset import Blind

_RIGHTS = (
    ("cloudasset.assets.listIamPolicy", "IAM_POLICY"),
    ("admin.directory.user.readonly", "users"),
)
"""Permission -> what is refused without it."""


def blinds_of(server: Server) -> Sequence[Blind]:
    """What can be taken away from the agent at `server`."""
    return [_blind(server, right, content) for right, content in _RIGHTS]


def _blind(server: Server, right: str, content: str) -> Blind:
    fault = Fault(content=content, code="PERMISSION_DENIED")
    return Blind(
        right=right,
        begin=lambda: server.faults.append(fault),
        end=lambda: server.faults.remove(fault),
    )
