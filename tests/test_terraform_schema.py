"""The Terraform modules fit the schemas of today's providers: `make deploy-check-terraform`."""

import pytest
from terraform_kit import MODULES, TERRAFORM, name_of, read
from terraform_schema import missing_wheels, version_of, wrong_resources

pytestmark = pytest.mark.skipif(
    bool(missing_wheels()), reason="the providers' bindings are not there: make terraform-tools"
)


@pytest.mark.parametrize("folder", MODULES, ids=name_of)
def test_resources_have_what_the_provider_knows_and_asks_for(folder):
    assert list(wrong_resources(read(folder))) == []


def test_the_schemas_are_those_that_are_told_of():
    told = (TERRAFORM.parents[1] / "docs" / "verified.md").read_text()
    for provider in ("aws", "azurerm", "azuread", "google"):
        assert f"{provider} {version_of(provider)}" in told


BROKEN = {
    "an argument": ("sse_algorithm", "sse_algoritm", "there is no argument or block"),
    "a block": ("default_retention {", "default_retentions {", "there is no argument or block"),
    "a type": ('"aws_s3_bucket_versioning"', '"aws_s3_bucket_versionings"', "no such type"),
    "a missing one": ('status = "Enabled"', "", "'status' is missing"),
    "a value": ("object_lock_enabled = true", 'object_lock_enabled = "on"', "no text is expected"),
    "a block for an argument": ("tags                = var.tags", "tags {}", "and no block"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_check_sees_what_is_wrong(broken, tmp_path):
    old, new, said = broken
    text = (TERRAFORM / "aws/anchor/main.tf").read_text()
    assert old in text
    (tmp_path / "main.tf").write_text(text.replace(old, new))
    assert [line for line in wrong_resources(read(tmp_path)) if said in line]
