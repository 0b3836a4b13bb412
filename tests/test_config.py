"""A configuration that loads is right; a mistake is one line that says where and what to do."""

import pytest

from agent.config import ConfigError, load_settings
from checks.aws.settings import AwsSettings


def write(folder, text):
    path = folder / "assay.yaml"
    path.write_text(text)
    return path


ROLE = "arn:aws:iam::111122223333:role/assay-read"


def aws(keys):
    """One target of AWS."""
    return f"targets: [{{provider: aws, {keys}}}]\n"


def test_no_file_means_one_aws_target_with_the_sdks_own_credentials(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {})
    assert settings.targets == (AwsSettings(),)
    assert settings.http.listen == "127.0.0.1:9464"


def test_an_assay_yaml_here_is_read_without_being_named(tmp_path, monkeypatch):
    write(tmp_path, "store: here\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}).store == "here"


def test_relative_paths_start_at_the_files_own_folder(tmp_path):
    settings = load_settings(write(tmp_path, "store: here\n"), {})
    assert settings.path(settings.store) == tmp_path / "here"


def test_the_environment_replaces_single_values(tmp_path):
    path = write(tmp_path, "store: here\nhttp: {listen: '127.0.0.1:1'}\n")
    settings = load_settings(path, {"ASSAY_STORE": "there", "ASSAY_HTTP_LISTEN": "127.0.0.1:2"})
    assert settings.store == "there"
    assert settings.http.port == 2


def test_the_environment_can_name_the_file(tmp_path):
    path = write(tmp_path, "origin: log.example.com/assay\n")
    assert load_settings(None, {"ASSAY_CONFIG": str(path)}).origin == "log.example.com/assay"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("targets: []\n", "targets: name at least one target to observe"),
        ("targets: [{provider: aws, acount: '1'}]\n", "unknown field `acount`"),
        ("targets: [{provider: oracle}]\n", "targets[0].provider: 'oracle' is not known"),
        ("targets: [{account: '111122223333'}]\n", "targets[0].provider: it is missing; use"),
        (aws("account: 111122223333"), "[0].account: Expected `str`, got `int`; put it in quotes"),
        (aws("account: '1'"), "targets[0].account: '1' is not an account id of 12 digits"),
        (aws("partition: gov"), "targets[0].partition: 'gov' is not a partition"),
        (aws("role_arn: assay"), "targets[0].role_arn: 'assay' is not a role"),
        (aws("external_id: abc"), "targets[0].external_id: it is shown to a role; `role_arn` is"),
        (aws(f"role_arn: {ROLE}, account: '999900001111'"), "targets[0].role_arn: it is in 111122"),
        (aws(f"role_arn: {ROLE}, partition: aws-cn"), "targets[0].role_arn: it is in aws, `partit"),
        (aws("organization: {}"), "missing required field `role`"),
        (aws(f"organization: {{role: '{ROLE}'}}"), "targets[0].organization.role: 'arn:aws:iam"),
        (aws("organization: {role: a, include: [root]}"), "organization.include[0]: 'root' is not"),
        (aws("organization: {role: a, exclude: ['1']}"), "organization.exclude[0]: '1' is not"),
        (aws("organization: {role: a, external_id: x}"), "organization.external_id: 'x' is not"),
        (aws("organization: {role: a, roles: b}"), "unknown field `roles`"),
        (
            aws("account: '111122223333', organization: {role: a}"),
            "targets[0].account: `organization` finds the accounts; keep one of the two",
        ),
        ("run: {discover: ''}\n", "run.discover: a duration is expected"),
        ("run: {discover: often}\n", "run.discover: 'often' is not a duration"),
        ("run: {targets_at_once: 0}\n", "run.targets_at_once: at least 1"),
        ("every: hourly\n", "every: 'hourly' is not a duration"),
        ("run: {deadline: 0s}\n", "run.deadline: '0s' is not a duration"),
        ("run: {threads: 0}\n", "run.threads: a number from 1 to 256"),
        ("run: {max_attempts: 0}\n", "run.max_attempts: at least 1"),
        ("rules: {a: {every: soon}}\n", "rules.a.every: 'soon' is not a duration"),
        ("http: {series_budget: 0}\n", "http.series_budget: at least 1 is expected"),
        ("http: {listen: '9464'}\n", "http.listen: '9464' is not ADDRESS:PORT"),
        ("http: {listen: '127.0.0.1:70000'}\n", "is not ADDRESS:PORT"),
        ("http: {requests_per_second: -1}\n", "http.requests_per_second: 0 is no limit"),
        ("- a list\n", "a mapping is expected"),
        ("store: [1]\n", "Expected `str`"),
        ("folder: x\n", "unknown field `folder`"),
        ("store: a\nstore: b\n", "store"),
        ("store: {a\n", "assay.yaml:"),
    ],
)
def test_each_mistake_is_named(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(ConfigError, match="`assay init` writes one"):
        load_settings(tmp_path / "none.yaml", {})


def test_the_environment_says_how_the_server_of_a_container_is_secured(tmp_path):
    path = write(tmp_path, "http: {listen: '0.0.0.0:9464'}\n")
    said = {"ASSAY_HTTP_INSECURE": "true", "ASSAY_HTTP_WEB_CONFIG": "/etc/assay/web.yml"}
    http = load_settings(path, said).http
    assert (http.host, http.insecure, http.web_config) == ("0.0.0.0", True, "/etc/assay/web.yml")
    with pytest.raises(ConfigError, match="ASSAY_HTTP_INSECURE: true or false is expected"):
        load_settings(path, {"ASSAY_HTTP_INSECURE": "yes"})


def test_an_ipv6_loopback_is_loopback(tmp_path):
    settings = load_settings(write(tmp_path, "http: {listen: '[::1]:9464'}\n"), {})
    assert (settings.http.host, settings.http.port) == ("::1", 9464)
    assert settings.http.is_local


def test_a_mistake_is_shown_with_line_and_column(tmp_path):
    path = write(tmp_path, "store: here\ntargets:\n  - provider: aws\n    acount: '1'\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert str(caught.value) == f"{path}:4:5: Object contains unknown field `acount`"


def test_a_mistake_of_a_provider_s_own_is_shown_at_its_key(tmp_path):
    text = "targets:\n  - provider: aws\n    organization:\n      role: a\n      external_id: x\n"
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    key = "targets[0].organization.external_id"
    assert str(caught.value) == f"{path}:5:7: {key}: 'x' is not an external id"


def test_an_organization_with_all_its_keys_loads(tmp_path):
    path = write(
        tmp_path,
        aws(
            f"name: all, role_arn: '{ROLE}', external_id: one, partition: aws,"
            " home_region: eu-west-1, organization: {role: audit/AssayReader, external_id: two,"
            " include: [ou-ab12-cd34ef56, '111122223333'], exclude: ['444455556666'],"
            " management_account: false}"
        ),
    )
    (target,) = load_settings(path, {}).targets
    assert target.organization.include == ("ou-ab12-cd34ef56", "111122223333")
    assert target.organization.management_account is False
