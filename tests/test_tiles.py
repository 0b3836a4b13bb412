"""The static form of the log, read by a reader that was written from c2sp.org/tlog-tiles alone.

The reader below shares no code with the agent: it fetches paths, computes with hashlib, and checks
the signature by cryptography's Ed25519.
"""

import base64
from hashlib import sha256

import pytest
from aws_kit import client
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from evidence_world import HOUR, OTHER, SIGNER, START, open_world

from agent.cli.app import run
from agent.evidence.log import Log
from agent.evidence.note import Checkpoint
from agent.evidence.store import Store
from agent.evidence.tiles import Folder, TilesError, _Writing, tile_path, write_tiles
from agent.evidence.tiles_s3 import S3Shelf, S3Way


class Reader:
    """A client of a log: `fetch(path)` gives the bytes of a static file, or None."""

    def __init__(self, fetch, vkey):
        self.fetch = fetch
        self.name, key_id, key = vkey.split("+", 2)
        self.key_id, raw = bytes.fromhex(key_id), base64.b64decode(key)
        assert raw[0] == 1, "Ed25519"
        self.key = Ed25519PublicKey.from_public_bytes(raw[1:])
        self.size, self.root = self.checkpoint()

    def checkpoint(self):
        text, _, lines = self.fetch("checkpoint").decode().partition("\n\n")
        text += "\n"
        dash, name, signature = lines.splitlines()[0].split(" ")
        assert (dash, name) == ("\u2014", self.name)
        raw = base64.b64decode(signature)
        assert raw[:4] == self.key_id
        self.key.verify(raw[4:], text.encode())
        origin, size, root = text.splitlines()
        assert origin == self.name
        return int(size), base64.b64decode(root)

    def tile(self, level, index, height):
        """Fetch a tile as wide as the tree has it."""
        count = self.size // 256**height
        width = min(256, count - index * 256)
        assert 0 < width <= 256
        path = f"{index % 1000:03d}"
        rest = index // 1000
        while rest:
            path = f"x{rest % 1000:03d}/{path}"
            rest //= 1000
        found = self.fetch(f"tile/{level}/{path}" + ("" if width == 256 else f".p/{width}"))
        assert found is not None, (level, index, width)
        return found, width

    def hash_of(self, low, high):
        """The Merkle tree hash of leaves low to high (RFC 6962, 2.1), from the widest tiles."""
        count = high - low
        level = 0
        while 256 ** (level + 1) <= count and count & (count - 1) == 0:
            level += 1
        if count == 256**level and low % count == 0:
            index = low // count
            data, width = self.tile(level, index // 256, level)
            assert len(data) == 32 * width
            return data[32 * (index % 256) :][:32]
        half = 1
        while half * 2 < count:
            half *= 2
        return sha256(
            b"\x01" + self.hash_of(low, low + half) + self.hash_of(low + half, high)
        ).digest()

    def entries(self):
        """All entries; each is checked against its hash in the tile of level 0."""
        for index in range(-(-self.size // 256)):
            data, width = self.tile("entries", index, 0)
            hashes, _ = self.tile(0, index, 0)
            for number in range(width):
                length = int.from_bytes(data[:2], "big")
                entry, data = data[2 : 2 + length], data[2 + length :]
                leaf = sha256(b"\x00" + entry).digest()
                assert leaf == hashes[32 * number :][:32]
                yield entry
            assert data == b""

    def verify(self):
        assert self.hash_of(0, self.size) == self.root
        assert sum(1 for _ in self.entries()) == self.size


def reader(folder):
    def fetch(path):
        place = folder / path
        return place.read_bytes() if place.exists() else None

    return Reader(fetch, str(SIGNER.verifier))


def grow(world, size):
    """Append entries, all in one transaction, until the log has `size`."""
    log = world.log
    with log.sealing() as (writing, _):
        for number in range(writing.size(), size):
            log.put(writing, "agent", {"event": "start", "n": number}, START + HOUR)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_a_stranger_reads_the_whole_log_from_the_files(tmp_path, size):
    with open_world(tmp_path) as world:
        grow(world, size)
        written = write_tiles(world.store, Folder(tmp_path / "tiles"))
        assert (written.size, written.before) == (size, 0)
        seen = reader(tmp_path / "tiles")
        seen.verify()
        with world.store.reading() as view:
            assert list(seen.entries()) == [data for _, data in view.entries()]


def test_what_grows_is_added_to_and_what_is_full_is_not_written_again(tmp_path):
    folder = tmp_path / "tiles"
    with open_world(tmp_path) as world:
        grow(world, 300)
        write_tiles(world.store, Folder(folder))
        first = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
        assert write_tiles(world.store, Folder(folder)).files == 0
        grow(world, 520)
        # Level 0: one full, one partial; level 1: one partial; entries as level 0; the checkpoint.
        assert write_tiles(world.store, Folder(folder)).files == 6
        reader(folder).verify()
    full = folder / "tile/0/000"
    assert full.stat().st_mtime_ns == first[full]
    assert not (folder / "tile/0/001.p").exists()
    assert {path.name for path in (folder / "tile/0/002.p").iterdir()} == {"8"}
    assert not list(folder.rglob("*.part"))


def test_a_stranger_reads_the_log_from_a_bucket_and_only_what_is_new_is_put(tmp_path, endpoint):
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="public-log")
    shelf = S3Shelf("s3://public-log/logs/one/", S3Way(endpoint_url=endpoint.url))

    def fetch(path):
        try:
            found = s3.get_object(Bucket="public-log", Key=f"logs/one/{path}")
        except s3.exceptions.NoSuchKey:
            return None
        return found["Body"].read()

    with open_world(tmp_path) as world:
        grow(world, 300)
        assert write_tiles(world.store, shelf).size == 300
        Reader(fetch, str(SIGNER.verifier)).verify()
        assert write_tiles(world.store, shelf).files == 0
        before = sum(endpoint.counts.values())
        grow(world, 520)
        assert write_tiles(world.store, shelf).files == 6
        assert sum(endpoint.counts.values()) - before == 1 + 6  # the checkpoint is read
        Reader(fetch, str(SIGNER.verifier)).verify()
        head = s3.head_object(Bucket="public-log", Key="logs/one/checkpoint")
        tile = s3.head_object(Bucket="public-log", Key="logs/one/tile/0/000")
        assert (head["CacheControl"], "immutable" in tile["CacheControl"]) == ("no-cache", True)
        s3.put_object(Bucket="public-log", Key="other/x", Body=b"")
        for url, message in (
            ("s3://public-log/other", "has other files and no checkpoint"),
            ("s3://no-such", "NoSuchBucket"),
            ("s3://", "is no bucket"),
        ):
            with pytest.raises(TilesError, match=message) as caught:
                write_tiles(world.store, S3Shelf(url, S3Way(endpoint_url=endpoint.url)))
            assert "\n" not in str(caught.value)


def test_a_third_level_is_right(tmp_path):
    """The example of the specification: what a tree of size 70,000 is represented by."""

    class Leaves:
        def hashes(self):
            return (sha256(b"%d" % n).digest() for n in range(70_000))

        def entries(self, *_, **__):
            return iter(())

        def meta(self):
            return {"vkey": str(SIGNER.verifier)}

    def root(hashes):
        if len(hashes) == 1:
            return hashes[0]
        half = 1 << (len(hashes) - 1).bit_length() - 1
        return sha256(b"\x01" + root(hashes[:half]) + root(hashes[half:])).digest()

    leaves = Leaves()
    head = Checkpoint(SIGNER.name, 70_000, root(list(leaves.hashes())))
    leaves.checkpoint = lambda: bytes(SIGNER.sign(str(head)))
    _Writing(leaves, Folder(tmp_path / "tiles")).write()
    seen = reader(tmp_path / "tiles")
    assert seen.hash_of(0, seen.size) == seen.root
    tiles = tmp_path / "tiles/tile"
    full = {level: len(list((tiles / level).glob("???"))) for level in "012"}
    assert full == {"0": 273, "1": 1, "2": 0}
    partial = sorted(str(path.relative_to(tiles)) for path in tiles.glob("?/*.p/*"))
    assert partial == ["0/273.p/112", "1/001.p/17", "2/000.p/1"]


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ((0, 0), "tile/0/000"),
        ((0, 1, 4), "tile/0/001.p/4"),
        ((3, 1234067), "tile/3/x001/x234/067"),
        (("entries", 1000, 255), "tile/entries/x001/000.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(args, path):
    assert tile_path(*args) == path


def test_the_files_of_another_log_are_left_alone(tmp_path):
    folder = tmp_path / "tiles"
    with open_world(tmp_path) as world:
        write_tiles(world.store, Folder(folder))
    with (
        Store.open(tmp_path / "other.db") as store,
        Log.open(store, OTHER, at=START),
        pytest.raises(TilesError, match="not a checkpoint of this log"),
    ):
        write_tiles(store, Folder(folder))
    with Store.open(tmp_path / "again.db") as store:
        with Log.open(store, SIGNER, at=START + HOUR) as log:
            log.append("agent", {"event": "start"}, START + HOUR)
        with pytest.raises(TilesError, match="this log has another root at size 1"):
            write_tiles(store, Folder(folder))


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    with (
        open_world(tmp_path) as world,
        pytest.raises(TilesError, match="has other files and no checkpoint"),
    ):
        write_tiles(world.store, Folder(tmp_path))


def test_a_changed_entry_is_found_by_the_reader(tmp_path):
    folder = tmp_path / "tiles"
    with open_world(tmp_path) as world:
        grow(world, 3)
        write_tiles(world.store, Folder(folder))
    bundle = folder / "tile/entries/000.p/3"
    data = bytearray(bundle.read_bytes())
    data[40] ^= 1
    bundle.write_bytes(bytes(data))
    with pytest.raises(AssertionError):
        reader(folder).verify()


def test_the_command_writes_and_says_what(tmp_path, capsys):
    (tmp_path / "evidence").mkdir()
    with open_world(tmp_path / "evidence") as world:
        grow(world, 5)
    config = tmp_path / "assay.yaml"
    config.write_text("store: evidence\n")
    assert run(["-c", str(config), "evidence", "tiles", str(tmp_path / "tiles")]) == 0
    assert "5 entries, 5 of them new" in capsys.readouterr().out
    reader(tmp_path / "tiles").verify()
    (tmp_path / "tiles/checkpoint").write_text("x")
    gone = ("s3://x/y", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1")
    assert run(["-c", str(config), "evidence", "tiles", *gone]) == 3
    assert "s3://x/y: " in capsys.readouterr().err
    assert run(["-c", str(config), "evidence", "tiles", str(tmp_path / "tiles")]) == 3
    assert "not a checkpoint of this log" in capsys.readouterr().err
