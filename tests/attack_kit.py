"""What an attacker does to a bundle: its rows, its policy, the whole log signed anew."""

import gzip
import json
from hashlib import sha256

from bundle_kit import (
    changed,
    entries,
    index_of,
    listed,
    rewritten,
)

RUN = 14
"""An entry that is a run of the period."""


def policy(folder, **members):
    path = folder / "policy.json"
    known = {**json.loads(path.read_text()), **members}
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def rows(folder, name, change):
    """Give the rows of a file to `change`, and write what it gives."""
    path = folder / f"state/{name}.jsonl.gz"
    found = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in change(found))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def other_history(folder):
    """Rewrite the log from the waiver on with the same key, so that it fits together."""
    lines = entries(folder)
    place = index_of(lines, "waiver")
    lines[place] = changed(lines[place], id="another")
    sealed_again(folder, lines)


def sealed_again(folder, lines, **members):
    """Sign these entries with the log's own key, and seal other members of policy.json."""
    export = json.loads(lines[-1])
    export |= {name: members[name] for name in ("from", "to") if name in members}
    size = members.get("size", len(lines) - 1)
    rewritten(folder, lines[:size])
    head = (folder / "log/checkpoint").read_text().split("\n")[2]
    policy(folder, **{**members, "root": head, "size": size})
    listed(folder)
    sealed = "".join(
        line
        for line in (folder / "MANIFEST.sha256").read_text().splitlines(keepends=True)
        if not line[66:].startswith(("log/", "anchors/"))
    )
    export["log"] = {"root": head, "size": size}
    export["manifest"] = sha256(sealed.encode()).hexdigest()
    rewritten(folder, [*lines[:-1], json.dumps(export, sort_keys=True).encode()])
    listed(folder)
