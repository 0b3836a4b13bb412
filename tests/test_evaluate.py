"""One rule on one resource: the outcome, its reason, and what is kept of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_kit import NOW, TARGET, described, gap_of, resource_of, rule_of, shipped
from shipped import ids

from agent.cel import project
from agent.evaluate import evaluate, outcome_again
from agent.judge import explain, gap_message, judge
from agent.model import Outcome
from agent.projection import projector
from agent.rules.params import ParamError, params_of, with_params
from checks.model import Cause, Observation, Resource, Target

CLAUSES = rule_of(
    require=[
        {"that": "resource.Name != ''", "message": "no name"},
        {"that": "has(resource.Encryption)", "message": "not encrypted in {{resource.Name}}"},
    ],
    examples=[
        {"expect": "pass", "resource": {"Name": "a", "Encryption": {}}},
        {"expect": "fail", "resource": {"Name": "a"}},
        {"expect": "fail", "resource": {"Name": "", "Encryption": {}}},
        {"expect": "error", "resource": {"Encryption": {}}},
    ],
)
ELEMENTS = rule_of(
    each={"grant": "resource.Acl.Grants"},
    element="grant.Permission",
    when="grant.Permission != 'READ'",
    require="grant.Grantee.Type != 'Group'",
    message="{{grant.Permission}} on {{resource.Name}}",
    examples=[
        {
            "expect": "pass",
            "resource": {"Acl": {"Grants": [{"Permission": "WRITE", "Grantee": {"Type": "X"}}]}},
        },
        {
            "expect": "fail",
            "resource": {
                "Acl": {"Grants": [{"Permission": "WRITE", "Grantee": {"Type": "Group"}}]}
            },
        },
        {"expect": "error", "resource": {}},
    ],
)


def judged(rule, resource):
    return judge(rule, resource, now=NOW, target=TARGET)


def one(rule, **attributes):
    (finding,) = judged(rule, resource_of(**attributes))
    return finding


def grant(permission, kind="Group"):
    return {"Permission": permission, "Grantee": {"Type": kind}}


# --- outcomes ----------------------------------------------------------------------------------


def test_a_pass_says_nothing_but_what_was_read():
    finding = one(rule_of(), Name="a", BucketRegion="eu-west-1", CreationDate="x")
    assert finding.outcome is Outcome.PASS
    assert (finding.code, finding.message, finding.needs) == ("", "", ())
    assert finding.values == {"resource": {"Name": "a", "BucketRegion": "eu-west-1"}}


def test_a_failure_says_what_is_wrong():
    finding = one(rule_of(), Name="", BucketRegion="eu-west-1")
    assert finding.outcome is Outcome.FAIL
    assert finding.message == "eu-west-1 has a bucket without a name"


def test_a_missing_member_is_an_error_that_names_it():
    finding = one(rule_of(), BucketRegion="eu-west-1")
    assert (finding.outcome, finding.code) == (Outcome.ERROR, "missing")
    assert "resource.Name" in finding.message


def test_when_false_is_not_applicable_and_not_a_pass():
    rule = rule_of(when="resource.BucketRegion == 'eu-west-1'", examples=_in_region())
    finding = one(rule, Name="", BucketRegion="us-east-1")
    assert (finding.outcome, finding.code) == (Outcome.NOT_APPLICABLE, "when")
    assert "resource.BucketRegion == 'eu-west-1'" in finding.message


def test_when_that_cannot_be_told_is_an_error():
    rule = rule_of(when="resource.BucketRegion == 'eu-west-1'", examples=_in_region())
    assert one(rule, Name="a").outcome is Outcome.ERROR


def _in_region():
    where = {"BucketRegion": "eu-west-1"}
    return [
        {"expect": "pass", "resource": {"Name": "a", **where}},
        {"expect": "fail", "resource": {"Name": "", **where}},
        {"expect": "error", "resource": where},
    ]


def test_each_clause_that_does_not_hold_is_told():
    assert one(CLAUSES, Name="").message == "no name; not encrypted in "


def test_one_clause_that_does_not_hold_fails_whatever_cannot_be_told_of_others():
    finding = one(CLAUSES, BucketRegion="x")
    assert finding.outcome is Outcome.FAIL
    assert finding.message == "not encrypted in «resource.Name»"


def test_a_clause_that_cannot_be_told_is_an_error_when_all_others_hold():
    assert one(CLAUSES, Encryption={}).outcome is Outcome.ERROR


def test_the_providers_own_time_stays_with_the_finding():
    resource = Resource(
        check="aws.s3.bucket",
        id="it",
        label="it",
        region="",
        attributes={"Name": "a"},
        observed_at="2026-05-31T20:00:00Z",
    )
    assert judged(rule_of(), resource)[0].observed_at == "2026-05-31T20:00:00Z"


# --- gaps --------------------------------------------------------------------------------------


def test_a_facet_that_is_unseen_is_an_error_with_what_to_grant():
    gap = gap_of(
        "Encryption", call="s3:GetBucketEncryption", needs=("s3:GetEncryptionConfiguration",)
    )
    (finding,) = judged(CLAUSES, resource_of(Name="a", gaps=[gap]))
    assert (finding.outcome, finding.code) == (Outcome.ERROR, "denied")
    assert finding.message == (
        "cannot see Encryption: s3:GetBucketEncryption: denied (AccessDenied); "
        "grant s3:GetEncryptionConfiguration"
    )
    assert finding.needs == ("s3:GetEncryptionConfiguration",)
    assert finding.values == {"resource": {"Name": "a"}, "unseen": ["resource.Encryption"]}


def test_absent_and_unseen_are_not_the_same():
    assert one(CLAUSES, Name="a").outcome is Outcome.FAIL
    (finding,) = judged(CLAUSES, resource_of(Name="a", gaps=[gap_of("Encryption")]))
    assert finding.outcome is Outcome.ERROR


def test_a_facet_that_the_rule_does_not_read_may_be_unseen():
    (finding,) = judged(rule_of(), resource_of(Name="a", gaps=[gap_of("Encryption")]))
    assert finding.outcome is Outcome.PASS
    assert "unseen" not in finding.values


def test_a_resource_of_which_the_details_are_unseen_is_an_error_for_every_rule():
    (finding,) = judged(rule_of(), resource_of(Name="a", gaps=[gap_of(cause=Cause.THROTTLED)]))
    assert (finding.outcome, finding.code) == (Outcome.ERROR, "throttled")


def test_what_fails_by_what_is_seen_fails_though_the_rest_is_unseen():
    (finding,) = judged(CLAUSES, resource_of(Name="", gaps=[gap_of("Encryption")]))
    assert (finding.outcome, finding.message) == (Outcome.FAIL, "no name")


def test_the_reason_of_a_gap_holds_nothing_that_changes_with_each_run():
    gap = gap_of("Encryption", request_id="4f2c")
    assert "4f2c" not in gap_message(gap)
    assert gap.message not in gap_message(gap)


@pytest.mark.parametrize("cause", list(Cause), ids=str)
@given(facets=st.sets(st.sampled_from(["Encryption", "Policy", ""])))
@settings(max_examples=20, deadline=None)
def test_a_gap_in_what_a_rule_reads_never_passes(cause, facets):
    gaps = [gap_of(facet, cause=cause) for facet in facets]
    (finding,) = judged(CLAUSES, resource_of(Name="a", Encryption={}, gaps=gaps))
    affected = facets & {"Encryption", ""}
    assert finding.outcome is (Outcome.ERROR if affected else Outcome.PASS)


# --- each --------------------------------------------------------------------------------------


def test_each_element_has_its_own_finding():
    found = judged(ELEMENTS, resource_of(Name="b", Acl={"Grants": [grant("WRITE"), grant("READ")]}))
    assert [(finding.resource, finding.outcome) for finding in found] == [
        ("it#WRITE", Outcome.FAIL),
        ("it#READ", Outcome.NOT_APPLICABLE),
    ]
    assert found[0].message == "WRITE on b"
    assert found[0].values == {"resource": {"Name": "b"}, "grant": grant("WRITE")}


def test_an_element_that_cannot_be_judged_leaves_the_others_alone():
    broken = {"Permission": "FULL_CONTROL"}
    found = judged(ELEMENTS, resource_of(Acl={"Grants": [broken, grant("WRITE", "User")]}))
    assert [finding.outcome for finding in found] == [Outcome.ERROR, Outcome.PASS]


def test_no_element_is_not_applicable_and_not_a_pass():
    (finding,) = judged(ELEMENTS, resource_of(Acl={"Grants": []}))
    assert (finding.resource, finding.outcome) == ("it", Outcome.NOT_APPLICABLE)
    assert finding.message == "resource.Acl.Grants is empty"


def test_a_list_that_is_missing_or_unseen_is_an_error_of_the_resource():
    (missing,) = judged(ELEMENTS, resource_of())
    (unseen,) = judged(ELEMENTS, resource_of(gaps=[gap_of("Acl")]))
    assert [(f.resource, f.outcome, f.code) for f in (missing, unseen)] == [
        ("it", Outcome.ERROR, "missing"),
        ("it", Outcome.ERROR, "denied"),
    ]


def test_elements_of_one_name_are_told_apart_and_nameless_ones_have_their_place():
    nameless = {"Grantee": {"Type": "User"}}
    grants = [grant("WRITE"), grant("WRITE"), nameless]
    found = judged(ELEMENTS, resource_of(Acl={"Grants": grants}))
    assert [finding.resource for finding in found] == ["it#WRITE", "it#WRITE~2", "it#2"]


# --- what is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize("rule_id", ids())
def test_the_values_kept_give_the_same_outcome_again(rule_id):
    rule = shipped()[rule_id]
    for example in rule.examples:
        ruled = with_params(rule, example.params)
        gaps = [gap_of(facet) for facet in example.unseen if facet != "listing"]
        for number, attributes in enumerate(example.resources):
            resource = described(rule.check, attributes, str(number), gaps)
            for finding in judge(ruled, resource, now=example.now, target=TARGET):
                assert outcome_again(rule, finding.values, now=example.now) is finding.outcome


@pytest.mark.parametrize("rule_id", ids())
def test_the_compiled_projection_is_that_of_the_language(rule_id):
    rule = shipped()[rule_id]
    for example in rule.examples:
        for attributes in example.resources:
            slow = project(rule.reads, {"resource": attributes}).get("resource", {})
            assert projector(rule.reads, "resource")(attributes) == slow


PATHS = st.lists(st.sampled_from(["a", "b", "[]"]), min_size=1, max_size=4).map(
    lambda steps: "resource" + "".join(s if s == "[]" else f".{s}" for s in steps)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)


@given(reads=st.sets(PATHS, max_size=5), value=JSON)
@settings(max_examples=400, deadline=None)
def test_the_compiled_projection_is_that_of_the_language_on_anything(reads, value):
    if not reads:
        return
    slow = project(reads, {"resource": value})["resource"]
    assert projector(reads, "resource")(value) == slow


def test_parameters_in_force_are_kept_and_decide_again():
    rule = rule_of(
        params={"least": {"type": "int", "default": 1}, "idle": {"type": "int", "default": 3}},
        require="size(resource.Name) >= params.least",
    )
    strict = with_params(rule, {"least": 5})
    (finding,) = judged(strict, resource_of(Name="abc"))
    assert finding.outcome is Outcome.FAIL
    assert finding.values["params"] == {"least": 5}
    assert outcome_again(rule, finding.values, now=NOW) is Outcome.FAIL
    assert params_of(strict) == {"least": 5, "idle": 3}
    assert one(rule, Name="abc").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"most": 3}, "a-rule has no parameter 'most'"),
        ({"leest": 3}, "a-rule has no parameter 'leest', did you mean 'least'?"),
        ({"least": "3"}, "a-rule: least: '3' is not an int"),
        ({"least": True}, "a-rule: least: True is not an int"),
        ({"least": 9}, "a-rule: least: 9 is above 5"),
    ],
    ids=str,
)
def test_an_override_is_held_to_its_declaration(override, message):
    rule = rule_of(
        params={"least": {"type": "int", "default": 1, "max": 5}},
        require="size(resource.Name) >= params.least",
    )
    with pytest.raises(ParamError) as caught:
        with_params(rule, override)
    assert str(caught.value) == message


def test_time_decides_and_is_not_kept_because_it_changes_with_each_run():
    rule = shipped()["aws-iam-access-key-age"]
    example = next(example for example in rule.examples if example.expect is Outcome.FAIL)
    resource = described(rule.check, example.resources[0])
    for finding in judge(rule, resource, now=example.now, target=TARGET):
        assert "now" not in finding.values


def test_the_target_is_kept_when_it_decides():
    rule = rule_of(
        require="target.id == '111122223333' && resource.Name != ''",
    )
    finding = one(rule, Name="a")
    assert finding.values["target"] == {"id": "111122223333", "provider": "aws"}
    other = Target(provider="aws", id="999900001111")
    (elsewhere,) = judge(rule, resource_of(Name="a"), now=NOW, target=other)
    assert (finding.outcome, elsewhere.outcome) == (Outcome.PASS, Outcome.FAIL)


def test_what_decided_is_told_from_the_values_kept():
    grants = [grant("READ", "User"), grant("WRITE")]
    found = judged(ELEMENTS, resource_of(Acl={"Grants": grants}))
    assert explain(ELEMENTS, found[1].values, now=NOW) == ('grant.Grantee.Type = "Group"',)
    assert explain(ELEMENTS, found[0].values, now=NOW) == ('grant.Permission = "READ"',)


def test_the_order_of_resources_changes_no_finding():
    resources = [resource_of(str(n), Name="a" if n % 2 else "") for n in range(6)]
    there = Observation(check="aws.s3.bucket", region="", resources=tuple(resources))
    back = Observation(check="aws.s3.bucket", region="", resources=tuple(resources[::-1]))
    first, _ = evaluate(rule_of(), there, now=NOW, target=TARGET)
    second, _ = evaluate(rule_of(), back, now=NOW, target=TARGET)
    assert first == second[::-1]


OUTCOMES = st.lists(st.sampled_from(Outcome))


@given(OUTCOMES, OUTCOMES)
def test_the_worst_of_outcomes_can_be_taken_in_any_grouping_and_order(left, right):
    whole = Outcome.worst(left + right)
    assert Outcome.worst([Outcome.worst(left), Outcome.worst(right)]) is whole
    assert Outcome.worst(right + left) is whole
    assert (whole is Outcome.PASS) <= (Outcome.PASS in left + right)
