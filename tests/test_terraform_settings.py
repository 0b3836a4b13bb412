"""What the modules write for the agent: computed by Terraform, read by the agent's own loader.

Terraform is not everywhere; what it wrote is kept in `data/terraform`, so that the agent reads it
on every machine, and compared with what it writes where it is.
"""

import json
import subprocess

import pytest
import yaml
from terraform_kit import ROOT, TERRAFORM, TOOL, run_module

from agent.config import load_settings
from agent.evidence.anchors.settings import AzureSettings, GcsSettings, S3Settings
from agent.permissions.aws import agent_policy, discovery_policy

DATA = ROOT / "tests" / "data" / "terraform"
TENANT = "11111111-2222-3333-4444-555555555555"
COMMON = {
    "origin": "log.example.com/assay",
    "retain_days": 400,
    "port": 9464,
    "files": {},
    "more": {},
}
"""What `settings` is given, whatever the cloud is."""
AWS = {
    "account": "111122223333",
    "regions": [],
    "key_arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "bucket": "acme-copies",
    "bucket_region": "eu-west-1",
}
ORGANIZATION = {
    "organization": {
        "role": "AssayReader",
        "external_id": "an-agreed-word",
        "exclude": ["ou-ab12-cd34ef56"],
    },
    "regions": ["eu-west-1"],
}
AZURE = {
    "tenant": TENANT,
    "client_id": TENANT.replace("1", "6"),
    "subscriptions": [],
    "management_groups": ["platform"],
    "exclude": [TENANT.replace("1", "7")],
    "directory": True,
    "key_id": f"https://acme.vault.azure.net/keys/checkpoints/{'0' * 32}",
    "account": "acmecopies",
    "container": "checkpoints",
}
GCP = {
    "organization": "123456789012",
    "projects": [],
    "exclude": ["sandbox-1"],
    "quota_project": "acme-assay",
    "admin": "ana@example.com",
    "key_version": "projects/acme/locations/europe-west1/keyRings/assay/cryptoKeys/checkpoints"
    "/cryptoKeyVersions/1",
    "bucket": "acme-copies",
}
WRITTEN = {
    "aws": ("aws/target", AWS, {}),
    "aws-organization": ("aws/target", AWS | ORGANIZATION, {"files": {"web.yml": "{}\n"}}),
    "azure": ("azure/target", AZURE, {}),
    "gcp": (
        "gcp/target",
        GCP,
        {"more": {"run": {"discover": "1h"}, "waivers": ["waivers.yaml"]}},
    ),
}


def kept(name):
    return DATA / f"{name}.yaml"


@pytest.mark.skipif(not TOOL, reason="terraform is not installed")
@pytest.mark.parametrize("name", WRITTEN)
def test_terraform_writes_what_is_kept(name, tmp_path):
    folder, variables, change = WRITTEN[name]
    (tmp_path / "target").mkdir()
    of_cloud = run_module(TERRAFORM / folder, tmp_path / "target", variables)
    given = COMMON | change
    found = run_module(TERRAFORM / "settings", tmp_path, of_cloud | given)
    assert found["yaml"] == kept(name).read_text()
    assert found["files"] == given["files"] | {"assay.yaml": found["yaml"]}


def test_the_agent_reads_the_settings_of_one_account():
    settings = load_settings(kept("aws"), {})
    (target,) = settings.targets
    assert (target.provider, target.account, target.organization) == ("aws", "111122223333", None)
    assert settings.key.arn == AWS["key_arn"]
    assert settings.anchors == (S3Settings(bucket="acme-copies", region="eu-west-1"),)
    assert (settings.http.listen, settings.http.insecure) == ("0.0.0.0:9464", True)
    assert settings.origin == "log.example.com/assay"


def test_the_agent_reads_the_settings_of_an_organization():
    settings = load_settings(kept("aws-organization"), {})
    assert (settings.http.web_config, settings.http.insecure) == ("web.yml", False)
    (target,) = settings.targets
    assert (target.account, target.regions) == ("", ("eu-west-1",))
    found = target.organization
    assert (found.role, found.external_id, found.include, found.exclude) == (
        "AssayReader",
        "an-agreed-word",
        (),
        ("ou-ab12-cd34ef56",),
    )


def test_the_agent_reads_the_settings_of_a_tenant():
    settings = load_settings(kept("azure"), {})
    (target,) = settings.targets
    assert (target.auth, target.client_id) == ("managed_identity", AZURE["client_id"])
    assert (target.management_groups, target.subscriptions) == (("platform",), ())
    assert settings.key.id == AZURE["key_id"]
    assert settings.anchors == (AzureSettings(account="acmecopies", container="checkpoints"),)


def test_the_agent_reads_the_settings_of_a_google_organization():
    settings = load_settings(kept("gcp"), {})
    (target,) = settings.targets
    assert (target.parent, target.auth) == ("organizations/123456789012", "metadata")
    assert (target.quota_project, target.admin) == ("acme-assay", "ana@example.com")
    assert settings.key.version == GCP["key_version"]
    assert settings.anchors == (GcsSettings(bucket="acme-copies"),)
    assert (settings.run.discover, settings.waivers) == ("1h", ("waivers.yaml",))


@pytest.mark.parametrize("name", WRITTEN)
def test_the_environment_of_the_container_is_what_the_agent_reads(name, tmp_path):
    config = tmp_path / "config" / "assay.yaml"
    environment = {
        "ASSAY_CONFIG": str(config),
        "ASSAY_HTTP_LISTEN": "0.0.0.0:9464",
        "ASSAY_STORE": str(tmp_path),
    }
    subprocess.run(
        ["python3", TERRAFORM / "start.py", "true"],
        env={
            "PATH": "/usr/bin:/bin",
            "ASSAY_FILES": json.dumps({"assay.yaml": kept(name).read_text()}),
            **environment,
        },
        timeout=30,
        check=True,
    )
    settings = load_settings(None, environment)
    assert settings.path(settings.store) == tmp_path
    assert settings.path("waivers.yaml") == tmp_path / "config" / "waivers.yaml"


def test_every_cloud_sets_the_variables_that_are_tested_here():
    for file in ("aws/service.tf", "azure/service.tf", "gcp/machine/main.tf"):
        text = (TERRAFORM / file).read_text()
        for variable in ("ASSAY_CONFIG", "ASSAY_FILES", "ASSAY_HTTP_LISTEN", "ASSAY_STORE"):
            assert variable in text, file


def test_the_role_of_the_task_discovers_as_the_printed_policy_does():
    text = (TERRAFORM / "aws/identity.tf").read_text()
    printed = discovery_policy("discovery", "arn:aws:iam::*:role/x", units=True)
    for statement in printed.statements:
        assert f'Sid       = "{statement.sid}"' in text
        assert all(action in text for action in statement.actions)
    assert agent_policy(["arn:aws:iam::111122223333:role/x"]).statements[0].sid in text


MACHINE = {
    "image": f"europe-docker.pkg.dev/acme/assay/agent@sha256:{'0' * 64}",
    "port": 9464,
    "files": {"assay.yaml": "origin: log.example.com/assay\n"},
}


@pytest.mark.skipif(not TOOL, reason="terraform is not installed")
def test_terraform_writes_the_machines_document_that_is_kept(tmp_path):
    found = run_module(TERRAFORM / "gcp/machine", tmp_path, MACHINE)
    assert found["user_data"] == kept("machine").read_text()


def test_the_machine_starts_the_agent_without_rights_and_formats_no_disk_that_holds_something():
    text = kept("machine").read_text()
    assert text.startswith("#cloud-config\n")
    document = yaml.safe_load(text)
    assert document["bootcmd"][0].startswith(
        "blkid /dev/disk/by-id/google-evidence || test $? -ne 2 || mkfs.ext4 "
    )
    files = {each["path"]: each for each in document["write_files"]}
    assert files["/etc/assay/start.py"]["content"] == (TERRAFORM / "start.py").read_text()
    environment = files["/etc/assay/environment"]
    assert environment["permissions"] == "0400"
    lines = dict(line.split("=", 1) for line in environment["content"].splitlines())
    assert json.loads(lines["ASSAY_FILES"]) == MACHINE["files"]
    unit = files["/etc/systemd/system/assay.service"]["content"]
    (start,) = (line for line in unit.splitlines() if line.startswith("ExecStart="))
    for wanted in (
        "--read-only --tmpfs /tmp",
        "--cap-drop ALL",
        "no-new-privileges",
        "--user 10001:10001",
    ):
        assert wanted in start
    assert start.endswith(f"{MACHINE['image']} /etc/assay/start.py /opt/assay/bin/assay serve")
    assert "--privileged" not in start


ANY = {**COMMON, "target": {}, "key": {}, "anchor": {}}
WRONG = {
    "account": ("aws/target", {**AWS, "account": "1"}, "An account's id is twelve digits."),
    "organization": (
        "aws/target",
        {**AWS, "organization": {"role": "x"}},
        'attribute "external_id" is required',
    ),
    "origin": ("settings", {**ANY, "origin": "https://log.example.com/assay"}, "without https://"),
    "days": ("settings", {**ANY, "retain_days": 0}, "Whole days"),
    "port": ("settings", {**ANY, "port": 443}, "the agent is not root"),
    "our file": ("settings", {**ANY, "files": {"assay.yaml": ""}}, "`settings` changes it"),
    "a path": ("settings", {**ANY, "files": {"a/../../log.key": ""}}, "Plain relative paths"),
}


@pytest.mark.skipif(not TOOL, reason="terraform is not installed")
@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_wrong_input_is_refused(case, tmp_path):
    folder, variables, said = case
    with pytest.raises(AssertionError, match=said):
        run_module(TERRAFORM / folder, tmp_path, variables)
