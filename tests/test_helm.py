"""The chart renders what Kubernetes takes, of the strictest kind, and refuses wrong values."""

import json
import re
import sys

import pytest
import yaml
from chart_kit import CHART, ROOT, call, container_of, kinds, of, pod_of, render, tool
from kubernetes_validate import validate

from agent.config import _ENVIRONMENT, load_settings

ALWAYS = ["ConfigMap", "NetworkPolicy", "Service", "ServiceAccount", "StatefulSet"]
OPERATORS = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
EVERYTHING = ("-f", CHART / "ci/everything.yaml")
MUTUAL = ("-f", CHART / "ci/mutual.yaml")


@pytest.fixture(scope="module")
def plain():
    return render()


@pytest.fixture(scope="module")
def everything():
    return render(*EVERYTHING)


@pytest.fixture(scope="module")
def mutual():
    return render(*MUTUAL)


@pytest.mark.parametrize("values", [(), EVERYTHING, MUTUAL], ids=["plain", "everything", "mutual"])
def test_helm_finds_no_fault_with_the_chart(values):
    done = call(tool("helm"), "lint", "--strict", CHART, *values)
    assert done.returncode == 0, done.stdout


def test_exactly_these_kinds_are_made(plain, everything, mutual):
    dashboards = ["ConfigMap"] * len(list((ROOT / "deploy/grafana/dashboards").glob("*.json")))
    assert kinds(plain) == ALWAYS
    assert kinds(everything) == sorted([*ALWAYS, *dashboards, "PrometheusRule", "ServiceMonitor"])
    assert kinds(mutual) == ["ConfigMap", "PodMonitor", "Service", "StatefulSet"]


@pytest.mark.parametrize("version", ["1.27", "1.33", "1.37"])
def test_kubernetes_knows_every_field(plain, everything, mutual, version):
    for document in [*plain, *everything, *mutual]:
        if document["kind"] not in OPERATORS:
            validate(document, version, strict=True)


def test_the_pod_passes_the_restricted_standard(plain, everything):
    for documents in (plain, everything):
        pod, container = pod_of(documents)["spec"], container_of(documents)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        allowed = {"configMap", "secret", "emptyDir", "persistentVolumeClaim"}
        assert {key for volume in pod["volumes"] for key in volume} - {"name"} <= allowed
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()


def test_the_pod_can_ask_kubernetes_nothing(everything):
    assert pod_of(everything)["spec"]["automountServiceAccountToken"] is False
    assert of(everything, "ServiceAccount")["automountServiceAccountToken"] is False
    assert not {"Role", "ClusterRole", "RoleBinding"} & set(kinds(everything))


def test_the_key_stays_closed_to_the_group_when_the_pod_starts_again(plain):
    policy = pod_of(plain)["spec"]["securityContext"]["fsGroupChangePolicy"]
    assert policy == "OnRootMismatch"


def settings_of(documents, folder):
    """What the agent makes of the pod's files and variables."""
    for name, text in of(documents, "ConfigMap")["data"].items():
        (folder / name).write_text(text)
    variables = {each["name"]: each["value"] for each in container_of(documents)["env"]}
    assert {name for name in variables if name.startswith("ASSAY_")} <= _ENVIRONMENT.keys()
    return load_settings(folder / "assay.yaml", variables)


def test_the_agent_takes_what_the_pod_says(plain, everything, tmp_path):
    http = settings_of(plain, tmp_path).http
    assert (http.listen, http.insecure) == ("0.0.0.0:9464", True)
    boards = [each for each in everything if "dashboard" in each["metadata"]["name"]]
    settings = settings_of([each for each in everything if each not in boards], tmp_path)
    assert settings.http.listen == "0.0.0.0:9443"
    assert settings.http.insecure is False
    assert settings.http.web_config == "/etc/assay-web/web.yml"
    assert settings.targets[0].account == "011122223333"
    assert all(settings.path(name).exists() for name in settings.rules_paths + settings.waivers)


def test_what_it_writes_to_is_a_volume(plain):
    mounts = {each["mountPath"]: each for each in container_of(plain)["volumeMounts"]}
    assert not mounts["/var/lib/assay"].get("readOnly")
    assert not mounts["/tmp"].get("readOnly")
    assert mounts["/etc/assay"]["readOnly"] is True
    claim = of(plain, "StatefulSet")["spec"]["volumeClaimTemplates"][0]["spec"]
    assert claim["resources"]["requests"] == {"storage": "10Gi"}
    assert "ASSAY_STORE=/var/lib/assay" in (ROOT / "Dockerfile").read_text()


def test_one_pod_and_no_budget_that_would_hold_a_node(plain):
    assert of(plain, "StatefulSet")["spec"]["replicas"] == 1
    assert "PodDisruptionBudget" not in kinds(plain)


def test_selectors_find_the_pod(everything):
    labels = pod_of(everything)["metadata"]["labels"].items()
    service = of(everything, "Service")
    assert service["spec"]["selector"].items() <= labels
    assert of(everything, "StatefulSet")["spec"]["selector"]["matchLabels"].items() <= labels
    assert of(everything, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels
    monitor = of(everything, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    # The job of the alerts is the value of this label.
    assert service["metadata"]["labels"][monitor["jobLabel"]] == "assay"


def test_an_unready_agent_is_scraped_too(plain):
    assert of(plain, "Service")["spec"]["publishNotReadyAddresses"] is True


def test_probes_ask_as_the_agent_answers(plain, everything, mutual):
    probes = ("startupProbe", "livenessProbe", "readinessProbe")
    for documents, scheme in ((plain, "HTTP"), (everything, "HTTPS")):
        asked = [container_of(documents)[each]["httpGet"] for each in probes]
        assert [each["path"] for each in asked] == ["/healthz", "/healthz", "/readyz"]
        assert {each["scheme"] for each in asked} == {scheme}
    alive = container_of(mutual)["livenessProbe"]["exec"]["command"]
    assert alive == ["/opt/assay/bin/python", "/opt/assay/healthcheck.py"]
    assert "httpGet" not in container_of(mutual)["readinessProbe"]


def test_a_pod_becomes_somebody_in_each_cloud(everything):
    told = of(everything, "ServiceAccount")["metadata"]["annotations"]
    assert told == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::011122223333:role/assay",
        "azure.workload.identity/client-id": "00000000-0000-4000-8000-000000000001",
        "azure.workload.identity/tenant-id": "00000000-0000-4000-8000-000000000002",
        "iam.gke.io/gcp-service-account": "assay@acme.iam.gserviceaccount.com",
        "example.com/owner": "security",
    }
    labels = pod_of(everything)["metadata"]["labels"]
    assert labels["azure.workload.identity/use"] == "true"


def test_only_the_own_namespace_comes_in_unless_others_are_named(plain, everything):
    (ingress,) = of(plain, "NetworkPolicy")["spec"]["ingress"]
    assert ingress == {
        "from": [{"podSelector": {}}],
        "ports": [{"port": "http", "protocol": "TCP"}],
    }
    (ingress,) = of(everything, "NetworkPolicy")["spec"]["ingress"]
    assert list(ingress["from"][0]) == ["namespaceSelector"]
    assert {"port": 80, "protocol": "TCP"} in [
        port for rule in of(everything, "NetworkPolicy")["spec"]["egress"] for port in rule["ports"]
    ]


def test_prometheus_asks_with_what_the_agent_wants(everything, mutual):
    (endpoint,) = of(everything, "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["authorization"] == {"credentials": {"name": "scrape", "key": "token"}}
    assert endpoint["tlsConfig"]["serverName"] == "evidence"
    (endpoint,) = of(mutual, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint["basicAuth"]["username"] == {"name": "scrape", "key": "username"}
    (naming,) = endpoint["relabelings"]  # a restart gives the pod another address
    assert naming == {
        "sourceLabels": ["__meta_kubernetes_pod_name"],
        "targetLabel": "instance",
    }


def test_alerts_and_dashboards_are_those_of_the_repository(everything):
    rules = (ROOT / "deploy/prometheus/assay.rules.yml").read_text()
    mine = rules.replace("http://localhost:9464", "https://assay.example.com")
    assert of(everything, "PrometheusRule")["spec"] == yaml.safe_load(mine) != yaml.safe_load(rules)
    shown = {
        name: json.loads(content)
        for document in everything
        if document["metadata"]["labels"].get("grafana_dashboard") == "1"
        for name, content in document["data"].items()
    }
    files = (ROOT / "deploy/grafana/dashboards").glob("*.json")
    assert shown == {path.name: json.loads(path.read_text()) for path in files}


def test_a_changed_configuration_restarts_the_pod(plain):
    changed = render("--set", "config.origin=other.example/log")
    note = "checksum/config"
    before, after = (pod_of(each)["metadata"]["annotations"][note] for each in (plain, changed))
    assert before != after


WRONG = {
    "a misspelt value": ("image.repo=x", "repo"),
    "a tag for a digest": ("image.digest=v1", "/image/digest"),
    "a store elsewhere": ("config.store=/tmp", "/config/store"),
    "an address in the file": ("config.http.listen=0.0.0.0:1", "/config/http/listen"),
    "no target": ("config.targets=null", "/config"),
    "an unknown cloud": ("config.targets[0].provider=ibm", "/config/targets/0/provider"),
    "a port of root's": ("http.port=80", "/http/port"),
    "a port as words": ("http.port=http", "/http/port"),
    "a volume for many": ("persistence.accessMode=ReadWriteMany", "/persistence/accessMode"),
    "a size of nothing": ("persistence.size=10", "/persistence/size"),
    "a role that is none": ("identity.awsRoleArn=assay", "/identity/awsRoleArn"),
    "a user's e-mail": ("identity.googleServiceAccount=a@b.com", "/identity/googleServiceAccount"),
    "a file that is made": ("files.assay\\.yaml=x", "assay.yaml"),
    "a file in a folder": ("files.a/b=x", "a/b"),
    "a variable that is set": ("env[0].name=ASSAY_STORE", "/env/0/name"),
    "replicas": ("replicaCount=2", "replicaCount"),
}


@pytest.mark.parametrize(("assignment", "where"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_and_named(assignment, where):
    flag = "--set-json" if assignment.endswith(("null", "=10")) else "--set"
    said = "\n".join(map(str, render(flag, assignment)))
    assert "values don't meet the specifications of the schema" in said
    assert f"'{where}'" in said


OPEN = {
    "nobody is asked": ("networkPolicy.enabled=false", "anybody could read the evidence"),
    "TLS of nothing": ("http.tls=true", "set http.webConfigSecret"),
    "certificates without TLS": (
        "http.webConfigSecret=a,http.clientCertificates=true",
        "client certificates are of TLS",
    ),
    "two monitors": ("serviceMonitor.enabled=true,podMonitor.enabled=true", "twice"),
}


@pytest.mark.parametrize(("assignment", "said"), OPEN.values(), ids=OPEN)
def test_values_that_do_not_go_together_are_refused(assignment, said):
    assert said in "\n".join(map(str, render("--set", assignment)))


def test_a_web_configuration_of_nothing_but_tls_can_be_open_too(tmp_path):
    values = "http.webConfigSecret=web,http.tls=true,http.insecure=true"
    http = settings_of(render("--set", values), tmp_path).http
    assert (http.insecure, http.web_config) == (True, "/etc/assay-web/web.yml")


def test_behind_a_mesh_it_may_be_open():
    documents = render("--set", "networkPolicy.enabled=false,http.insecure=true")
    assert kinds(documents) == sorted(set(ALWAYS) - {"NetworkPolicy"})


def test_every_value_is_described_and_has_a_schema():
    done = call(sys.executable, ROOT / "deploy/helm/table.py", "--check")
    assert done.returncode == 0, done.stderr
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert schema.keys() - {"global"} == values.keys()
    for name, value in values.items():
        if not schema[name].get("additionalProperties", True):
            assert schema[name]["properties"].keys() == value.keys(), name


def test_the_notes_say_what_protects_it_and_what_does_not():
    command = (tool("helm"), "install", "a", CHART, "--dry-run=client")
    plain = call(*command).stdout.partition("NOTES:")[2]
    assert "WARNING: port 9464 asks nobody who they are" in plain
    assert "kubectl -n default exec a-assay-0 -- assay doctor" in plain
    secured = call(*command, *EVERYTHING).stdout.partition("NOTES:")[2]
    assert "WARNING" not in secured
    assert re.search(r"claim data-evidence-0, ", secured)


def test_a_packaged_chart_holds_the_files_that_it_links_to(tmp_path):
    assert call(tool("helm"), "package", CHART, "-d", tmp_path).returncode == 0
    (package,) = tmp_path.iterdir()
    switches = "prometheusRule.enabled=true,dashboards.enabled=true"
    done = call(tool("helm"), "template", "a", package, "--set", switches)
    assert done.stdout == call(tool("helm"), "template", "a", CHART, "--set", switches).stdout
