"""The chart as helm renders it, and where the tools are that `make tools` fetches."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CHART = ROOT / "deploy/helm/assay"


def tool(name):
    """Path of a tool; the test is skipped where there is none."""
    own = ROOT / ".tools/bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not here: `make tools`, or `make deploy-check` for docker-compose")
    return found


def call(*words, **options):
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def render(*words, release="a"):
    """The documents of the chart, or what helm says against it."""
    done = call(tool("helm"), "template", release, CHART, *words)
    if done.returncode:
        return [line for line in done.stderr.splitlines() if "symbolic link" not in line]
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def kinds(documents):
    return sorted(document["kind"] for document in documents)


def of(documents, kind):
    (found,) = (document for document in documents if document["kind"] == kind)
    return found


def pod_of(documents):
    return of(documents, "StatefulSet")["spec"]["template"]


def container_of(documents):
    (container,) = pod_of(documents)["spec"]["containers"]
    return container
