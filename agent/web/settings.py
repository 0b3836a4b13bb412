"""Where the HTTP server listens, whom it lets in, and how much each may ask."""

from __future__ import annotations

import ipaddress

from msgspec import Struct


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The read-only HTTP server (docs/api.md)."""

    listen: str = "127.0.0.1:9464"
    insecure: bool = False
    """Listen beyond loopback without asking who is there: only behind something that does."""
    web_config: str = ""
    """A web configuration file as Prometheus's exporters read it: TLS and passwords."""
    tokens: str = ""
    """The file of bearer tokens; empty: `tokens.json` beside the store."""
    requests_per_second: int = 50
    """What one address may ask for in the long run, and ten times as much at once; 0: no limit."""
    audit_reads: bool = False
    """Seal in the log who read which evidence."""
    series_budget: int = 200_000
    """Series that the metrics of rules and controls may have; past it they are reduced
    (docs/metrics.md)."""

    @property
    def host(self) -> str:
        """The address part of `listen`."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of `listen`; 0 asks the system for a free one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
