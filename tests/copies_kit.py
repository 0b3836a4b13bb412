"""A fake of a place for copies of checkpoints, served on loopback, and what every place must do."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from evidence_world import SIGNER, START, open_world

from agent.evidence.anchors.held import find_lost
from agent.evidence.anchors.tending import Tender
from agent.evidence.note import Checkpoint

NAME = "checkpoints/00000000000000000007.0000000000000000"
"""Of the copy of `note_of(7)`."""


def note_of(size):
    """A checkpoint of a log that no store has."""
    return bytes(SIGNER.sign(str(Checkpoint(SIGNER.name, size, bytes(32)))))


@contextmanager
def served(storage):
    """Serve `storage.answer(method, path, query, headers, body)`: (status, headers, content)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = storage.answer(self.command, parts.path, query, self.headers, body)
            status, headers, content = found
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_POST = do_GET  # noqa: N815 - as http.server looks for them

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        storage.url = f"http://127.0.0.1:{server.server_port}"
        yield storage
        server.shutdown()
        thread.join()


def verify_longest_first(anchor):
    """Check that copies come longest first, over all pages of two."""
    for size in (3, 5, 8, 12, 20):
        anchor.put(note_of(size), size)
    assert list(anchor.copies(4)) == [note_of(size) for size in (20, 12, 8, 5)]


def verify_compared(folder, anchor, place):
    """Check that a log is anchored by it, and that a copy that the log lacks is found."""
    with open_world(folder) as world:
        world.run(0, {("r1", "a"): "pass"})
        assert Tender(world.log, [anchor]).tend(START) == 1
        world.verify()
        with world.store.reading() as view:
            assert list(find_lost(view, SIGNER.verifier, anchor)) == []
            anchor.put(note_of(900), 900)
            (lost,) = find_lost(view, SIGNER.verifier, anchor)
    assert (lost.place, lost.size) == (place, 900)
