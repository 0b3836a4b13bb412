"""The Terraform modules, as far as they can be judged without their providers."""

import json
import re
import subprocess

import pytest
from terraform_kit import (
    MODULES,
    PERMISSIONS,
    TERRAFORM,
    TOOL,
    Module,
    name_of,
    read,
    unknown_names,
    wrong_calls,
)
from terraform_kit import terraform as run

OURS = [folder for folder in MODULES if TERRAFORM in folder.parents]
"""Those written by hand; the others are printed by `assay permissions`."""
modules = pytest.mark.parametrize("folder", MODULES, ids=name_of)
ours = pytest.mark.parametrize("folder", OURS, ids=name_of)
ACTION = re.compile(r"^[a-z0-9-]+:[A-Za-z*]+$")


@modules
def test_every_variable_and_output_is_described_and_typed(folder):
    module = read(folder)
    for name, body in module.named("variable").items():
        assert body.get("type"), name
        assert str(body.get("description", "")).endswith("."), name
    for name, body in module.named("output").items():
        assert str(body.get("description", "")).endswith("."), name


@ours
def test_what_a_person_writes_is_validated(folder):
    free = {"settings", "more", "tags", "labels", "files", "regions", "projects", "exclude"}
    free |= {"subscriptions", "directory", "location", "region", "network", "subnetwork"}
    free |= {"machine_type", "admin", "locked", "project", "resource_group_name"}
    free |= {"target", "key", "anchor"}
    if folder.name in {"target", "machine"}:  # they are given what was validated above them
        return
    module = read(folder)
    unchecked = {
        name
        for name, body in module.named("variable").items()
        if "validation" not in body and body["type"] != "bool"
    }
    if folder.parent == TERRAFORM and folder.name != "settings":
        alike = {"origin", "retain_days", "port", "files"}
        checked = read(TERRAFORM / "settings").named("variable")
        call = module.named("module")["settings"]
        for name in alike:
            assert call[name] == f"${{var.{name}}}"
            assert "validation" in checked[name]
        unchecked -= alike
    passed = {"bucket", "copies_account", "copies_container", "registry", "repository"}
    assert unchecked - free - passed - {"bucket_elsewhere"} == set()


@modules
def test_no_pattern_repeats_more_often_than_terraform_knows(folder):
    """RE2 refuses a repetition above 1,000, and `can` takes that for a value that does not fit."""
    found = re.findall(r"\{(?:\d+,)?(\d+)\}", read(folder).text)
    assert [each for each in found if int(each) > 1000] == []


@modules
def test_nothing_is_referred_to_that_is_not_there(folder):
    assert unknown_names(read(folder)) == []


@ours
def test_modules_are_called_with_what_they_take(folder):
    assert list(wrong_calls(read(folder))) == []


@modules
def test_versions_are_pinned_from_below(folder):
    (body,) = (body for _, body in read(folder).blocks["terraform"])
    assert body["required_version"].startswith(">= 1.")
    used = {type_.split("_")[0] for type_, _, _ in read(folder).resources()} - {"terraform"}
    named = [set(block) for block in body.get("required_providers", [])]
    assert used <= {"azurerm", "azuread", *(set().union(*named))}
    assert all(each in set().union(*named) for each in used)


@pytest.mark.skipif(not TOOL, reason="terraform is not installed")
def test_the_modules_are_formatted():
    done = run("fmt", "-check", "-diff", "-recursive", folder=TERRAFORM)
    assert done.returncode == 0, done.stdout


def statements(module: Module):
    """Each statement of each policy, as text: they are expressions, which nobody computes here."""
    flat = re.sub(r"\s+", " ", module.text)
    for sid in re.finditer(r"\bSid\s*=", flat):
        following = flat.find("Sid", sid.end())
        yield flat[sid.start() : following if following > 0 else None]


@ours
def test_nothing_is_allowed_with_a_wildcard(folder):
    for statement in statements(read(folder)):
        actions = [word for word in re.findall(r'"([^"]+)"', statement) if ACTION.match(word)]
        if '"Deny"' in statement:
            continue
        assert not [action for action in actions if "*" in action], statement
        if 'Resource = "*"' in statement or 'Resource = ["*"]' in statement:
            assert set(actions) <= {
                "ecr:GetAuthorizationToken",
                "organizations:ListAccounts",
                "organizations:ListChildren",
            }, statement


@ours
def test_nothing_is_open_to_everybody(folder):
    text = re.sub(r"\s+", " ", read(folder).text)
    for statement in statements(read(folder)):
        public = re.search(r'Principal = ("\*"|\{ AWS = "\*" \})', statement)
        assert not public or '"Deny"' in statement
    for rule in re.findall(r'type = "ingress".*?\}', text):
        assert "0.0.0.0/0" not in rule
    assert "allUsers" not in text
    assert "allAuthenticatedUsers" not in text
    assert "access_config {" not in text


def test_the_agent_may_read_what_is_printed_and_nothing_else():
    aws = read(TERRAFORM / "aws").locals["printed"]
    assert aws == '${jsondecode(file("${path.module}/../../permissions/aws/policy.json"))}'
    assert json.loads((PERMISSIONS / "aws/policy.json").read_text())["Statement"]
    for cloud in ("azure", "gcp"):
        call = read(TERRAFORM / cloud).named("module")["permissions"]
        assert (TERRAFORM / cloud / call["source"]).resolve() == PERMISSIONS / cloud


def test_the_bucket_on_aws_is_locked_encrypted_and_not_public():
    bucket = read(TERRAFORM / "aws/anchor")
    lock = bucket.one("aws_s3_bucket_object_lock_configuration")["rule"][0]["default_retention"][0]
    assert (lock["mode"], lock["days"]) == ("COMPLIANCE", "${var.retain_days}")
    made = bucket.one("aws_s3_bucket")
    assert made["object_lock_enabled"] is True
    assert made["lifecycle"][0]["prevent_destroy"] is True
    versions = bucket.one("aws_s3_bucket_versioning")["versioning_configuration"][0]
    assert versions["status"] == "Enabled"
    closed = bucket.one("aws_s3_bucket_public_access_block")
    assert [value for key, value in closed.items() if key != "bucket"] == [True] * 4
    assert bucket.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert "s3:Delete" not in bucket.text
    assert "Bypass" not in bucket.text


def test_the_container_on_azure_is_immutable_and_not_public():
    container = read(TERRAFORM / "azure/anchor")
    account = container.one("azurerm_storage_account")
    assert account["immutability_policy"][0]["state"] == '${var.locked ? "Locked" : "Unlocked"}'
    assert account["blob_properties"][0]["versioning_enabled"] is True
    assert account["shared_access_key_enabled"] is False
    assert account["allow_nested_items_to_be_public"] is False
    assert account["lifecycle"][0]["prevent_destroy"] is True
    assert container.one("azurerm_storage_container")["container_access_type"] == "private"
    (granted,) = container.one("azurerm_role_definition")["permissions"]
    assert {action.rpartition("/")[2] for action in granted["data_actions"]} == {"read", "write"}
    assert set(granted) - {"__is_block__"} == {"data_actions"}


def test_the_bucket_on_google_cloud_is_locked_and_not_public():
    bucket = read(TERRAFORM / "gcp/anchor")
    made = bucket.one("google_storage_bucket")
    assert made["retention_policy"][0]["is_locked"] is True
    assert made["public_access_prevention"] == "enforced"
    assert made["uniform_bucket_level_access"] is True
    assert made["force_destroy"] is False
    assert made["lifecycle"][0]["prevent_destroy"] is True
    granted = bucket.one("google_project_iam_custom_role")["permissions"]
    assert not [each for each in granted if "delete" in each or "update" in each]


def test_evidence_is_never_destroyed_and_always_encrypted():
    aws = read(TERRAFORM / "aws")
    disk = aws.one("aws_efs_file_system")
    assert disk["encrypted"] is True
    keys = [body for type_, _, body in aws.resources() if type_ == "aws_kms_key"]
    shares = [
        read(TERRAFORM / "azure").one("azurerm_storage_share"),
        read(TERRAFORM / "gcp").one("google_compute_disk"),
    ]
    keys += [read(TERRAFORM / "azure").one("azurerm_key_vault_key")]
    keys += [read(TERRAFORM / "gcp").one("google_kms_crypto_key")]
    for body in (disk, *keys, *shares):
        assert body["lifecycle"][0]["prevent_destroy"] is True
    account = read(TERRAFORM / "azure").one("azurerm_storage_account")
    assert account["infrastructure_encryption_enabled"] is True
    assert account["network_rules"][0]["default_action"] == "Deny"


def test_a_log_has_one_writer():
    service = read(TERRAFORM / "aws").one("aws_ecs_service")
    assert service["desired_count"] == 1
    assert service["deployment_maximum_percent"] == 100
    assert service["deployment_minimum_healthy_percent"] == 0
    app = read(TERRAFORM / "azure").one("azurerm_container_app")
    assert app["template"][0]["max_replicas"] == app["template"][0]["min_replicas"] == 1
    instance = read(TERRAFORM / "gcp").one("google_compute_instance")
    assert instance["attached_disk"][0]["mode"] == "READ_WRITE"
    for body in (app, instance):  # made anew when it changes: the old one ends first
        assert body["lifecycle"][0]["replace_triggered_by"] == ["${terraform_data.revision}"]
        assert "create_before_destroy" not in body["lifecycle"][0]


BROKEN = {
    "a variable": ("variables.tf", "var.name", "var.nane", "var.nane is not declared"),
    "a resource": ("service.tf", "aws_ecs_cluster.agent.id", "aws_ecs_cluster.agnet.id", "agnet"),
    "a local": ("service.tf", "local.region", "local.regoin", "local.regoin is not declared"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_reader_sees_a_name_that_is_wrong(broken, tmp_path):
    file, old, new, said = broken
    for each in (TERRAFORM / "aws").glob("*.tf"):
        text = each.read_text()
        (tmp_path / each.name).write_text(text.replace(old, new) if each.name == file else text)
    assert [line for line in unknown_names(read(tmp_path)) if said in line]


def started(folder, files):
    """Run the script as a container does; what it leaves in the environment, and in the folder."""
    done = subprocess.run(
        ["python3", TERRAFORM / "start.py", "env"],
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "ASSAY_CONFIG": str(folder / "assay.yaml"),
            "ASSAY_FILES": json.dumps(files),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    found = {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file() and file.name[0] != "."
    }
    return done.stdout, found


def test_the_script_that_starts_the_agent_writes_the_files_first(tmp_path):
    files = {"assay.yaml": "origin: log.example.com/é\n", "controls/own.yaml": "[]\n"}
    environment, found = started(tmp_path / "config", files)
    assert "ASSAY_CONFIG=" in environment
    assert "ASSAY_FILES" not in environment
    assert found == files
    assert (tmp_path / "config/assay.yaml").stat().st_mode & 0o777 == 0o600


def test_the_script_takes_away_what_it_wrote_before_and_nothing_else(tmp_path):
    started(tmp_path, {"assay.yaml": "origin: a\n", "controls/own.yaml": "[]\n"})
    (tmp_path / "roster.csv").write_text("email,status\n")
    _, found = started(tmp_path, {"assay.yaml": "origin: b\n"})
    assert found == {"assay.yaml": "origin: b\n", "roster.csv": "email,status\n"}
