"""What the demo's Azure does not show the agent for a while."""

from __future__ import annotations

from collections.abc import Sequence

from agent.demo.azure.server import Fault, Server
from agent.demo.upset import Blind

_RIGHTS = (
    ("Microsoft.Storage/storageAccounts/blobServices/read", r"blobServices/default\?"),
    ("Microsoft.Sql/servers/auditingSettings/read", r"auditingSettings/default"),
    ("AuditLog.Read.All", r"userRegistrationDetails"),
    ("Microsoft.KeyVault/vaults/keys/read", r"vaults/[^/]+/keys\?"),
)
"""Permission -> the requests that are refused without it."""


def blinds_of(server: Server) -> Sequence[Blind]:
    """What can be taken away from the agent at `server`."""
    return [_blind(server, right, matching) for right, matching in _RIGHTS]


def _blind(server: Server, right: str, matching: str) -> Blind:
    fault = Fault(matching=matching, status=403, code="AuthorizationFailed")
    return Blind(
        right=right,
        begin=lambda: server.faults.append(fault),
        end=lambda: server.faults.remove(fault),
    )
