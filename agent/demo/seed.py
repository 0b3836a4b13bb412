"""Fill the demo's cloud with an account: what exists, what is in order and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial

from msgspec import Struct

from agent.demo.ground import Ground, Seeded
from agent.demo.process import Cloud
from agent.demo.seeding import identity, keeping, network, storage, watching

_Make = Callable[[], Iterator[Seeded]]
_Regional = Callable[[Ground, str, int], Iterator[Seeded]]
_Global = Callable[[Ground, int], Iterator[Seeded]]

_PER_REGION: tuple[tuple[_Regional, int], ...] = (
    (storage.bucket, 6),
    (network.instance, 2),
    (network.image, 2),
    (network.security_group, 6),
    (network.load_balancer, 2),
    (keeping.database, 2),
    (keeping.cluster, 1),
    (keeping.key, 3),
    (keeping.secret, 2),
    (keeping.table, 3),
    (keeping.queue, 3),
    (keeping.topic, 2),
    (keeping.function, 2),
    (storage.volume, 2),
    (storage.file_system, 2),
    (storage.repository, 2),
    (watching.log_group, 2),
    (network.vpc, 1),
    (network.network_acl, 1),
)
"""How many of each in every region, at scale 1."""

_PER_ACCOUNT: tuple[tuple[_Global, int], ...] = (
    (identity.user, 12),
    (identity.role, 6),
    (identity.managed_policy, 5),
)
"""How many of each in the account, at scale 1."""


class Truth(Struct, frozen=True, kw_only=True):
    """Everything that the seeded account holds."""

    regions: tuple[str, ...]
    resources: tuple[Seeded, ...]
    """In the order of making, which depends on no id of the provider's."""

    def of(self, kind: str) -> tuple[Seeded, ...]:
        """The resources that the check `kind` observes."""
        return tuple(one for one in self.resources if one.kind == kind)


def seed_cloud(
    cloud: Cloud,
    *,
    scale: int = 1,
    seed: int = 7,
    regions: tuple[str, ...] = ("us-east-1", "eu-west-1"),
    kept: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Truth:
    """Make the account; `progress(done, of)` is told of every step.

    In `kept` of a hundred facts every resource is as it should be; in the others some are not.

    What is made depends on (seed, kind, number) only; ids that the provider gives do not.
    """
    ground = Ground(cloud, seed=seed, regions=regions, kept=kept)
    stages = (_first(ground), _second(ground), _rest(ground, scale), _last(ground))
    total = sum(map(len, stages))
    made: list[Seeded] = []
    done = 0
    with _pool() as pool:
        for stage in stages:
            futures = [pool.submit(_all, make) for make in stage]
            for _ in as_completed(futures):
                done += 1
                progress(done, total)
            for future in futures:
                made += future.result()
    return Truth(regions=regions, resources=tuple(made))


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Eight hands that, when one fails or somebody interrupts, begin nothing more."""
    pool = ThreadPoolExecutor(8)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _all(make: _Make) -> list[Seeded]:
    return list(make())


def _first(ground: Ground) -> list[_Make]:
    """What other things refer to."""
    makes: list[_Make] = [partial(identity.groups, ground), partial(identity.known_roles, ground)]
    for region in ground.regions:
        makes += [
            partial(keeping.data_key, ground, region),
            partial(keeping.dead_letters, ground, region),
            partial(storage.logs, ground, region),
            partial(network.found, ground, region),
            partial(watching.trail_log_group, ground, region),
        ]
    return makes


def _second(ground: Ground) -> list[_Make]:
    makes: list[_Make] = [partial(identity.account, ground), partial(network.web_profile, ground)]
    for region in ground.regions:
        makes += [
            partial(make, ground, region)
            for make in (
                network.main_vpc,
                storage.backups,
                watching.trail,
                watching.recorder,
                watching.detector,
            )
        ]
    return makes


def _rest(ground: Ground, scale: int) -> list[_Make]:
    width = len(ground.regions)
    makes: list[_Make] = [
        partial(make, ground, i) for make, count in _PER_ACCOUNT for i in range(count * scale)
    ]
    makes += [
        partial(make, ground, region, n * width + place)
        for make, count in _PER_REGION
        for n in range(count * scale)
        for place, region in enumerate(ground.regions)
    ]
    return makes


def _last(ground: Ground) -> list[_Make]:
    return [partial(watching.region_settings, ground, region) for region in ground.regions]
