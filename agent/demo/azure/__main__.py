"""Runs the demo's Azure: `python -m agent.demo.azure` (see agent/demo/host.py)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from agent.demo.azure.seed import SUBSCRIPTIONS, TENANT, draw_azure, make_azure, put_azure
from agent.demo.azure.server import Server
from agent.demo.azure.weather import blinds_of
from agent.demo.blueprint import Dice
from agent.demo.host import Shown, serve_cloud
from agent.demo.tls import Identity
from agent.demo.upset import tell_upsets
from agent.run import CLOCK


def show(stack: ExitStack, folder: Path, identity: Identity, dice: Dice, scale: int) -> Shown:
    """Make the tenant and begin to serve it."""
    things = draw_azure(dice, scale=scale, now=CLOCK.now())
    world = make_azure(things)
    server = stack.enter_context(Server(world, identity))
    secret = folder / "secret"
    secret.write_text("good", encoding="utf-8")
    target = {
        "provider": "azure",
        "tenant": TENANT,
        "name": "harbour",
        "subscriptions": list(SUBSCRIPTIONS),
        "auth": "client_secret",
        "client_id": "c11e4700-0000-4000-8000-0000000000de",
        "secret_file": str(secret),
        "ca_bundle": str(identity.authority),
        "endpoints": {
            "authority": server.url,
            "arm": server.url,
            "graph": server.url,
            "known_authority": False,
        },
    }
    scenes = tell_upsets(
        things,
        lambda thing, wrong: put_azure(world, thing, wrong),
        blinds_of(server),
        seed=dice.seed,
    )
    return Shown(target=target, things=things, scenes=scenes)


if __name__ == "__main__":
    serve_cloud(show)
