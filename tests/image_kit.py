"""The image, really built and really run, without an engine: buildah, podman and runc as root."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
from prometheus_kit import fetch

ROOT = Path(__file__).parent.parent
TAG = "localhost/assay:test"
NEEDED = ("buildah", "mmdebstrap", "podman", "runc")
SWITCH = "ASSAY_DEPLOY_CHECK"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "/var/tmp") / "assay-image"


def skip_where_it_cannot_be_built():
    if SWITCH not in os.environ:
        pytest.skip(f"takes minutes: `make deploy-check` sets {SWITCH}")
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        pytest.skip(f"not here (Debian's packages): {', '.join(missing)}")
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tree of files here")


def call(*words, timeout=600):
    """Run a command; its output. What it says against us is the failure's text."""
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
    )
    assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


@cache
def driver():
    """How trees of files are kept: `vfs` copies 300 MB for every container, but works anywhere."""
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="try-") as folder:
        store = ("--root", f"{folder}/store", "--runroot", f"{folder}/run")
        words = ["buildah", *store, "--storage-driver", "overlay"]
        tried = [[*words, "from", "scratch"], [*words, "mount", "working-container"]]
        done = [subprocess.run(each, capture_output=True, check=False) for each in tried]
        subprocess.run([*words, "rm", "-a"], capture_output=True, check=False)
        return "vfs" if any(each.returncode for each in done) else "overlay"


def stored(program, *words, **options):
    folder = CACHE / driver()
    store = ("--root", folder / "store", "--runroot", folder / "run", "--storage-driver", driver())
    return call(program, *store, *words, **options)


def podman(*words, **options):
    # The machine's control groups may be of both kinds at once, which runc can do and crun cannot.
    return stored("podman", "--cgroup-manager", "cgroupfs", *words, **options)


def build():
    """Build the image of the working tree; what `podman image inspect` says of it."""
    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    call(ROOT / "deploy/image/stand-in.sh", CACHE, driver())
    lent = [path for path in ("/etc/ssl/certs", "/etc/pip.conf") if Path(path).exists()]
    stored(
        "buildah", "bud", "--isolation", "chroot", "--pull-never", "--format", "docker",
        # Lent for the build, and not in the image: whom and where this machine asks for packages.
        *[word for path in lent for word in ("-v", f"{path}:{path}:ro")],
        "--build-arg", "VERSION=1.2.3", "--build-arg", "REVISION=abc", "-t", TAG, ROOT,
    )  # fmt: skip
    podman("image", "prune", "-f")  # of earlier builds
    (said,) = json.loads(podman("image", "inspect", TAG))
    return said


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Container:
    """The image at work, as hardened as the chart has it; use it as a context."""

    def __init__(self, name, volumes, environment):
        self.name = name
        self.listen = environment["ASSAY_HTTP_LISTEN"]
        mounts = [word for volume in volumes for word in ("-v", volume)]
        known = [word for pair in environment.items() for word in ("-e", "=".join(pair))]
        # Limits of processes are given, for the default ones may be more than this machine allows.
        self._run = (
            "run", "-d", "--pull", "never", "--runtime", "runc", "--name", name,
            "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--network", "host",
            "--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp:rw,noexec,nosuid",
            "--cap-drop", "all", "--security-opt", "no-new-privileges", "--no-healthcheck",
            "--memory", "1g", *mounts, *known, TAG,
        )  # fmt: skip

    def __enter__(self):
        podman(*self._run)
        return self

    def __exit__(self, *failure):
        podman("rm", "-f", self.name)

    def logs(self):
        return podman("logs", "--tail", "100", self.name)

    def ask(self, path):
        """Text of the agent's answer; empty while nobody answers."""
        return (fetch(f"http://{self.listen}{path}") or b"").decode()

    def healthy(self):
        return self.ask("/healthz") == "ok\n"

    def execute(self, *words):
        return podman("exec", self.name, *words)

    def python(self, code):
        return self.execute("/opt/assay/bin/python", "-c", code)

    def state(self):
        (said,) = json.loads(podman("inspect", self.name))
        return said["State"]
