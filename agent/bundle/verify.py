"""Checks a bundle of evidence by itself: Python's standard library, and openssl for timestamps.

    python3 verify.py [BUNDLE] [--vkey KEY] [--held FILE] [--tsa-ca FILE] [--require-anchors]

It is one long file, and stays one, because an auditor takes it alone to another machine, reads it
from top to bottom and runs it there: nothing of Assay is imported, and whatever it shares with
Assay (the tree, notes, canonical JSON) is written here a second time on purpose, so that a mistake
there is not made here as well. What it judges by (the longest lag, the grace) is its own or the
reader's, never the bundle's. It reads in the order in which it runs: the command, the parts of
`Bundle.check`, then the tree, the states of a run, signatures, and small things.

Each line of output is one thing that was checked or is wrong; exit code 0: valid, 1: invalid, 2:
the command is wrong. What it proves: what was recorded has not been changed or removed since it was
anchored, or since the checkpoint that you hold (--held) was made. It does not prove that the agent
told the truth when it recorded it. Formats: VERIFY.md.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import re
import subprocess  # openssl, for timestamps
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

UTC = timezone.utc  # noqa: UP017 - also for the Python that an auditor has
FORMAT = "assay.bundle.v1"
LAG = 26  # hours that an entry may wait until somebody else holds it, if --max-lag says no other
GRACE = timedelta(minutes=15)  # how late a run may come, and how far clocks may differ
MAKING = timedelta(hours=1)  # how long a bundle may take from its first look at the log to its seal
UNSEALED = ("log/", "anchors/")
ALWAYS = {
    "run": ("plan", "also_seen"),
    "schedule": ("scopes",),
    "retention": ("deleted",),
    "population": ("ids",),
    "sample": ("items",),
}
KINDS = {
    "agent", "schedule", "run", "gap", "waiver", "attestation", "config", "population", "sample",
    "export", "retention", "key", "anchor", "response",
}  # fmt: skip
OUTCOMES = ("fail", "error", "waived", "pass", "not_applicable")
BROKEN = (
    OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, zlib.error,
    OverflowError, RecursionError,
)  # fmt: skip
MOST_LINES = 60
MOST_SLOTS = 10
HEAD = 3  # lines of a checkpoint: origin, size, root


def main(arguments: list[str] | None = None) -> int:
    """Check a bundle and say what is found."""
    parser = argparse.ArgumentParser(description="Check a bundle of evidence.")
    here = Path(__file__).resolve().parent
    parser.add_argument("bundle", nargs="?", type=Path, default=here)
    parser.add_argument("--vkey", help="the verifier key that you expect (name+id+key)")
    parser.add_argument(
        "--held", type=Path, action="append", default=[], help="a checkpoint that you hold"
    )
    parser.add_argument("--tsa-ca", type=Path, help="roots that you trust for timestamps (PEM)")
    parser.add_argument(
        "--require-anchors", action="store_true", help="invalid without any timestamp"
    )
    parser.add_argument(
        "--max-lag", type=int, default=LAG, help=f"hours that an entry may wait ({LAG})"
    )
    options = parser.parse_args(arguments)
    bundle = Bundle(options.bundle, options.vkey, timedelta(hours=options.max_lag))
    bundle.check(options.held, options.tsa_ca, require=options.require_anchors)
    for line in bundle.facts:
        say(f"ok       {line}")
    for line in bundle.problems[:MOST_LINES]:
        say(f"INVALID  {line}")
    if bundle.problems:
        say(f"RESULT: invalid, {len(bundle.problems)} problems")
        return 1
    say(f"RESULT: valid; {bundle.anchored}")
    return 0


class Bundle:
    """A bundle, and what is found of it."""

    def __init__(
        self, folder: Path, vkey: str | None, most: timedelta = timedelta(hours=LAG)
    ) -> None:
        """`vkey` is the key that the reader expects; `most` how long an entry may wait."""
        self.folder = folder
        self.expected_vkey = vkey
        self.most = most
        self.problems: list[str] = []
        self.facts: list[str] = []
        self.anchored = "chained, not anchored: only whoever holds a checkpoint can see a rewrite"
        self.policy: dict[str, Any] = {}
        self.files: dict[str, str] = {}
        self.turns: list[tuple[int, Key]] = []
        self.lines: list[bytes] = []
        self.entries: list[dict[str, Any]] = []
        self.notes: dict[int, str] = {}
        self.roots: list[bytes] = []
        self.contents: dict[str, Path] = {}
        self.deleted: set[str] = set()
        self.needed: dict[str, str] = {}
        self.first, self.last = -1, -2

    def check(self, held: list[Path], roots: Path | None, *, require: bool) -> None:
        """Check everything; `problems` and `facts` say what was found."""
        self.part("the list of files", self.manifest)
        self.part("policy.json", self.read_policy)
        self.part("the log", self.log)
        self.part("the export entry", self.export)
        self.part("held checkpoints", lambda: self.held(held))
        self.part("the order of times", self.times)
        self.part("anchors", lambda: self.anchors(roots, require=require))
        self.part("what was deleted", self.retention)
        self.part("runs", self.runs)
        self.part("state", self.state)
        self.part("contents", self.blobs)
        self.part("slots", self.slots)
        self.part("samples", self.samples)

    def part(self, name: str, act: Callable[[], None]) -> None:
        """Carry out one part; what cannot be read at all is a problem of its own."""
        try:
            act()
        except BROKEN as error:
            self.wrong(f"{name}: cannot be read: {type(error).__name__}: {str(error)[:200]}")

    def wrong(self, line: str) -> None:
        """Note a problem."""
        self.problems.append(" ".join(line.split()))

    # --- files
    def manifest(self) -> None:
        """Compare every file with MANIFEST.sha256."""
        listed = self.listed()
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                self.wrong(f"{name}: is not a plain file")
            elif path.is_file() and name != "MANIFEST.sha256":
                self.files[name] = digest_of(path)
        for name in sorted(listed.keys() | self.files.keys()):
            if name not in self.files:
                self.wrong(f"{name}: is missing")
            elif name not in listed and not name.startswith("anchors/"):
                # Receipts may come later: they prove themselves.
                self.wrong(f"{name}: was added: MANIFEST.sha256 does not list it")
            elif listed.get(name, self.files[name]) != self.files[name]:
                self.wrong(f"{name}: was changed: it does not have the digest of MANIFEST.sha256")
        for name in self.files:
            if name.startswith(("blobs/", "rules/")):
                self.contents[name.rsplit("/", 1)[1].split(".")[0]] = self.folder / name
        self.facts.append(f"{len(self.files)} files")
        self.myself()

    def myself(self) -> None:
        """Say what to think of the verifier that came with the bundle."""
        mine = Path(__file__).resolve()
        if mine == (self.folder / "verify.py").resolve():
            self.facts.append("verify.py came with the bundle and vouches for itself: use your own")
        elif self.files.get("verify.py") not in (None, digest_of(mine)):
            self.facts.append("the bundle's verify.py is another than this: do not go by its word")

    def listed(self) -> dict[str, str]:
        """Read MANIFEST.sha256: path -> digest."""
        text = (self.folder / "MANIFEST.sha256").read_bytes().decode()
        listed: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            found = re.fullmatch(r"([0-9a-f]{64})  (\S.*)", line)
            if found is None or found[2] in listed:
                self.wrong(f"MANIFEST.sha256: line {number} is not a digest and a path")
            else:
                listed[found[2]] = found[1]
        if text != "".join(f"{listed[path]}  {path}\n" for path in sorted(listed)):
            self.wrong("MANIFEST.sha256: is not written in its one form")
        return listed

    def read_policy(self) -> None:
        """Read what the bundle says of itself."""
        self.policy = json.loads((self.folder / "policy.json").read_bytes())
        if self.policy["format"] != FORMAT:
            self.wrong(f"policy.json: the format {self.policy['format']!r} is not {FORMAT}")
        if not self.expected_vkey:
            self.facts.append(
                f"the key {self.policy['vkey']} is the bundle's own word: name yours with --vkey"
            )

    # --- keys
    def read_keys(self) -> None:
        """Follow the log from its first key to each that the one before handed it over to."""
        first = self.entries[0].get("vkey")
        self.turns = [(1, Key(str(first)))] if self.entries[0].get("kind") == "key" else []
        for index, body in self.of("key"):
            if index and self.turns:
                self.turn(index, body)
        texts = [key.text for _, key in self.turns]
        wanted = self.expected_vkey or self.policy["vkey"]
        if self.expected_vkey not in (None, *texts):
            self.wrong(f"policy.json: the key {self.policy['vkey']} is not the one you expect")
        if self.policy["vkey"] not in texts[-1:] or wanted not in texts:
            self.wrong(f"entry 0: does not name the key {wanted}, nor does one that hands over")
            self.turns = [(1, Key(wanted))]

    def turn(self, index: int, body: dict[str, Any]) -> None:
        """Take the next key from an entry; its checkpoint is signed by both."""
        before = self.turns[-1][1]
        key = Key(body["vkey"])
        right = body.get("event") == "rotated" and body.get("previous") == before.text
        if not right or key.name != before.name:
            self.wrong(f"entry {index}: does not hand over from the key {before.text}")
            return
        self.turns.append((index + 2, key))
        self.facts.append(f"entry {index} hands the log over to the key {key.text}")

    def open(self, note: str) -> tuple[str, int, bytes]:
        """Give origin, size and root of a checkpoint that all signed who must. `ValueError`."""
        _, size, _ = read_head(note)
        signers = [key for start, key in self.turns if start <= max(size, 1)][-1:]
        signers += [key for start, key in self.turns if start == size + 1 > 1]
        heads = [key.open(note) for key in signers]
        return heads[0]

    # --- the log
    def log(self) -> None:
        """Check every entry against every signed checkpoint."""
        data = (self.folder / "log/entries.jsonl").read_bytes()
        if not data.endswith(b"\n"):
            self.wrong("log/entries.jsonl: the last line is cut")
        self.lines = data.split(b"\n")[:-1]
        for index, line in enumerate(self.lines):
            self.entries.append(self.entry(index, line))
        self.read_keys()
        for line in (self.folder / "log/checkpoints.jsonl").read_bytes().splitlines():
            row = json.loads(line)
            if row["size"] in self.notes or row["size"] != len(self.notes) + 1:
                self.wrong(f"checkpoint {row['size']}: out of order")
            self.notes[row["size"]] = row["note"]
        signed = {size: self.signed(size, note) for size, note in self.notes.items()}
        self.compare(signed)
        head = (self.folder / "log/checkpoint").read_bytes().decode()
        if head != self.notes.get(len(self.lines)):
            self.wrong("log/checkpoint: is not the checkpoint of the last entry")
        self.facts.append(f"{len(self.lines)} entries, {len(signed)} signed checkpoints")

    def entry(self, index: int, line: bytes) -> dict[str, Any]:
        """Read an entry."""
        try:
            body = json.loads(line)
            if body["kind"] not in KINDS or body["v"] != 1:
                self.wrong(f"entry {index}: is of an unknown kind or version")
            moment(body["at"])
        except BROKEN:
            self.wrong(f"entry {index}: is not an entry of a log")
            return {"kind": "", "at": "1970-01-01T00:00:00Z"}
        return dict(body)

    def signed(self, size: int, note: str) -> bytes | None:
        """Give the root that a checkpoint signed; None when it is not one of this log."""
        try:
            origin, count, root = self.open(note)
        except BROKEN as error:
            self.wrong(f"checkpoint {size}: {error}")
            return None
        if origin != self.turns[0][1].name or count != size:
            self.wrong(f"checkpoint {size}: is one of {origin} and of size {count}")
            return None
        return root

    def compare(self, signed: dict[int, bytes | None]) -> None:
        """Compute the root after every entry, and name the first entry that is another."""
        tree = Tree()
        wrong = False
        for index, line in enumerate(self.lines):
            before = tree.copy()
            tree.append(leaf(line))
            self.roots.append(tree.root())
            root = signed.get(index + 1)
            if index + 1 not in signed:
                if not wrong:
                    self.wrong(f"checkpoint {index + 1}: is missing; entry {index} is not signed")
                wrong = True
            elif root is not None and root != self.roots[-1] and not wrong:
                self.name(index, before, root)
                wrong = True
        if len(signed) > len(self.lines):
            self.wrong(
                f"entry {len(self.lines)}: is missing: {len(signed)} entries were signed, "
                f"{len(self.lines)} are here: dropped"
            )

    def name(self, index: int, before: Tree, root: bytes) -> None:
        """Say which entry is not the one that was signed, and what happened to it."""
        for other in range(index + 1, len(self.lines)):
            tree = before.copy()
            tree.append(leaf(self.lines[other]))
            if tree.root() == root:
                self.wrong(
                    f"entry {index}: was inserted or moved: what was sealed there now stands as "
                    f"entry {other}: reordered"
                )
                return
        self.wrong(
            f"entry {index}: is not what was sealed there: checkpoint {index + 1} signed another "
            "root: edited, or the one that was there was dropped"
        )

    def export(self) -> None:
        """Check that the last entry sealed just these files."""
        index, body = len(self.entries) - 1, self.entries[-1]
        if body["kind"] != "export" or body.get("what") != "bundle":
            self.wrong(f"entry {index}: the last one is not the export of this bundle")
            return
        for path, sealed in sorted(body["papers"].items()):
            if self.files.get(path) != sealed:
                self.wrong(f"{path}: is not the paper that entry {index} sealed: changed")
        mine = {path: found for path, found in self.files.items() if not path.startswith(UNSEALED)}
        text = "".join(f"{mine[path]}  {path}\n" for path in sorted(mine))
        if hashlib.sha256(text.encode()).hexdigest() != body["manifest"]:
            self.wrong(f"a file outside log/ and anchors/ is not what entry {index} sealed")
        for name in ("from", "to"):
            if self.policy[name] != body[name]:
                self.wrong(f"policy.json: {name} is not that of entry {index}")
        self.cut(index, body)

    def cut(self, index: int, body: dict[str, Any]) -> None:
        """Check when the bundle was made, and that it has the state of all that was there then."""
        made = moment(self.policy["made"])
        if not -GRACE <= moment(body["at"]) - made <= MAKING:
            self.wrong(f"policy.json: made is not when entry {index} was sealed")
        cut = body["log"]
        if [cut["size"], cut["root"]] != [self.policy["size"], self.policy["root"]]:
            self.wrong(f"policy.json: size or root is not that of entry {index}")
        elif base64.b64encode(self.roots[cut["size"] - 1]).decode() != cut["root"]:
            self.wrong(f"entry {index}: names another root of the first {cut['size']} entries")
        for late in range(cut["size"], index):
            if moment(self.entries[late]["at"]) < made - GRACE:
                self.wrong(f"entry {late}: was there when this was made, and its rows are left out")

    def held(self, paths: list[Path]) -> None:
        """Check that the log contains the checkpoints that somebody else kept."""
        for path in paths:
            try:
                origin, size, root = self.open(path.read_bytes().decode())
            except BROKEN as error:
                self.wrong(f"held checkpoint {path.name}: {error}")
                continue
            if origin != self.turns[0][1].name:
                self.wrong(f"held checkpoint {path.name}: is one of {origin}")
            elif size > len(self.roots):
                self.wrong(
                    f"held checkpoint of size {size}: this log ends at {len(self.roots)}: entries "
                    "were removed from its end, or the bundle is older"
                )
            elif self.roots[size - 1] != root:
                self.wrong(f"held checkpoint of size {size}: the log was rewritten before it")
            else:
                self.anchored = f"it contains the checkpoint of size {size} that you hold"
                self.facts.append(f"held checkpoint of size {size} is contained")

    def times(self) -> None:
        """Check that no entry is dated before those that it follows."""
        latest = moment(self.entries[0]["at"])
        for index, body in enumerate(self.entries):
            at = moment(body["at"])
            if at < latest - GRACE:
                self.wrong(
                    f"entry {index}: is dated {body['at']}, {latest - at} before an entry that it "
                    "follows: back-dated"
                )
            latest = max(latest, at)
        end = moment(self.policy["made"])
        if latest > end + timedelta(days=1):
            self.wrong(f"an entry is dated {latest}, after the bundle was made: post-dated")

    # --- anchors
    def anchors(self, roots: Path | None, *, require: bool) -> None:
        """Check the timestamps of others, and that no entry waited for one too long."""
        for name in self.policy["anchors"]:
            if name not in self.files:
                self.wrong(f"{name}: is missing: the anchor was taken away")
        own = self.folder / "anchors/roots.pem"
        trusted = roots or (own if own.exists() else None)
        stamps: dict[int, datetime] = {}
        for place in sorted(self.folder.glob("anchors/*/checkpoint")):
            size = int(place.parent.name)
            found = list(self.anchor(size, place, trusted))
            if found:
                stamps[size] = min(found)
        if stamps:
            self.lag(stamps)
            size = max(stamps)
            whose = "" if roots else ", by the bundle's own roots (name yours with --tsa-ca)"
            self.anchored = f"anchored up to entry {size - 1} at {text_of(stamps[size])}{whose}"
        elif require or any(name.endswith(".tsr") for name in self.policy["anchors"]):
            self.wrong("no timestamp of another holds: the log is not anchored")

    def anchor(self, size: int, place: Path, roots: Path | None) -> Iterator[datetime]:
        """Check what others hold of the checkpoint of a size; gives the times of its stamps."""
        _, count, root = self.open(place.read_bytes().decode())
        if count != size or size > len(self.roots) or self.roots[size - 1] != root:
            self.wrong(f"anchor of size {size}: the log was rewritten since it was anchored")
        for copy in sorted(place.parent.glob("*.json")):
            if json.loads(copy.read_bytes())["sha256"] != digest_of(place):
                self.wrong(f"anchor of size {size}, {copy.name}: is of another checkpoint")
        for reply in sorted(place.parent.glob("*.tsr")):
            when = self.stamp(size, place, reply, roots)
            if when is not None:
                yield when

    def stamp(self, size: int, note: Path, reply: Path, roots: Path | None) -> datetime | None:
        """Verify one RFC 3161 reply at its own time; gives that time."""
        where = f"anchor of size {size}, {reply.name}"
        told = openssl("ts", "-reply", "-in", str(reply), "-text")
        found = re.search(r"^Time stamp: (.+) GMT$", told, re.MULTILINE)
        if found is None:
            self.wrong(f"{where}: is not a timestamp")
            return None
        spelled = re.sub(r"\.\d+", "", found[1])
        when = datetime.strptime(spelled, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        if roots is None:
            self.wrong(f"{where}: there are no roots to verify it with: name them with --tsa-ca")
            return None
        more = ["-data", str(note), "-in", str(reply), "-CAfile", str(roots)]
        said = openssl("ts", "-verify", "-attime", str(int(when.timestamp())), *more)
        if "Verification: OK" not in said:
            self.wrong(f"{where}: does not hold: {said[-200:]}")
            return None
        return when

    def lag(self, stamps: dict[int, datetime]) -> None:
        """Check that every entry was stamped soon after the time that it claims."""
        slack = timedelta(minutes=5)
        start = 0
        for size, when in sorted(stamps.items()):
            for index in range(start, min(size, len(self.entries))):
                at = moment(self.entries[index]["at"])
                if when - at > self.most:
                    self.wrong(
                        f"anchor of size {size}: late: it is of {text_of(when)}, and entry {index} "
                        f"claims {self.entries[index]['at']}: back-dated, or anchored too late"
                    )
                    break
                if at > when + slack:
                    self.wrong(
                        f"anchor of size {size}: is older than entry {index}, which it covers"
                    )
                    break
            start = max(start, size)
        made = moment(self.policy["made"])
        for index in range(start, len(self.entries)):
            if made - moment(self.entries[index]["at"]) > self.most:
                self.wrong(f"entry {index}: waited longer than {self.most} for an anchor")
                break

    # --- contents that stand elsewhere
    def whole(self, part: Any) -> Any:
        """Give a member of an entry, from its content when it was too long; None: not here."""
        if not is_cited(part):
            return part
        place = self.contents.get(part["blob"])
        return None if place is None else json.loads(place.read_bytes())

    def retention(self) -> None:
        """Read which contents were deleted by policy."""
        for body in self.entries:
            if (body["kind"], body.get("of")) == ("retention", "deleted"):
                self.deleted.update(self.whole(body["deleted"]) or ())
        if self.deleted:
            self.facts.append(f"{len(self.deleted)} contents were deleted by retention, as logged")

    def need(self, digest: str, why: str) -> None:
        """Note that a content must be here."""
        self.needed.setdefault(digest, why)

    # --- runs
    def runs(self) -> None:
        """Check the chain of runs of each target, and note which are of the period."""
        start, end = moment(self.policy["from"]), moment(self.policy["to"])
        newest: dict[str, int] = {}
        slots: dict[tuple[str, str], int] = {}
        for index, body in self.of("run"):
            if body["previous"] != newest.get(body["target"]):
                self.wrong(
                    f"entry {index}: the run before it was entry {body['previous']}, here it is "
                    f"entry {newest.get(body['target'])}: dropped or reordered"
                )
            newest[body["target"]] = index
            if body["slot"] is not None:
                taken = slots.setdefault((body["target"], body["slot"]), index)
                if taken != index:
                    self.wrong(f"entry {index}: its slot {body['slot']} has a run: entry {taken}")
            if not moment(body["started"]) <= moment(body["finished"]) == moment(body["at"]):
                self.wrong(f"entry {index}: its times are not those of a run: back-dated")
            if index < self.policy["size"]:
                finished = moment(body["finished"])
                if finished >= start and self.first < 0:
                    self.first = index
                if finished < end:
                    self.last = index
        for index, body in enumerate(self.entries[: self.policy["size"]]):
            self.cite(index, body)

    def cite(self, index: int, body: dict[str, Any]) -> None:
        """Note the contents that an entry needs in this bundle."""
        if body["kind"] == "run":
            inside = 0 <= self.first <= index <= self.last
        else:
            at = moment(body["at"])
            inside = moment(self.policy["from"]) <= at < moment(self.policy["to"])
        always = ALWAYS.get(body["kind"], ())
        for name, part in body.items():
            if is_cited(part) and (inside or name in always):
                self.need(part["blob"], f"entry {index}")
        if body["kind"] == "run" and inside:
            for rule, version in (self.whole(body["plan"]) or {}).items():
                self.need(version["text"], f"rule {rule} of entry {index}")

    def of(self, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the entries of a kind."""
        return ((i, body) for i, body in enumerate(self.entries) if body["kind"] == kind)

    # --- state
    def state(self) -> None:
        """Do every run again from its change rows, and compare with what it sealed."""
        findings: dict[tuple[str, str], Sorted] = defaultdict(Sorted)
        resources: dict[tuple[str, str], Sorted] = defaultdict(Sorted)
        changes = Grouped(rows(self.folder / "state/changes.jsonl.gz"))
        sightings = Grouped(rows(self.folder / "state/sightings.jsonl.gz"))
        count = 0
        begun = False
        for index, body in self.of("run"):
            if index >= self.policy["size"]:
                break
            if self.first >= 0 and index == self.first:
                self.standing(findings)
                begun = True
            count += 1
            mine = changes.of(index)
            self.count(index, "changes", len(mine), body)
            for row in mine:
                self.change(index, row, findings[body["target"], row["rule"]])
            seen = sightings.of(index)
            self.count(index, "sightings", len(seen), body)
            for row in seen:
                self.sight(index, row, resources[body["target"], row["check"]])
            plan = self.whole(body["plan"])
            if plan is None:
                self.wrong(f"entry {index}: the plan of its run is missing")
                continue
            self.roots_of(index, body, plan, findings, resources)
        if not begun:
            self.standing(findings)
        for name, group in (("change", changes), ("sighting", sightings)):
            if group.left():
                self.wrong(f"a {name} belongs to no sealed run, or is out of order")
        self.facts.append(f"{count} runs done again from their changes")

    def standing(self, findings: dict[tuple[str, str], Sorted]) -> None:
        """Note that the values of all that stood before the period must be here."""
        for (_, rule), state in findings.items():
            for row in state.rows.values():
                if row["values"]:
                    self.need(row["values"], f"a finding of {rule}")

    def count(self, index: int, what: str, found: int, body: dict[str, Any]) -> None:
        """Compare a number of rows with what was sealed."""
        if found != body[what]:
            self.wrong(f"entry {index}: {found} {what} are here, {body[what]} were sealed")

    def change(self, index: int, row: dict[str, Any], state: Sorted) -> None:
        """Apply a change of a finding."""
        if row["outcome"] == "gone":
            if not state.pop(row["resource"]):
                self.wrong(f"entry {index}: takes away {row['resource']}, which is not there")
            if any(row[name] for name in ("code", "message", "needs", "values")):
                self.wrong(f"entry {index}: takes away {row['resource']}, and says more than that")
            return
        members = ("code", "message", "needs", "outcome", "region", "resource", "rule", "values")
        state.put(row["resource"], {name: row[name] for name in members})
        if row["values"] and 0 <= self.first <= index <= self.last:
            self.need(row["values"], f"a finding of {row['rule']} in entry {index}")

    def sight(self, index: int, row: dict[str, Any], state: Sorted) -> None:
        """Apply a sighting of a resource."""
        if row["digest"] is not None:
            state.put(row["resource"], {k: row[k] for k in ("digest", "region", "resource")})
        elif not state.pop(row["resource"]):
            self.wrong(f"entry {index}: loses {row['resource']}, which is not there")

    def roots_of(
        self,
        index: int,
        body: dict[str, Any],
        plan: dict[str, Any],
        findings: dict[tuple[str, str], Sorted],
        resources: dict[tuple[str, str], Sorted],
    ) -> None:
        """Compare the roots and the counts of a run with what it sealed."""
        top, counts = Tree(), {}
        for rule in sorted(plan):
            state = findings[body["target"], rule]
            top.append(summary({"rule": rule}, state))
            counts[rule] = {name: state.tally[name] for name in OUTCOMES if state.tally[name]}
        if top.root().hex() != body["state_root"]:
            self.wrong(f"entry {index}: state_root: its changes give another state than was sealed")
        sealed = self.whole(body["counts"])
        if sealed is not None and sealed != counts:
            self.wrong(f"entry {index}: counts: not those of its state")
        judged = {version["check"] for version in plan.values() if version["check"]}
        top = Tree()
        for check in sorted(judged | set(self.whole(body["also_seen"]) or ())):
            top.append(summary({"check": check}, resources[body["target"], check]))
        if top.root().hex() != body["inventory_root"]:
            self.wrong(f"entry {index}: inventory_root: its sightings give another inventory")

    # --- what is cited
    def blobs(self) -> None:
        """Check the contents: each has its digest and is cited, and none is missing."""
        for digest, path in sorted(self.contents.items()):
            name = path.relative_to(self.folder).as_posix()
            if self.files[name] != digest:
                self.wrong(f"{name}: its content does not have the digest that it is named for")
            if digest not in self.needed:
                self.wrong(f"{name}: nothing that was sealed cites it")
        gone = 0
        for digest, why in sorted(self.needed.items()):
            if digest not in self.contents:
                if digest in self.deleted:
                    gone += 1
                else:
                    self.wrong(f"content {digest}: is missing; {why} cites it")
        self.facts.append(f"{len(self.contents)} contents, {gone} deleted by retention")

    # --- slots and samples
    def slots(self) -> None:
        """Account for every slot that the schedules expected in the period."""
        schedules = []
        for _, body in self.of("schedule"):
            targets: dict[str, set[int]] = {}
            for scope in self.whole(body["scopes"]):
                for target in scope["targets"]:
                    targets[target] = {how["every"] for how in scope["rules"].values()}
            schedules.append((seconds(body["valid_from"]), targets))
        ran = {
            (body["target"], seconds(body["slot"])) for _, body in self.of("run") if body["slot"]
        }
        gaps = [
            (body["target"], seconds(body["from"]), seconds(body["to"]))
            for _, body in self.of("gap")
        ]
        low = seconds(self.policy["from"])
        cut = seconds(self.policy["made"]) - int(GRACE.total_seconds())
        high = min(seconds(self.policy["to"]), cut)
        wanted = sorted(expected(schedules, low, high))
        explained = 0
        missing = []
        for target, slot in wanted:
            if (target, slot) in ran:
                continue
            if any(name == target and start <= slot < end for name, start, end in gaps):
                explained += 1
            else:
                missing.append((target, slot))
        for target, slot in missing[:MOST_SLOTS]:
            when = text_of(datetime.fromtimestamp(slot, UTC))
            self.wrong(f"slot {when} of {target}: is missing: neither a run nor a recorded gap")
        if len(missing) > MOST_SLOTS:
            self.wrong(f"{len(missing) - MOST_SLOTS} more slots are missing")
        self.facts.append(
            f"{len(wanted)} slots expected: {len(wanted) - explained - len(missing)} ran, "
            f"{explained} explained, {len(missing)} unexplained"
        )

    def samples(self) -> None:
        """Draw every sample again."""
        count = 0
        for index, body in self.of("sample"):
            population = self.entries[body["population"]]
            place = self.contents.get(population["ids"]["blob"])
            if body["population"] >= index or place is None:
                self.wrong(f"entry {index}: its population was not sealed before it")
                continue
            ids = place.read_bytes().decode().splitlines()
            tickets = sorted(
                (hashlib.sha256(f"{body['seed']},{one}".encode()).hexdigest(), one) for one in ids
            )
            drawn = [one for _, one in tickets[: body["size"]]]
            right = f"assay.sample.v1|{population['ids']['blob']}|{body['nonce']}"
            if drawn != self.whole(body["items"]) or body["seed"] != right:
                self.wrong(f"entry {index}: the sample is not the one that its seed draws")
            count += 1
        if count:
            self.facts.append(f"{count} samples drawn again")


# --- the tree (RFC 6962)
class Tree:
    """The roots of the perfect subtrees of a tree that grows at its end."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add the hash of a leaf."""
        size = self.size
        while size & 1:
            leaf_hash = hashlib.sha256(b"\x01" + self.peaks.pop() + leaf_hash).digest()
            size >>= 1
        self.peaks.append(leaf_hash)
        self.size += 1

    def root(self) -> bytes:
        """Give the root."""
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = hashlib.sha256(b"\x01" + peak + root).digest()
        return root

    def copy(self) -> Tree:
        """Give one that grows apart."""
        other = Tree()
        other.size, other.peaks = self.size, list(self.peaks)
        return other


class Sorted:
    """The rows of a rule or a check by resource, and the tree over them in that order."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.leaves: dict[str, bytes] = {}
        self.order: list[str] | None = []
        self.made: Tree | None = None
        self.tally: dict[str, int] = defaultdict(int)

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Put a row in the place of the one before."""
        old = self.rows.get(key)
        if old is None:
            self.order = None
        elif "outcome" in old:
            self.tally[old["outcome"]] -= 1
        if "outcome" in row:
            self.tally[row["outcome"]] += 1
        self.rows[key], self.leaves[key] = row, leaf(canonical(row))
        self.made = None

    def pop(self, key: str) -> bool:
        """Take a row away; False: it was not there."""
        old = self.rows.pop(key, None)
        self.leaves.pop(key, None)
        self.order = self.made = None
        if old is not None and "outcome" in old:
            self.tally[old["outcome"]] -= 1
        return old is not None

    def tree(self) -> Tree:
        """Give the tree."""
        if self.order is None:
            self.order = sorted(self.rows)
        if self.made is None:
            self.made = Tree()
            for key in self.order:
                self.made.append(self.leaves[key])
        return self.made


class Grouped:
    """Rows in the order of their runs, given run by run."""

    def __init__(self, found: Iterator[dict[str, Any]]) -> None:
        self.found = found
        self.ahead = next(found, None)

    def of(self, run: int) -> list[dict[str, Any]]:
        """Give the rows of the next run."""
        mine = []
        while self.ahead is not None and self.ahead["run"] == run:
            mine.append(self.ahead)
            self.ahead = next(self.found, None)
        return mine

    def left(self) -> bool:
        """Whether rows are left over."""
        return self.ahead is not None


# --- signed notes (c2sp.org/signed-note)
class Key:
    """A public key, as `name+id+key`: type 0x01 is Ed25519, type 0x02 here ECDSA on P-256."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.name, self.id, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if raw[:1] == b"\x01" and len(raw) == 1 + 32:
            named, self.holds = self.name.encode() + b"\n" + raw, Ed25519(raw[1:]).holds
        elif raw[:1] == b"\x02" and raw[1:-64] == SPKI:
            named, self.holds = raw[1:], P256(raw[-64:]).holds
        else:
            raise ValueError("only Ed25519 (type 0x01) and P-256 (type 0x02) keys are known")
        if hashlib.sha256(named).hexdigest()[:8] != self.id:
            raise ValueError("the id of the key does not belong to it")

    def open(self, note: str) -> tuple[str, int, bytes]:
        """Give origin, size and root of a checkpoint that this key signed. Raises `ValueError`."""
        head = read_head(note)
        text, _, tail = note.rpartition("\n\n")
        if not tail.endswith("\n"):
            raise ValueError("it has no signature")
        for line in tail[:-1].split("\n"):
            mark, name, encoded = line.split(" ")
            raw = base64.b64decode(encoded, validate=True)
            if mark == "\u2014" and name == self.name and raw[:4].hex() == self.id:
                if base64.b64encode(raw).decode() != encoded:
                    raise ValueError("its signature is not in its one form")
                if not self.holds(raw[4:], (text + "\n").encode()):
                    raise ValueError("its signature does not hold")
                return head
        raise ValueError(f"it is not signed by {self.name}+{self.id}")


def read_head(note: str) -> tuple[str, int, bytes]:
    """Read origin, size and root of a checkpoint, whoever signed it. Raises `ValueError`."""
    lines = note.rpartition("\n\n")[0].split("\n")
    if len(lines) != HEAD or not re.fullmatch(r"[1-9][0-9]{0,18}", lines[1]):
        raise ValueError("it is not a checkpoint")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


Table = list[list[Any]]


def powers(point: Any, zero: Any, add: Callable[[Any, Any], Any]) -> Table:
    """List what 4 bits of a factor add, for each of its 64 places."""
    table = []
    for _ in range(64):
        row = [zero]
        for _ in range(15):
            row.append(add(row[-1], point))
        table.append(row)
        point = add(row[-1], point)
    return table


def times(table: Table, factor: int, add: Callable[[Any, Any], Any]) -> Any:
    """Multiply the point of a table."""
    found = table[0][0]
    for row in table:
        found = add(found, row[factor & 15])
        factor >>= 4
    return found


# Ed25519 (RFC 8032 section 5.1)
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
ZERO: Point = (0, 1, 1, 0)


class Ed25519:
    """What an Ed25519 key verifies."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        x, y, z, t = unpack(raw)
        self.minus = powers((P - x, y, z, P - t), ZERO, add)

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Check a signature (RFC 8032 section 5.1.7)."""
        s = int.from_bytes(signature[32:], "little")
        if len(signature) != 2 * 32 or s >= ORDER:
            return False
        hashed = hashlib.sha512(signature[:32] + self.raw + message).digest()
        k = int.from_bytes(hashed, "little") % ORDER
        return pack(add(times(BASE, s, add), times(self.minus, k, add))) == signature[:32]


def add(a: Point, b: Point) -> Point:
    """Add two points (RFC 8032 section 5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def pack(point: Point) -> bytes:
    """Write a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def unpack(data: bytes) -> Point:
    """Read a point. Raises `ValueError`."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("it is no public key")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = powers(unpack((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")), ZERO, add)


# ECDSA with SHA-256 on P-256 (FIPS 186-5 section 6.4.2; the curve: SP 800-186 section 3.2.1.3)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\x04"
Q = 2**256 - 2**224 + 2**192 + 2**96 - 1
COUNT = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
FIRST = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
NONE = (0, 1, 0)
ON_P256: list[Table] = []  # of FIRST; made when the first such key is met


class P256:
    """What a key on P-256 verifies."""

    def __init__(self, raw: bytes) -> None:
        x, y = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        if x >= Q or y >= Q or (y * y - x * x * x + 3 * x - B) % Q:
            raise ValueError("it is no public key")
        self.mine = powers((x, y, 1), NONE, plus)
        if not ON_P256:
            ON_P256.append(powers(FIRST, NONE, plus))

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Check a signature."""
        r, s = read_der(signature)
        if not (0 < r < COUNT and 0 < s < COUNT):
            return False
        hashed = int.from_bytes(hashlib.sha256(message).digest(), "big")
        inverse = pow(s, COUNT - 2, COUNT)
        mine = times(self.mine, r * inverse % COUNT, plus)
        x, _, z = plus(times(ON_P256[0], hashed * inverse % COUNT, plus), mine)
        return bool(z) and x * pow(z, Q - 2, Q) % Q % COUNT == r


def plus(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int, int]:
    """Add two points (Renes, Costello, Batina 2016, algorithm 4: complete, for a = -3)."""
    (x1, y1, z1), (x2, y2, z2) = a, b
    xx, yy, zz = x1 * x2 % Q, y1 * y2 % Q, z1 * z2 % Q
    xy, yz, xz = x1 * y2 + x2 * y1, y1 * z2 + y2 * z1, x1 * z2 + x2 * z1
    t = 3 * (xz - B * zz)
    up, down = yy + t, yy - t
    u, v = 3 * (B * xz - 3 * zz - xx), 3 * (xx - zz)
    return ((xy * up - yz * u) % Q, (up * down + v * u) % Q, (yz * down + xy * v) % Q)


def read_der(signature: bytes) -> tuple[int, int]:
    """Read the two numbers of an ECDSA signature. Raises `ValueError`."""
    middle = 4 + signature[3]
    r = int.from_bytes(signature[4:middle], "big")
    s = int.from_bytes(signature[middle + 2 :], "big")
    parts = [n.to_bytes(n.bit_length() // 8 + 1, "big") for n in (r, s)]
    body = b"".join(b"\x02" + bytes([len(part)]) + part for part in parts)
    if signature != b"\x30" + bytes([len(body)]) + body:
        raise ValueError("its signature is not in its one form")
    return r, s


# --- small things
def leaf(data: bytes) -> bytes:
    """Hash a leaf (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def summary(named: dict[str, str], state: Sorted) -> bytes:
    """Hash a rule or a check as it stands in the tree of a run."""
    tree = state.tree()
    return leaf(canonical({"resources": tree.size, "root": tree.root().hex(), **named}))


def canonical(value: Any) -> bytes:
    """Write JSON as RFC 8785 does, for members with plain names and no numbers but integers."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def is_cited(part: Any) -> bool:
    """Whether a member of an entry stands in a content of its own."""
    return isinstance(part, dict) and part.keys() == {"blob", "size"}


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read a file of rows."""
    with gzip.open(path, "rb") as file:
        for line in file:
            yield json.loads(line)


def expected(
    schedules: list[tuple[int, dict[str, set[int]]]], low: int, high: int
) -> Iterator[tuple[str, int]]:
    """Give the slots of every target from `low` to before `high`."""
    for place, (start, targets) in enumerate(schedules):
        until = min((later for later, _ in schedules[place + 1 :]), default=high)
        first, last = max(low, start), min(high, until)
        for target, intervals in targets.items():
            found: set[int] = set()
            for every in intervals:
                found.update(range(first + -first % every, last, every))
            yield from ((target, slot) for slot in found)


def moment(text: str) -> datetime:
    """Read a time."""
    when = datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: FURB162 - Python before 3.11
    if when.tzinfo is None:
        raise ValueError(f"{text[:40]} has no zone")
    return when


def seconds(text: str) -> int:
    """Count the seconds since 1970."""
    return int(moment(text).timestamp() // 1)


def text_of(when: datetime) -> str:
    """Write a time."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def digest_of(path: Path) -> str:
    """Give the hex SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def openssl(*words: str) -> str:
    """Run openssl; gives what it says."""
    done = subprocess.run(  # noqa: S603 - words of our own and paths of the bundle
        ["openssl", *words],  # noqa: S607 - the auditor's own
        capture_output=True,
        timeout=60,
        check=False,
    )
    return (done.stdout + done.stderr).decode(errors="replace")


def say(line: str) -> None:
    """Print a line; what a terminal would obey is shown as a question mark."""
    sys.stdout.write("".join(c if c.isprintable() else "?" for c in line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
