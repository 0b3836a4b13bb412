"""The tables: truth that is only ever added to, and projections that can be built again from it.

Truth: `meta`, `entry`, `checkpoint`, `blob`, `content`, `name`, `resource`, `reason`, `plan`,
`plan_rule`, `run`, `change`, `sighting`. Projections: `current`, `span`, `latest`, `inventory`.
Times are microseconds since 1970 UTC. Nothing here is particular to a database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = 1
metadata = MetaData()


def _table(name: str, *columns: Column[object] | UniqueConstraint, keyed: bool = False) -> Table:
    """Declare a table; `keyed`: its rows are kept in the order of their key."""
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=not keyed)


def _key(name: str, kind: type[Integer | Text] = Integer) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False)


def _int(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), nullable=null)


def _text(name: str) -> Column[object]:
    return Column(name, Text, nullable=False)


def _bytes(name: str) -> Column[object]:
    return Column(name, LargeBinary, nullable=False)


# --- truth: the log
meta = _table("meta", _key("key", Text), _text("value"), keyed=True)
entry = _table("entry", _key("idx"), _text("kind"), _int("at"), _bytes("hash"), _bytes("body"))
checkpoint = _table("checkpoint", _key("size"), _bytes("root"), _bytes("note"))

# --- truth: content by digest (retention may delete a content, never its digest)
blob = _table("blob", _key("id"), _bytes("digest"), _int("size"), UniqueConstraint("digest"))
content = _table("content", _key("blob"), _int("base", null=True), _int("crc"), _bytes("body"))
"""`body` is a zstd frame; `crc` its CRC-32, begun with `base`, for bits that expanding ignores.
`base` is the blob whose content is the frame's dictionary: what is nearly the same run after run
takes few bytes. A base has none of its own, and must stay while others are based on it."""

# --- truth: words that rows refer to by number
name = _table("name", _key("id"), _text("text"), UniqueConstraint("text"))
"""Of targets, rules and checks."""
resource = _table(
    "resource",
    _key("id"),
    _int("target"),
    _text("text"),
    _text("region"),
    UniqueConstraint("target", "text", "region"),
)
reason = _table(
    "reason",
    _key("id"),
    _text("code"),
    _text("message"),
    _text("needs"),
    UniqueConstraint("code", "message", "needs"),
)
"""`needs` is a JSON list, or empty."""
plan = _table("plan", _key("id"), _int("blob"), UniqueConstraint("blob"))
plan_rule = _table("plan_rule", _key("plan"), _key("rule"), keyed=True)

# --- truth: runs and what changed in them
run = _table(
    "run",
    _key("id"),
    _int("entry"),
    _int("target"),
    _int("slot", null=True),
    _int("started"),
    _int("finished"),
    _int("plan"),
    UniqueConstraint("target", "slot"),
    UniqueConstraint("entry"),
)
change = _table(
    "change",
    _key("seq"),
    _int("run"),
    _int("rule"),
    _int("resource"),
    _int("outcome"),
    _int("reason", null=True),
    _int("blob", null=True),
)
"""A finding that differs from the run before; `outcome` GONE: it is no longer in the population."""
sighting = _table(
    "sighting",
    _key("seq"),
    _int("run"),
    _int("check"),
    _int("resource"),
    Column("digest", LargeBinary),
)
"""A resource that appeared or whose attributes changed; no digest: it is gone."""

# --- projections
current = _table(
    "current",
    _key("target"),
    _key("rule"),
    _key("resource"),
    _bytes("leaf"),
    _int("from_run"),
    _int("outcome"),
    _int("reason", null=True),
    _int("blob", null=True),
    keyed=True,
)
span = _table(
    "span",
    _key("target"),
    _key("rule"),
    _key("resource"),
    _key("from_run"),
    _int("to_run"),
    _int("outcome"),
    _int("reason", null=True),
    _int("blob", null=True),
    keyed=True,
)
latest = _table(
    "latest",
    _key("target"),
    _key("rule"),
    _int("run"),
    *(_int(outcome) for outcome in ("fail", "error", "waived", "pass", "not_applicable")),
    keyed=True,
)
inventory = _table(
    "inventory",
    _key("target"),
    _key("check"),
    _key("resource"),
    _bytes("digest"),
    _int("from_run"),
    keyed=True,
)

Index("entry_kind", entry.c.kind, entry.c.idx, sqlite_where=entry.c.kind != "run")
Index("run_target", run.c.target, run.c.id)
Index("run_finished", run.c.finished)
Index("change_run", change.c.run)
Index("sighting_run", sighting.c.run)
Index("span_fail", span.c.rule, span.c.to_run, sqlite_where=span.c.outcome == 0)
Index("current_fail", current.c.rule, sqlite_where=current.c.outcome == 0)

TRUTH = (
    meta,
    entry,
    checkpoint,
    blob,
    content,
    name,
    resource,
    reason,
    plan,
    plan_rule,
    run,
    change,
    sighting,
)
DENSE = {entry: "idx", blob: "id", name: "id", resource: "id", reason: "id", plan: "id"} | {
    run: "id",
    change: "seq",
    sighting: "seq",
}
"""Tables whose key counts up without holes, from 0 (entry) or from 1."""
PROJECTIONS = (current, span, latest, inventory)
