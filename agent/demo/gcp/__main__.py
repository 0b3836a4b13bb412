"""Runs the demo's Google Cloud: `python -m agent.demo.gcp` (see agent/demo/host.py)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from agent.demo.blueprint import Dice
from agent.demo.gcp.keys import write_key
from agent.demo.gcp.seed import ORGANIZATION, PROJECTS, draw_gcp, make_gcp, put_gcp
from agent.demo.gcp.server import Server
from agent.demo.gcp.weather import blinds_of
from agent.demo.host import Shown, serve_cloud
from agent.demo.tls import Identity
from agent.demo.upset import tell_upsets
from agent.run import CLOCK


def show(stack: ExitStack, folder: Path, identity: Identity, dice: Dice, scale: int) -> Shown:
    """Make the organization and begin to serve it."""
    things = draw_gcp(dice, scale=scale, now=CLOCK.now())
    world = make_gcp(things)
    server = stack.enter_context(Server(world, identity))
    target = {
        "provider": "gcp",
        "parent": ORGANIZATION,
        "projects": list(PROJECTS),
        "name": "harbour",
        "auth": "service_account",
        "credentials_file": str(write_key(folder / "key.json", f"https://{server.rest}/token")),
        "admin": "admin@harbour.example",
        "ca_bundle": str(identity.authority),
        "endpoints": {"asset": server.grpc, "admin": f"https://{server.rest}"},
    }
    scenes = tell_upsets(
        things,
        lambda thing, wrong: put_gcp(world, thing, wrong, CLOCK.now()),
        blinds_of(server),
        seed=dice.seed,
    )
    return Shown(target=target, things=things, scenes=scenes)


if __name__ == "__main__":
    serve_cloud(show)
