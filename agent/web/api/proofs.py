"""Proofs that an entry is in the log, and that the log continues an older one (RFC 9162)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from agent.evidence.store import Reading
from agent.evidence.tree import leaf_hash
from agent.web.api.answers import json_answer
from agent.web.api.documents import single
from agent.web.api.parameters import ConsistencyAsked, InclusionAsked
from agent.web.api.shapes import ConsistencyProof, InclusionProof
from agent.web.surfaces import Surfaces


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/log/proofs")
    store, tree = surfaces.store, surfaces.subtrees

    @routes.get("/inclusion", **single(InclusionProof, "Prove that an entry is in the log.", "log"))
    def prove_inclusion(request: Request, query: Annotated[InclusionAsked, Query()]) -> Response:
        with store.reading() as view:
            size = _size(view, query.size)
            if query.entry >= size:
                raise HTTPException(404, f"there is no entry {query.entry} in a tree of {size}")
            note, data = view.checkpoint(size), view.entry(query.entry) or b""
            root, path = tree.root(view, size), tree.inclusion(view, query.entry, size)
        return json_answer(
            request,
            {
                "entry": query.entry,
                "size": size,
                "leaf": leaf_hash(data).hex(),
                "root": root.hex(),
                "path": [each.hex() for each in path],
                "checkpoint": note.decode() if note else None,
            },
        )

    @routes.get(
        "/consistency",
        **single(ConsistencyProof, "Prove that the log continues an older one.", "log"),
    )
    def prove_consistency(
        request: Request, query: Annotated[ConsistencyAsked, Query()]
    ) -> Response:
        with store.reading() as view:
            sizes = (query.first, _size(view, query.second))
            if sizes[0] > sizes[1]:
                raise HTTPException(404, f"a tree of {sizes[1]} has no beginning of {sizes[0]}")
            notes = [view.checkpoint(size) for size in sizes]
            roots = [tree.root(view, size).hex() for size in sizes]
            path = tree.consistency(view, *sizes)
        return json_answer(
            request,
            {
                **dict(zip(("first", "second"), sizes, strict=True)),
                **dict(zip(("first_root", "second_root"), roots, strict=True)),
                "path": [each.hex() for each in path],
                "checkpoints": [note.decode() if note else None for note in notes],
            },
        )

    return routes


def _size(view: Reading, size: int | None) -> int:
    """Give the size of the tree that is asked for; 404 when the log is not that long yet."""
    known = view.size()
    if size is not None and size > known:
        raise HTTPException(404, f"the log has {known} entries, not {size}")
    return known if size is None else size
