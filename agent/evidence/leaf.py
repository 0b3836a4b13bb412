"""The leaves of a run's two trees: what `state_root` and `inventory_root` are roots of.

`state_root` is an RFC 6962 root over the rules of the run, sorted by id. The leaf of a rule is
canonical JSON `{"resources": n, "root": hex, "rule": id}`, whose root is over the rule's findings
sorted by resource (by code point); the leaf of a finding is canonical JSON `{"code", "message",
"needs", "outcome", "region", "resource", "rule", "values"}`, `values` being the hex SHA-256 of
the canonical JSON of what the rule read, or empty. `inventory_root` is the same over the checks:
`{"check": name, "resources": n, "root": hex}`, and `{"digest", "region", "resource"}` below.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from json.encoder import encode_basestring

from agent.evidence.entry import canonical
from agent.evidence.tree import Frontier, leaf_hash
from agent.model import Outcome

OUTCOMES = tuple(Outcome)
"""An outcome's number in the store is its place here."""
GONE = 9
"""The number of "no longer in the population"."""


def finding_leaf(  # noqa: PLR0917 - the members of the leaf in their order
    rule: str, resource: str, region: str, outcome: int, reason: Sequence[str], digest: bytes
) -> bytes:
    """Hash a finding as it stands in its rule's tree; `reason` is code, message, needs."""
    code, message, needs = reason
    return quoted_leaf(
        encode_basestring(rule), resource, region, OUTCOMES[outcome], code, message, needs,
        digest.hex(),
    )  # fmt: skip


def quoted_leaf(  # noqa: PLR0917 - keywords would cost a tenth of the call
    rule: str,
    resource: str,
    region: str,
    outcome: str,
    code: str,
    message: str,
    needs: str,
    values: str,
) -> bytes:
    """Hash a finding whose rule is JSON text already and whose needs are a JSON list, or empty.

    The canonical JSON is written by hand: it is made for every finding of every run.
    """
    text = (
        f'{{"code":{encode_basestring(code)},"message":{encode_basestring(message)},'
        f'"needs":{needs or "[]"},"outcome":"{outcome}","region":{encode_basestring(region)},'
        f'"resource":{encode_basestring(resource)},"rule":{rule},"values":"{values}"}}'
    )
    return sha256(b"\x00" + text.encode()).digest()


def rule_leaf(rule: str, tree: Frontier) -> bytes:
    """Hash a rule as it stands in a run's tree."""
    return leaf_hash(canonical({"resources": tree.size, "root": tree.root().hex(), "rule": rule}))


def resource_leaf(resource: str, region: str, digest: bytes) -> bytes:
    """Hash a resource as it stands in its check's tree."""
    parts = {"digest": digest.hex(), "region": region, "resource": resource}
    return leaf_hash(canonical(parts))


def check_leaf(check: str, tree: Frontier) -> bytes:
    """Hash a check as it stands in a run's inventory."""
    return leaf_hash(canonical({"check": check, "resources": tree.size, "root": tree.root().hex()}))


def needs_text(needs: Sequence[str]) -> str:
    """Write what to grant as a leaf has it: a JSON list; empty for nothing."""
    return canonical(list(needs)).decode() if needs else ""
