"""The log itself: its head, entries as sealed, what they cite, checkpoints."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from agent.evidence import paging
from agent.evidence.entry import MAX_INT
from agent.evidence.keyring import read_keyring
from agent.evidence.store import Store
from agent.web.api import forms
from agent.web.api.answers import FOREVER, JSON, Form, answer, json_answer, page_answer
from agent.web.api.cursor import read_cursor
from agent.web.api.documents import paged, raw, single
from agent.web.api.parameters import EntriesAsked, Paged
from agent.web.api.shapes import CheckpointPage, EntryPage, LogHead
from agent.web.surfaces import Surfaces

CHECKPOINTS = Form(schema="assay.checkpoints.v1", columns=("size", "checkpoint"), key=(int,))
TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
Entry = Annotated[int, Path(ge=0, le=MAX_INT, description="The entry's index.")]
Size = Annotated[int, Path(ge=0, le=MAX_INT, description="Entries of the tree.")]
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/log")
    store = surfaces.store

    @routes.get("", **single(LogHead, "Show which log this is, and its head.", "log"))
    def show_head(request: Request) -> Response:
        with store.reading() as view:
            meta, size, note = view.meta(), view.size(), view.checkpoint() or b""
            root = surfaces.subtrees.root(view, size)
            key = read_keyring(view).newest
        told = {"origin": meta["origin"], "vkey": str(key)}
        return json_answer(
            request, {**told, "size": size, "root": root.hex(), "checkpoint": note.decode()}
        )

    @routes.get("/entries", **paged(EntryPage, "List the entries, oldest first.", "log"))
    def list_entries(request: Request, query: Annotated[EntriesAsked, Query()]) -> Response:
        after = read_cursor(request.url.path, query, forms.ENTRIES.key)
        rows = forms.entries(store, query)(after, query.limit)
        return page_answer(request, query, forms.ENTRIES, rows)

    @routes.get("/entries/{entry}", **raw(JSON, "Give the bytes of an entry as sealed.", "log"))
    def give_entry(request: Request, entry: Entry) -> Response:
        with store.reading() as view:
            data = view.entry(entry)
        if data is None:
            raise HTTPException(404, f"there is no entry {entry}")
        return answer(request, data, JSON, keep=FOREVER)

    @routes.get("/contents/{digest}", **raw(BYTES, "Give what an entry or finding cites.", "log"))
    def give_content(request: Request, digest: Digest) -> Response:
        with store.reading() as view:
            data = view.content(bytes.fromhex(digest))
        if data is None:
            raise HTTPException(404, "there is no such content, or retention has deleted it")
        # of any type, some of it from people: never to be shown in place
        headers = {"Content-Disposition": f'attachment; filename="{digest}"'}
        return answer(request, data, BYTES, headers=headers)

    _checkpoints(routes, store)
    return routes


def _checkpoints(routes: APIRouter, store: Store) -> None:
    @routes.get("/checkpoint", **raw("text/plain", "Give the newest signed checkpoint.", "log"))
    def give_newest(request: Request) -> Response:
        with store.reading() as view:
            note = view.checkpoint()
        if note is None:
            raise HTTPException(404, "there is no checkpoint yet")
        return answer(request, note, TEXT)

    @routes.get("/checkpoints", **paged(CheckpointPage, "List the signed checkpoints.", "log"))
    def list_checkpoints(request: Request, query: Annotated[Paged, Query()]) -> Response:
        after = read_cursor(request.url.path, query, CHECKPOINTS.key)
        page = paging.checkpoints(store, after=after, limit=query.limit)
        rows = [{"size": size, "checkpoint": note} for size, note in page.rows]
        return page_answer(request, query, CHECKPOINTS, ([*rows], page.next))

    @routes.get(
        "/checkpoints/{size}", **raw("text/plain", "Give the signed checkpoint of a size.", "log")
    )
    def give_checkpoint(request: Request, size: Size) -> Response:
        with store.reading() as view:
            note = view.checkpoint(size)
        if note is None:
            raise HTTPException(404, f"there is no checkpoint of size {size}")
        return answer(request, note, TEXT, keep=FOREVER)
