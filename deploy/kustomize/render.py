"""Write what kustomize starts from, so that it is always what the chart makes.

`base/agent.yaml` is the chart with its defaults, but for the ConfigMap: kustomize makes that from
base/assay.yaml, under a name that changes with it, and so restarts the pod. `monitoring/` is what
the Prometheus operator reads.
"""  # noqa: INP001 - a script of the Makefile, not a package

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
CHART = HERE.parent / "helm/assay"
OPERATORS = ("--set", "serviceMonitor.enabled=true,prometheusRule.enabled=true")
HELMS = ("helm.sh/chart", "app.kubernetes.io/managed-by", "checksum/config")


def main(helm: str) -> None:
    """Write both files."""
    documents = tuple(_rendered(helm))
    own = ("ConfigMap", "ServiceMonitor", "PrometheusRule")
    _write("base/agent.yaml", [each for each in documents if each["kind"] not in own])
    _write("monitoring/monitoring.yaml", [each for each in documents if each["kind"] in own[1:]])


def _rendered(helm: str) -> Iterator[dict[str, Any]]:
    words = [helm, "template", "assay", str(CHART), *OPERATORS]
    done = subprocess.run(words, capture_output=True, check=True, text=True)  # noqa: S603 - helm of the Makefile
    for document in yaml.safe_load_all(done.stdout):
        if document:
            yield _without_helm(document)


def _without_helm(value: Any) -> Any:
    """Leave out what only helm reads, and what becomes empty by that."""
    if isinstance(value, list):
        return [_without_helm(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_helm(each) for key, each in value.items() if key not in HELMS}
    return {key: each for key, each in kept.items() if not (key == "annotations" and not each)}


def _write(name: str, documents: list[dict[str, Any]]) -> None:
    text = yaml.safe_dump_all(documents, sort_keys=False, width=100)
    (HERE / name).write_text(f"# Made by `make chart` from deploy/helm/assay.\n{text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
