"""The modules for Azure and Google Cloud can be planned: their expressions, checks and calls hold.

Without their providers, which nobody has here: `terraform_stub` says what that leaves unseen.
"""

import json

import pytest
from terraform_kit import TOOL
from terraform_kit import terraform as run
from terraform_stub import write_stubs

pytestmark = pytest.mark.skipif(not TOOL, reason="terraform is not installed")
DIGEST = "0" * 64
GUID = "11111111-2222-3333-4444-555555555555"
AZURE = {
    "location": "westeurope",
    "image": f"acme.azurecr.io/assay@sha256:{DIGEST}",
    "preparing_image": f"mcr.microsoft.com/azurelinux/base/core@sha256:{DIGEST}",
    "subnet_id": "/subscriptions/1/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/a"
    "/subnets/assay",
    "client_cidrs": ["10.0.0.0/8"],
    "tenant": GUID,
    "scope": "/providers/Microsoft.Management/managementGroups/acme",
    "origin": "log.example.com/assay",
    "vault": "acme-assay",
    "evidence_account": "acmeassayevidence",
    "copies_account": "acmeassaycopies",
}
GCP = {
    "project": "acme-assay",
    "organization": "123456789012",
    "region": "europe-west1",
    "zone": "europe-west1-b",
    "network": "acme",
    "subnetwork": "acme-europe-west1",
    "client_cidrs": ["10.0.0.0/8"],
    "image": f"europe-docker.pkg.dev/acme/assay/agent@sha256:{DIGEST}",
    "origin": "log.example.com/assay",
    "bucket": "acme-copies",
}
POOL = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool"
MORE = {
    "azure": {
        "registry": {"id": "/subscriptions/1", "server": "acme.azurecr.io"},
        "copies_elsewhere": True,
        "files": {"web.yml": "basic_auth_users: {}\n"},
    },
    "gcp": {
        "repository": {"project": "acme-assay", "location": "europe", "name": "assay"},
        "federated": [f"principal:{POOL}/subject/agent"],
        "bucket_elsewhere": True,
        "folder": "77",
        "settings": {"run": {"discover": "1h"}},
    },
}
LEAST = {"azure": AZURE, "gcp": GCP}


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return write_stubs(tmp_path_factory.mktemp("deploy"))


@pytest.fixture
def plan(stubs, tmp_path_factory):
    def planned(cloud, variables):
        folder = tmp_path_factory.mktemp(cloud, numbered=True)
        source = f"../{stubs.parent.name}/terraform/{cloud}"
        call = {"module": {"it": {"source": source, **variables}}}
        (folder / "main.tf.json").write_text(json.dumps(call))
        begun = run("init", folder=folder)
        assert begun.returncode == 0, begun.stderr
        done = run("plan", folder=folder)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    return planned


@pytest.mark.parametrize("cloud", LEAST)
def test_a_module_is_planned_with_the_least(plan, cloud):
    code, told = plan(cloud, LEAST[cloud])
    assert code == 0, told
    assert "module.it.module.anchor[0].terraform_data" in told
    assert "module.it.module.permissions.terraform_data" in told


@pytest.mark.parametrize("cloud", LEAST)
def test_a_module_is_planned_with_everything(plan, cloud):
    code, told = plan(cloud, LEAST[cloud] | MORE[cloud])
    assert code == 0, told
    assert "module.anchor" not in told


WRONG = {
    "a tag": ("azure", {"image": "acme.azurecr.io/assay:latest"}, "by its digest"),
    "everybody": ("azure", {"client_cidrs": ["0.0.0.0/0"]}, "not the whole Internet"),
    "nobody named": ("azure", {"client_cidrs": []}, "with none named all would be let in"),
    "both": ("azure", {"subscriptions": [GUID], "management_groups": ["a"]}, "not both"),
    "our file": ("gcp", {"files": {"assay.yaml": ""}}, "`settings` changes it"),
    "a path": ("gcp", {"files": {"../log.key": ""}}, "Plain relative paths"),
    "a whole pool": ("gcp", {"federated": [f"principalSet:{POOL}/*"]}, "not all of it"),
    "a bucket's name": ("gcp", {"bucket": "Acme"}, "A bucket's name is"),
    "days": ("gcp", {"retain_days": 0.5}, "Whole days"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_input_is_refused_with_what_to_write(plan, wrong):
    cloud, change, said = wrong
    code, told = plan(cloud, LEAST[cloud] | change)
    assert code == 1
    assert said in told
