"""What a slot needs follows from what its rules read, and from nothing else."""

from pathlib import Path

from rule_kit import CHECKS, rule_of, shipped

from agent.permissions.aws import LIMIT, SESSION, read_policies
from agent.plan import closed, make_plan
from agent.rules.params import with_params
from checks.aws.session import WHERE
from checks.model import Call, Check, Facet, Join, Scope

ENCRYPTED = rule_of(
    id="b-rule",
    require="has(resource.Encryption) && resource.Name != ''",
    examples=[
        {"expect": "pass", "resource": {"Name": "a", "Encryption": {}}},
        {"expect": "fail", "resource": {"Name": "a"}},
        {"expect": "error", "resource": {"Encryption": {}}},
    ],
)
NAMED = rule_of(id="a-rule")


def plan_of(*rules, checks=CHECKS):
    return make_plan({rule.id: rule for rule in rules}, checks)


def call(operation, needs):
    return Call(service="x", operation=operation, needs=(needs,))


def test_a_facet_is_fetched_only_when_a_rule_reads_it():
    assert plan_of(NAMED).facets == {"aws.s3.bucket": frozenset()}
    assert plan_of(NAMED, ENCRYPTED).facets == {"aws.s3.bucket": frozenset({"Encryption"})}


def test_a_facet_that_only_a_remedy_names_is_not_fetched():
    rule = rule_of(remediation="see {{resource.Versioning}}")
    assert plan_of(rule).facets == {"aws.s3.bucket": frozenset()}


def test_a_facet_is_fetched_when_another_is_asked_for_or_joined_by_it():
    def facet(name, **params):
        return Facet(name=name, call=Call(service="x", operation=f"Get{name}", params=params))

    check = Check(
        name="aws.x.y",
        doc="",
        scope=Scope.ACCOUNT,
        id="{Id}",
        list=call("ListYs", "x:ListYs"),
        facets=(
            facet("Detail", Id="{Id}"),
            facet("Key", KeyId="{Detail.KeyId}"),
            facet("Grants", Filter=[{"Name": "key-{Key.Id}"}]),
            facet("Other", Id="{Id}"),
        ),
        joins=(Join(name="Owner", check="aws.x.z", local="Key.Owner", foreign="Id"),),
    )
    assert closed(check, frozenset()) == frozenset()
    assert closed(check, frozenset({"Other"})) == {"Other"}
    assert closed(check, frozenset({"Key"})) == {"Key", "Detail"}
    assert closed(check, frozenset({"Grants"})) == {"Grants", "Key", "Detail"}
    assert closed(check, frozenset({"Owner"})) == {"Owner", "Key", "Detail"}


def test_rules_of_one_check_share_its_listing():
    plan = plan_of(ENCRYPTED, NAMED)
    assert [rule.id for rule in plan.rules] == ["a-rule", "b-rule"]
    assert [rule.id for rule in plan.rules_by_check["aws.s3.bucket"]] == ["a-rule", "b-rule"]


def test_the_permissions_are_those_of_the_calls_and_no_others():
    assert plan_of(NAMED).permissions == ("s3:ListAllMyBuckets",)
    assert plan_of(ENCRYPTED).permissions == (
        "s3:GetEncryptionConfiguration",
        "s3:ListAllMyBuckets",
    )


def test_a_join_and_a_parent_need_their_own_listings_to_the_root():
    def check(name, needs, **more):
        return Check(
            name=name, doc="", scope=Scope.ACCOUNT, id="{Id}", list=call(name, needs), **more
        )

    checks = {
        "a.root": check("a.root", "x:Root", facets=(Facet(name="F", call=call("F", "x:No")),)),
        "a.middle": check("a.middle", "x:Middle", parent="a.root"),
        "a.other": check("a.other", "x:Other"),
        "aws.s3.bucket": check(
            "aws.s3.bucket",
            "x:Leaf",
            parent="a.middle",
            joins=(Join(name="Encryption", check="a.other", local="Id", foreign="Id"),),
        ),
    }
    assert plan_of(NAMED, checks=checks).permissions == ("x:Leaf", "x:Middle", "x:Root")
    assert plan_of(ENCRYPTED, checks=checks).permissions == (
        *("x:Leaf", "x:Middle", "x:Other", "x:Root"),
    )


def test_the_digest_is_of_texts_parameters_and_checks_in_any_order():
    both = plan_of(NAMED, ENCRYPTED)
    assert both.digest == plan_of(ENCRYPTED, NAMED).digest
    assert both.digest != plan_of(NAMED).digest
    rule = rule_of(
        params={"least": {"type": "int", "default": 1}},
        require="size(resource.Name) >= params.least",
    )
    assert plan_of(rule).digest != plan_of(with_params(rule, {"least": 2})).digest
    other = {**CHECKS, "aws.s3.bucket": CHECKS["aws.sqs.queue"]}
    assert plan_of(NAMED).digest != plan_of(NAMED, checks=other).digest
    elsewhere = {**CHECKS, "aws.sqs.queue": CHECKS["aws.s3.bucket"]}
    assert plan_of(NAMED).digest == plan_of(NAMED, checks=elsewhere).digest


def test_an_empty_plan_needs_nothing():
    plan = plan_of()
    assert (plan.rules, plan.facets, plan.permissions) == ((), {}, ())


def test_the_sessions_own_permission_is_the_one_that_it_declares():
    assert WHERE.needs == SESSION


def test_the_policies_of_all_shipped_rules_only_read_and_fit_managed_policies():
    aws = [rule for rule in shipped().values() if rule.provider == "aws"]
    policies = read_policies(plan_of(*aws).permissions)
    assert all(policy.size <= LIMIT for policy in policies)
    actions = [action for policy in policies for action in policy.statements[0].actions]
    verbs = {action.split(":")[1] for action in actions}
    verbs -= {"GET"}  # of apigateway, whose actions are the methods of HTTP
    reading = ("Get", "List", "Describe", "BatchGet", "GenerateCredentialReport")
    assert {verb for verb in verbs if not verb.startswith(reading)} == set()


def test_every_check_of_a_shipped_rule_is_in_its_own_folder():
    """`rules/aws/<service>/`: what one service needs is found in one place."""
    for rule in shipped().values():
        assert Path(rule.path).parent.parent.name == rule.provider, rule.id
