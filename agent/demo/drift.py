"""The demo's account lives: somebody breaks something, somebody mends it, a call is refused.

What happens, to what and in which order depends on the seed only; when it happens is up to the
`wait` of the caller. In the first two minutes: three deviations, two recoveries, one loss of sight
that ends, and one that stays.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from agent.demo.ground import Ground, Seeded
from agent.demo.mischief import MISCHIEFS, Mischief
from agent.demo.seed import Truth
from agent.demo.weather import Refused

STEP = 15.0
"""Seconds between two scenes."""

_FIRST = 10.0

_PATTERN = ("break", "deny", "break", "mend", "allow", "break", "mend", "mend")
"""Told over and over; every break is mended in it, and every denial lifted."""

_BLIND: Sequence[tuple[str, str]] = (
    ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroups"),
    ("rds:DescribeDBInstances", "rds:DescribeDBInstances"),
    ("kms:GetKeyRotationStatus", "kms:GetKeyRotationStatus"),
    ("iam:GetCredentialReport", "iam:GetCredentialReport"),
)
"""Calls that are refused in turn, and the permission that somebody took away for it."""


_OF_BUCKET = (
    "s3:GetBucketAcl",
    "s3:GetBucketEncryption",
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketLogging",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketVersioning",
    "s3:GetPublicAccessBlock",
)


class Scene(Struct, frozen=True, kw_only=True):
    """One thing that happens."""

    wait: float
    """Seconds after the scene before."""
    line: str
    """What happens, for people."""
    play: Callable[[], None]


def play_drift(
    scenes: Iterator[Scene], *, wait: Callable[[float], bool], say: Callable[[str], None]
) -> None:
    """Play one scene after another until `wait(seconds)`, as of `threading.Event`, is true.

    A scene that the cloud refuses is said and left; the next may go.
    """
    for scene in scenes:
        if wait(scene.wait):
            return
        try:
            scene.play()
        except (BotoCoreError, ClientError, OSError) as error:
            say(f"{scene.line}, but it does not work: {error}")
        else:
            say(scene.line)


def tell_drift(ground: Ground, truth: Truth, *, seed: int) -> Iterator[Scene]:
    """Scenes without end.

    The first closes a bucket to the agent for good: buckets that deny all but a few are common, and
    who may not look at one can say nothing of it.
    """
    dice = random.Random(f"{seed}/drift")  # noqa: S311 - a story, no secret
    order = _order(dice)
    bucket = truth.of("aws.s3.bucket")[-1]
    closed = [Refused(operation=name, containing=f"/{bucket.handle}?") for name in _OF_BUCKET]
    line = f"bucket {bucket.handle} keeps the agent out: an error is what it must be, never a pass"
    yield _weather(0.0, line, ground, closed)
    denials = 0
    broken: deque[tuple[Mischief, Seeded]] = deque()
    wait = _FIRST
    while True:
        for step in _PATTERN:
            operation, action = _BLIND[denials % len(_BLIND)]
            if step == "break":
                taken = [bucket, *(one for _, one in broken)]
                mischief, victim = _choose(dice, order, truth, taken)
                broken.append((mischief, victim))
                yield _scene(wait, mischief.broken, mischief.breaks, ground, victim)
            elif step == "mend":
                mischief, victim = broken.popleft()
                yield _scene(wait, mischief.mended, mischief.mends, ground, victim)
            elif step == "deny":
                line = f"somebody takes {action} away from the agent"
                yield _weather(wait, line, ground, [*closed, Refused(operation=operation)])
            else:
                denials += 1
                line = f"somebody gives {action} back to the agent"
                yield _weather(wait, line, ground, closed)
            wait = STEP


def _order(dice: random.Random) -> Iterator[Mischief]:
    """The first is always the one that everybody understands; each comes before any comes again."""
    first = True
    while True:
        rest = list(MISCHIEFS[1:] if first else MISCHIEFS)
        dice.shuffle(rest)
        yield from (MISCHIEFS[:1] if first else ())
        yield from rest
        first = False


def _choose(
    dice: random.Random, order: Iterator[Mischief], truth: Truth, taken: Sequence[Seeded]
) -> tuple[Mischief, Seeded]:
    """The next mischief that has a victim: one that is in order, and not broken already."""
    for mischief in order:
        kind = truth.of(mischief.kind)
        if fit := [one for one in kind if mischief.fits(one.facts) and one not in taken]:
            return mischief, dice.choice(fit)
    raise AssertionError("the order of mischiefs has no end")


def _scene(
    wait: float, line: str, act: Callable[[Ground, Seeded], None], ground: Ground, victim: Seeded
) -> Scene:
    return Scene(
        wait=wait,
        line=line.format(name=victim.handle or victim.id, region=victim.region or "all regions"),
        play=lambda: act(ground, victim),
    )


def _weather(wait: float, line: str, ground: Ground, refused: list[Refused]) -> Scene:
    return Scene(wait=wait, line=line, play=lambda: ground.cloud.deny(refused))
