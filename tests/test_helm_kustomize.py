"""Kustomize starts from what the chart makes, and each overlay builds."""

import importlib.util
from pathlib import Path

import pytest
import yaml
from chart_kit import ROOT, call, container_of, kinds, of, pod_of, tool
from kubernetes_validate import validate

from agent.config import load_settings

FOLDER = ROOT / "deploy/kustomize"
WHO = {
    "eks": ("eks.amazonaws.com/role-arn", "aws"),
    "aks": ("azure.workload.identity/client-id", "azure"),
    "gke": ("iam.gke.io/gcp-service-account", "gcp"),
}


def built(folder):
    done = call(tool("kubectl"), "kustomize", folder)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def test_its_files_are_what_the_chart_makes(tmp_path, monkeypatch):
    helm = tool("helm")
    spec = importlib.util.spec_from_file_location("render", FOLDER / "render.py")
    render = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(render)
    monkeypatch.setattr(render, "HERE", tmp_path)
    for folder in ("base", "monitoring"):
        (tmp_path / folder).mkdir()
    render.main(helm)
    for name in ("base/agent.yaml", "monitoring/monitoring.yaml"):
        assert (tmp_path / name).read_text() == (FOLDER / name).read_text(), f"{name}: `make chart`"


@pytest.mark.parametrize("name", WHO)
def test_an_overlay_builds_for_its_cloud(name):
    documents = built(FOLDER / name)
    assert kinds(documents) == [
        "ConfigMap", "NetworkPolicy", "Service", "ServiceAccount", "StatefulSet",
    ]  # fmt: skip
    for document in documents:
        validate(document, "1.33", strict=True)
    assert {document["metadata"]["namespace"] for document in documents} == {"assay"}
    note, provider = WHO[name]
    assert of(documents, "ServiceAccount")["metadata"]["annotations"].keys() == {note}
    assert container_of(documents)["image"] == "registry.example.com/assay:0.1.0"
    # Its own settings, under a name that changes with them.
    config = of(documents, "ConfigMap")
    (volume,) = (each for each in pod_of(documents)["spec"]["volumes"] if each["name"] == "config")
    assert volume["configMap"]["name"] == config["metadata"]["name"] != "assay"
    assert f"provider: {provider}" in config["data"]["assay.yaml"]
    labels = pod_of(documents)["metadata"]["labels"]
    assert ("azure.workload.identity/use" in labels) is (name == "aks")


@pytest.mark.parametrize("name", ["base", *WHO])
def test_the_agent_takes_the_settings(name):
    assert load_settings(FOLDER / name / "assay.yaml", {}).targets


def test_the_monitors_are_a_component_for_any_overlay(tmp_path):
    folder = tmp_path / "overlay"
    folder.mkdir()
    base, component = (Path("../deploy/kustomize", each) for each in ("base", "monitoring"))
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    text = yaml.safe_dump({"resources": [str(base)], "components": [str(component)]})
    (folder / "kustomization.yaml").write_text(text)
    assert {"PrometheusRule", "ServiceMonitor"} <= set(kinds(built(folder)))
