"""Proofs that an entry is in the log, and that the log continues an older one (RFC 9162)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from agent.evidence.store import Reading
from agent.evidence.store.paging import hashes
from agent.evidence.tree import consistency_proof, inclusion_proof, leaf_hash, root_hash
from agent.web.api.answers import json_answer
from agent.web.api.documents import single
from agent.web.api.parameters import ConsistencyAsked, InclusionAsked
from agent.web.api.shapes import ConsistencyProof, InclusionProof
from agent.web.surfaces import Surfaces


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/log/proofs")
    store = surfaces.store

    @routes.get("/inclusion", **single(InclusionProof, "Prove that an entry is in the log.", "log"))
    def prove_inclusion(request: Request, query: Annotated[InclusionAsked, Query()]) -> Response:
        with store.reading() as view:
            leaves = _leaves(view, query.size)
            size = len(leaves)
            if query.entry >= size:
                raise HTTPException(404, f"there is no entry {query.entry} in a tree of {size}")
            note, data = view.checkpoint(size), view.entry(query.entry) or b""
        return json_answer(
            request,
            {
                "entry": query.entry,
                "size": size,
                "leaf": leaf_hash(data).hex(),
                "root": root_hash(leaves).hex(),
                "path": [each.hex() for each in inclusion_proof(query.entry, leaves)],
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
            leaves = _leaves(view, query.second)
            sizes = (query.first, len(leaves))
            if query.first > len(leaves):
                raise HTTPException(404, f"a tree of {sizes[1]} has no beginning of {sizes[0]}")
            notes = [view.checkpoint(size) for size in sizes]
        roots = [root_hash(leaves[:size]).hex() for size in sizes]
        return json_answer(
            request,
            {
                **dict(zip(("first", "second"), sizes, strict=True)),
                **dict(zip(("first_root", "second_root"), roots, strict=True)),
                "path": [each.hex() for each in consistency_proof(query.first, leaves)],
                "checkpoints": [note.decode() if note else None for note in notes],
            },
        )

    return routes


def _leaves(view: Reading, size: int | None) -> list[bytes]:
    """Give the hashes of a tree; 404 when the log is not that long yet."""
    known = view.size()
    if size is not None and size > known:
        raise HTTPException(404, f"the log has {known} entries, not {size}")
    return hashes(view, known if size is None else size)
