"""An organization's accounts are found, entered by a role, and accounted for if they cannot be."""

import json
import signal

import pytest
from agent_kit import ACCOUNT, TARGET, Served
from aws_endpoint import Endpoint
from aws_kit import ENVIRONMENT
from organization_kit import REGIONS, ROLE, Organization, configure_organization

from agent.cli.app import run
from agent.config import load_settings
from agent.evidence import queries
from agent.evidence.verify import verify_store
from agent.home import open_store

SOURCE = "aws:organization:default"


@pytest.fixture(scope="module")
def endpoint():
    with pytest.MonkeyPatch.context() as patch, Endpoint() as endpoint:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield endpoint


@pytest.fixture
def assay(endpoint, tmp_path, capsys):
    """Run a command on the organization; the endpoint's counts begin anew."""

    def call(*words, **how):
        config = configure_organization(tmp_path, endpoint.url, **how)
        endpoint.forget()
        code = run(["-c", str(config), *words])
        said = capsys.readouterr()
        return int(code), said.out, said.err

    call.config = tmp_path / "assay.yaml"
    return call


@pytest.fixture
def start(endpoint, tmp_path):
    """Start agents that ask for the members every second; whatever is left is killed."""
    started = []

    def start(**how):
        run = {"discover": "1s", **how.pop("run", {})}
        how = {"every": "1s", "entry": {"regions": ["us-east-1"]}, **how}
        config = configure_organization(tmp_path, endpoint.url, run=run, **how)
        started.append(Served(config))
        return started[-1]

    start.config = tmp_path / "assay.yaml"
    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


def entries(config, kind):
    """The entries of one kind, from a log that verifies."""
    with open_store(load_settings(config, {})) as store:
        verify_store(store)
        return [entry for _, entry in queries.entries(store) if entry["kind"] == kind]


def outcomes(out):
    """Target -> the outcomes of its rules, from the JSON of a check."""
    items = json.loads(out)["items"]
    return {each["target"]: {rule["outcome"] for rule in each["rules"]} for each in items}


def labels(accounts):
    return {f"aws:{account}" for account in accounts}


def entered(endpoint):
    """The accounts whose role was asked for, of every request."""
    bodies = [sent.body for sent in endpoint.sent if sent.operation == "AssumeRole"]
    return sorted(body.split("iam%3A%3A")[1][:12] for body in bodies)


def test_25_accounts_in_3_regions_are_observed_without_a_call_too_many(assay, endpoint):
    organization = Organization(endpoint).grow(24)
    code, out, err = assay("check", "--format", "json")
    assert (code, err) == (0, "")
    found = outcomes(out)
    assert found.keys() == labels([ACCOUNT, *organization.members])
    assert all(found[target] == {"pass"} for target in found)
    assert endpoint.calls() == {
        "organizations:ListAccounts": 2,
        "sts:GetCallerIdentity": 1 + 25,
        "sts:AssumeRole": 24,
        "ec2:DescribeRegions": 25,
        "ec2:DescribeSecurityGroups": 25 * 3,
        "s3:ListBuckets": 25,
        "s3:GetBucketVersioning": 25,
    }
    assert all(endpoint.calls_in(where)["ec2:DescribeSecurityGroups"] == 25 for where in REGIONS)
    assert entered(endpoint) == sorted(organization.members)
    (assumed, *_) = [sent.body for sent in endpoint.sent if sent.operation == "AssumeRole"]
    assert f"role%2F{ROLE}&" in assumed
    assert "RoleSessionName=assay" in assumed
    assert "ExternalId=assay-7" in assumed


def test_each_account_s_evidence_is_its_own(assay, endpoint):
    organization = Organization(endpoint).grow(3)
    assay("check")
    with open_store(load_settings(assay.config, {})) as store:
        for account in (ACCOUNT, *organization.members):
            seen = queries.current(store, target=f"aws:{account}")
            buckets = {one.resource for one in seen if one.rule == "aws-s3-bucket-versioning"}
            assert buckets == {f"arn:aws:s3:::records-{account}"}


def test_an_account_that_denies_the_role_is_an_error_for_that_account_alone(assay, endpoint):
    organization = Organization(endpoint).grow(4)
    shut = organization.members[1]
    with endpoint.broken("sts:AssumeRole", mentions=shut):
        code, out, _ = assay("check", "--format", "json")
    assert code == 2
    found = outcomes(out)
    assert len(found) == 5
    assert found.pop(f"aws:{shut}") == {"error"}
    assert all(each == {"pass"} for each in found.values())
    assert entered(endpoint).count(shut) == 1
    (lost,) = [each for each in json.loads(out)["items"] if each["target"] == f"aws:{shut}"]
    assert {gap["cause"] for gap in lost["unseen"]} == {"auth"}
    assert f"cannot assume arn:aws:iam::{shut}:role/{ROLE}" in lost["unseen"][0]["message"]


def test_many_accounts_have_a_line_each_the_worst_first(assay, endpoint):
    organization = Organization(endpoint).grow(4)
    shut = organization.members[1]
    with endpoint.broken("sts:AssumeRole", mentions=shut):
        code, out, _ = assay("check")
    assert code == 2
    head, first, *others = [line.split() for line in out.split("\n\n")[0].splitlines()]
    assert head[:2] == ["OUTCOME", "TARGET"]
    assert first[:2] == ["error", f"aws:{shut}"]
    assert [line[0] for line in others] == ["pass"] * 4
    assert f"cannot assume arn:aws:iam::{shut}:role/{ROLE}" in out


def test_units_are_taken_with_all_below_them_and_accounts_left_out_by_name(assay, endpoint):
    organization = Organization(endpoint).grow(6)
    a, b, c, d, e, _f = organization.members
    outer = organization.unit(organization.root, a, b)
    organization.unit(outer, c)
    organization.unit(organization.root, d)
    code, out, _ = assay(
        "check", "--format", "json", organization={"include": [outer, e], "exclude": [b]}
    )
    assert code == 0
    assert outcomes(out).keys() == labels([a, c, e])
    calls = endpoint.calls()
    assert calls["organizations:ListAccounts"] == 1
    assert calls["organizations:ListChildren"] == 4  # accounts and units, of the two units
    (entry,) = entries(assay.config, "population")
    assert entry["others"] == dict.fromkeys(
        labels([ACCOUNT, b, d, organization.members[5]]), "EXCLUDED"
    )


def test_paths_of_accounts_spare_the_walk_through_the_units(assay, endpoint, monkeypatch):
    organization = Organization(endpoint).grow(3)
    unit = organization.unit(organization.root, organization.members[0])
    from moto.organizations.models import FakeAccount  # noqa: PLC0415 - the cloud that is played

    plain = FakeAccount.describe

    def describe(account):
        path = f"{account.organization_id}/{organization.root}/{account.parent_id}/"
        return {**plain(account), "Paths": [path]}

    monkeypatch.setattr(FakeAccount, "describe", describe)
    _, out, _ = assay("check", "--format", "json", organization={"include": [unit]})
    assert outcomes(out).keys() == labels(organization.members[:1])
    assert "organizations:ListChildren" not in endpoint.calls()


def test_a_unit_that_is_not_there_is_no_empty_unit(assay, endpoint):
    Organization(endpoint).grow(1)
    code, out, err = assay("check", organization={"include": ["ou-abcd-12345678"]})
    assert (code, out) == (2, "")
    assert "its members cannot be listed" in err
    assert err.count("\n") == 1


def test_the_management_account_can_be_left_out(assay, endpoint):
    organization = Organization(endpoint).grow(2)
    _, out, _ = assay("check", "--format", "json", organization={"management_account": False})
    assert outcomes(out).keys() == labels(organization.members)


def test_an_account_included_by_name_is_expected_even_when_it_is_not_listed(assay, endpoint):
    organization = Organization(endpoint).grow(1)
    missing = "999900001111"
    with endpoint.broken("sts:AssumeRole", mentions=missing):
        code, out, _ = assay(
            "check",
            "--format",
            "json",
            organization={"include": [missing, organization.members[0]]},
        )
    assert code == 2
    assert outcomes(out)[f"aws:{missing}"] == {"error"}


def test_an_account_with_an_entry_of_its_own_is_observed_as_that_says(assay, endpoint):
    organization = Organization(endpoint).grow(1)
    own = {
        "provider": "aws",
        "account": organization.members[0],
        "role_arn": f"arn:aws:iam::{organization.members[0]}:role/special",
        "endpoint_url": endpoint.url,
        "regions": ["us-east-1"],
    }
    _, out, _ = assay("check", "--format", "json", entries=[own])
    assert outcomes(out).keys() == labels([ACCOUNT, *organization.members])
    (assumed,) = [sent.body for sent in endpoint.sent if sent.operation == "AssumeRole"]
    assert "role%2Fspecial" in assumed


@pytest.mark.parametrize(
    ("partition", "home"), [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-northwest-1")]
)
def test_other_partitions_have_roles_and_regions_of_their_own(assay, endpoint, partition, home):
    organization = Organization(endpoint, home).grow(2)
    entry = {"partition": partition, "regions": [home]}
    code, out, _ = assay("check", "--format", "json", entry=entry)
    assert code == 0
    assert outcomes(out).keys() == labels([ACCOUNT, *organization.members])
    assumed = [sent for sent in endpoint.sent if sent.operation == "AssumeRole"]
    assert {sent.region for sent in assumed} == {home}
    assert all(f"arn%3A{partition}%3Aiam" in sent.body for sent in assumed)
    identities = [run["header"]["identity"] for run in entries(assay.config, "run")]
    assert all(identity.startswith(f"arn:{partition}:") for identity in identities)


def test_an_answer_from_another_partition_than_was_meant_is_an_error(assay, endpoint):
    Organization(endpoint).grow(1)
    entry = {"partition": "aws-us-gov", "home_region": "us-east-1"}
    code, _, err = assay("check", entry=entry)
    assert code == 2
    assert "is in aws, not in aws-us-gov" in err


def test_regions_that_an_account_has_not_opted_in_to_are_recorded_and_not_called(assay, endpoint):
    Organization(endpoint).grow(1)
    code, _, _ = assay("check", entry={"regions": ["us-east-1", "ap-east-1"]})
    assert code == 0
    assert "ec2:DescribeSecurityGroups" not in endpoint.calls_in("ap-east-1")
    runs = entries(assay.config, "run")
    assert [run["header"]["not_enabled"] for run in runs] == [["ap-east-1"]] * 2


def test_members_that_cannot_be_listed_stay_expected(assay, endpoint):
    organization = Organization(endpoint).grow(2)
    assay("check")
    with endpoint.broken("organizations:ListAccounts"):
        code, out, err = assay("check", "--format", "json")
        again, _, _ = assay("check")
    assert (code, again) == (2, 2)
    assert outcomes(out).keys() == labels([ACCOUNT, *organization.members])
    assert "AccessDenied" in err
    assert "grant organizations:ListAccounts; the 3 last known stay expected" in err
    code, _, err = assay("check")
    assert (code, err) == (0, "")
    recorded = entries(assay.config, "population")
    assert [entry.get("failure", {}).get("code") for entry in recorded] == [
        None,
        "AccessDenied",
        None,
    ]
    assert all(len(entry["targets"]) == 3 for entry in recorded)


def test_a_list_that_is_cut_short_loses_nobody(assay, endpoint):
    Organization(endpoint).grow(24)
    one = {"entry": {"regions": ["us-east-1"]}}
    assay("check", **one)
    with endpoint.broken("organizations:ListAccounts", skip=1, status=500, code="InternalFailure"):
        code, out, _ = assay("check", "--format", "json", **one)
    assert code == 2
    assert len(outcomes(out)) == 25


def test_with_nobody_ever_known_there_is_nothing_to_run(assay, endpoint):
    Organization(endpoint)
    with endpoint.broken("organizations:ListAccounts"):
        code, out, err = assay("check")
    assert (code, out) == (2, "")
    assert "there is no target to observe" in err


def test_the_doctor_says_who_is_expected_and_what_to_grant(assay, endpoint):
    organization = Organization(endpoint).grow(2)
    organization.api.close_account(AccountId=organization.members[0])
    code, out, _ = assay("doctor")
    assert code == 0
    assert SOURCE in out
    assert "2 targets, 1 SUSPENDED" in out
    with endpoint.broken("sts:AssumeRole"):
        code, out, _ = assay("doctor")
    assert code == 2
    assert f"cannot assume arn:aws:iam::{organization.members[1]}:role/{ROLE}" in out


def test_who_is_suspended_leaves_with_a_record_and_who_is_new_is_looked_at(start, endpoint):
    organization = Organization(endpoint).grow(2)
    stays, leaves = organization.members
    agent = start()
    agent.until(3.0, "assay_targets_reached", provider="aws")
    assert agent.metric("assay_targets_expected", provider="aws") == 3.0
    organization.api.close_account(AccountId=leaves)
    agent.wait_for(f"aws:{leaves} leaves the population: SUSPENDED")
    agent.until(2.0, "assay_targets_expected", provider="aws")
    agent.until(2.0, "assay_targets_reached", provider="aws")
    assert agent.metric("assay_target_accessible", target=f"aws:{leaves}") is None
    new = organization.join()
    agent.until(3.0, "assay_targets_reached", provider="aws")
    status = {"rule": "aws-s3-bucket-versioning", "target": f"aws:{new}", "status": "pass"}
    agent.until(1.0, "assay_rule_status", **status)
    agent.end()
    first, second, third = entries(start.config, "population")
    assert set(first["joined"]) == labels([ACCOUNT, stays, leaves])
    assert second["left"] == {f"aws:{leaves}": "SUSPENDED"}
    assert (third["joined"], third["left"]) == ([f"aws:{new}"], {})
    scheduled = entries(start.config, "schedule")[-1]["scopes"]
    assert {target for scope in scheduled for target in scope["targets"]} == labels(
        [ACCOUNT, stays, new]
    )


def test_what_is_expected_and_not_reached_shows_in_the_metrics(start, endpoint):
    organization = Organization(endpoint).grow(2)
    shut = organization.members[0]
    with endpoint.broken("sts:AssumeRole", mentions=shut):
        agent = start()
        agent.until(0.0, "assay_target_accessible", target=f"aws:{shut}")
        agent.until(2.0, "assay_targets_reached", provider="aws")
        assert agent.metric("assay_targets_expected", provider="aws") == 3.0
        assert agent.metric("assay_target_accessible", target=TARGET) == 1.0
    agent.until(3.0, "assay_targets_reached", provider="aws")


def test_an_organization_that_does_not_answer_is_one_more_that_is_not_reached(start, endpoint):
    Organization(endpoint).grow(1)
    agent = start()
    agent.until(2.0, "assay_targets_reached", provider="aws")
    with endpoint.broken("organizations:ListAccounts"):
        agent.until(3.0, "assay_targets_expected", provider="aws")
        assert agent.metric("assay_targets_reached", provider="aws") == 2.0
        agent.end()
        agent = start()  # and a start while it does not answer knows the members from the log
        assert agent.metric("assay_targets_expected", provider="aws") == 3.0
        agent.until(2.0, "assay_targets_reached", provider="aws")
    agent.until(2.0, "assay_targets_expected", provider="aws")
