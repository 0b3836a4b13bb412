"""What a page was made from is kept, and is read again once people decided otherwise."""

import msgspec
from evidence_world import open_world
from starlette.requests import Request
from web_kit import history, surfaces_on

from agent.web.pages.desk import Desk
from agent.web.pages.page import Asked
from agent.web.pages.views import _period


def test_a_period_is_read_again_when_decisions_are_others_and_not_for_a_copy(tmp_path):
    with open_world(tmp_path) as world:
        history(world)
        surfaces = surfaces_on(world, tmp_path)
        decided = [surfaces.scope().decisions]

        def decisions():
            # a new one each time, as after a reload: the place in memory of one that is gone is
            # soon that of another
            return msgspec.structs.replace(decided[-1])

        desk = Desk(surfaces.store, surfaces.scope, decisions, surfaces.now, surfaces.subtrees)
        query = b"from=2026-01-01&to=2026-01-02"
        asked = Asked(
            Request(
                {
                    "type": "http",
                    "method": "GET",
                    "path": "/controls/x",
                    "query_string": query,
                    "headers": [],
                    "server": ("localhost", 80),
                    "scheme": "http",
                }
            )
        )
        reads = []
        for proves in ({"r1": ("x",)}, {}, {}, {"r1": ("x",)}):
            decided.append(msgspec.structs.replace(decided[0], proves=proves))
            _period(desk, asked, lambda *_, proves=proves: reads.append(proves) or proves)
    assert reads == [{"r1": ("x",)}, {}, {"r1": ("x",)}]
