"""The compose file: open to this machine only, and nothing writable but volumes."""

from pathlib import Path

import pytest
import yaml
from chart_kit import call, tool
from prometheus_kit import needs_prometheus

from agent.config import _ENVIRONMENT, load_settings

FOLDER = Path(__file__).parent.parent / "deploy/compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def mounts(service):
    return dict(text.split(":")[:2] for text in service["volumes"])


@each_service
def test_it_is_open_to_this_machine_only(service):
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


@each_service
def test_nothing_but_volumes_is_writable_and_nobody_gains_rights(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@each_service
def test_every_file_that_it_mounts_exists_and_every_volume_is_declared(service):
    for source, text in zip(mounts(service), service["volumes"], strict=True):
        if source.startswith("."):
            assert (FOLDER / source).exists(), source
            assert text.endswith(":ro"), source
        else:
            assert source in COMPOSE["volumes"]


@each_service
def test_every_image_has_a_version_or_is_our_own(service):
    image = service["image"]
    assert "build" in service or image.rstrip("}").rpartition(":")[2].lstrip("v")[0].isdigit()


def test_the_agent_reads_every_variable_that_is_set_for_it():
    said = dict(text.partition("=")[::2] for text in SERVICES["assay"]["environment"])
    ours = {name: value for name, value in said.items() if name.startswith("ASSAY_")}
    assert ours.keys() <= _ENVIRONMENT.keys()
    http = load_settings(FOLDER / "assay.yaml", ours).http
    assert (http.listen, http.insecure) == ("0.0.0.0:9464", True)


def test_the_agent_takes_the_settings():
    assert load_settings(FOLDER / "assay.yaml", {}).targets


def test_grafana_finds_its_source_and_its_dashboards():
    grafana = SERVICES["grafana"]
    provisioning = FOLDER.parent / "grafana/provisioning"
    (source,) = yaml.safe_load(next(provisioning.glob("datasources/*")).read_text())["datasources"]
    assert source["url"] == "${PROMETHEUS_URL}"
    host, port = grafana["environment"]["PROMETHEUS_URL"].removeprefix("http://").split(":")
    assert host in SERVICES
    assert SERVICES[host]["ports"][0].endswith(f":{port}")
    (boards,) = yaml.safe_load(next(provisioning.glob("dashboards/*")).read_text())["providers"]
    assert boards["options"]["path"] in mounts(grafana).values()


@needs_prometheus
def test_prometheus_takes_its_configuration(tmp_path):
    text = (FOLDER / "prometheus.yml").read_text()
    within = {target: source for source, target in mounts(SERVICES["prometheus"]).items()}
    (named,) = yaml.safe_load(text)["rule_files"]
    rules = (FOLDER / within[named]).resolve()
    (tmp_path / "prometheus.yml").write_text(text.replace(named, str(rules)))
    done = call("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stderr
    (job,) = yaml.safe_load(text)["scrape_configs"]
    assert job["job_name"] == "assay"
    assert job["static_configs"][0]["targets"] == ["assay:9464"]


def test_compose_itself_takes_it():
    done = call(tool("docker-compose"), "-f", FOLDER / "compose.yaml", "config", "-q")
    assert (done.returncode, done.stderr) == (0, "")


def test_compose_would_say_if_it_did_not(tmp_path):
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((FOLDER / "compose.yaml").read_text().replace("mem_limit", "mem_limt"))
    done = call(tool("docker-compose"), "-f", wrong, "config", "-q")
    assert "Additional property mem_limt is not allowed" in done.stderr
