"""Lint finds what is legal and still wrong, and says where."""

import pytest
from rule_kit import EXAMPLES, rule_of, shipped

from agent.rules.lint import Weight, lint

WORDS = {"rationale": "because", "remediation": "mend it"}


def ruled(name="a-rule", **changes):
    return rule_of(**{"id": name, "title": f"Buckets of {name} have names", **WORDS, **changes})


def found(*rules):
    return [(each.severity, each.message) for each in lint({rule.id: rule for rule in rules})]


def test_a_rule_with_nothing_wrong_is_not_mentioned():
    assert found(ruled()) == []


def test_the_shipped_rules_have_no_error():
    assert [each for each in lint(shipped()) if each.severity is Weight.ERROR] == []


NOW_EXAMPLES = [
    {"expect": "pass", "resource": {"CreationDate": "2026-05-01T00:00:00Z"}},
    {"expect": "fail", "resource": {"CreationDate": "2020-05-01T00:00:00Z"}},
    {"expect": "error", "resource": {}},
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"params": {"most": {"type": "int", "default": 1, "help": "x"}}},
            (Weight.ERROR, "the parameter 'most' is read by no expression"),
        ),
        (
            {"message": "{{now}}"},
            (
                Weight.WARNING,
                "the message reads `now`: it changes with each run, and each change is sealed",
            ),
        ),
        (
            {"message": "{{resource.Versioning}}"},
            (
                Weight.WARNING,
                "only the message reads 'Versioning', which costs a call a resource",
            ),
        ),
        (
            {
                "require": "now - timestamp(resource.CreationDate) < days(90)",
                "examples": NOW_EXAMPLES,
            },
            (Weight.WARNING, "time decides, and no example gives `now`"),
        ),
        ({"rationale": None}, (Weight.WARNING, "there is no `rationale`")),
        ({"remediation": None}, (Weight.WARNING, "there is no `remediation`")),
        (
            {"when": "!has(resource.Policy)"},
            (Weight.WARNING, "no example shows what `when` leaves out"),
        ),
        (
            {
                "params": {"least": {"type": "int", "default": 0}},
                "require": "size(resource.Name) > params.least",
            },
            (Weight.WARNING, "the parameter 'least' has no `help`"),
        ),
        (
            {"criteria": {"cis_aws_5.0": ["2.1.4"]}},
            (Weight.WARNING, "it is evidence for no criterion of soc2"),
        ),
        (
            {"title": "Buckets have names."},
            (Weight.WARNING, "the title is not a sentence (without its full stop)"),
        ),
        (
            {"title": "Bucket names"},
            (Weight.WARNING, "the title is not a sentence (without its full stop)"),
        ),
        (
            {"title": "Buckets should have names"},
            (
                Weight.WARNING,
                "the title demands ('should'): say what is true when it passes",
            ),
        ),
        (
            {"message": "a bucket has no name"},
            (Weight.WARNING, "the message shows nothing of the resource ({{...}})"),
        ),
    ],
    ids=[
        *("unused", "now", "costly", "clock", "rationale", "remediation", "when"),
        *("help", "soc2", "stop", "phrase", "demand", "nameless"),
    ],
)
def test_one_thing_wrong_is_found_alone(changes, expected):
    assert found(ruled(**changes)) == [expected]


def test_a_message_on_a_scope_needs_no_value():
    examples = [
        *EXAMPLES,
        {"expect": "fail", "resources": []},
    ]
    rule = ruled(at_least=1, message="no bucket has a name", examples=examples)
    assert found(rule) == []


def test_a_parameter_whose_name_begins_like_another_is_still_unused():
    params = {
        name: {"type": "int", "default": 0, "help": "x"} for name in ("least", "least_of_all")
    }
    rule = ruled(params=params, require="size(resource.Name) > params.least_of_all")
    assert found(rule) == [(Weight.ERROR, "the parameter 'least' is read by no expression")]


def test_no_parameter_is_unused_where_all_are_read_at_once():
    params = {"least": {"type": "int", "default": 0, "help": "x"}}
    rule = ruled(params=params, require="size(resource.Name) > 0 && size(dyn(params)) > 0")
    assert found(rule) == []


def test_two_rules_of_one_title_or_one_requirement_are_found():
    one = ruled("a-rule", title="Same  thing holds")
    other = ruled("b-rule", title="same thing holds")
    assert found(one, other) == [
        (Weight.ERROR, "it requires the same as a-rule"),
        (Weight.ERROR, "the title is that of a-rule too"),
    ]


def test_one_requirement_with_other_parameters_is_another():
    params = [{"least": {"type": "int", "default": number, "help": "x"}} for number in (0, 1)]
    examples = [*EXAMPLES, {"expect": "pass", "resource": {"Name": "abc"}}]
    examples[0] = {"expect": "pass", "resource": {"Name": "abc"}}
    rules = [
        ruled(name, params=one, require="size(resource.Name) > params.least", examples=examples)
        for name, one in zip(("a-rule", "b-rule"), params, strict=True)
    ]
    assert found(*rules) == []


def test_a_criterion_that_is_a_copy_of_another_is_found():
    both = {"soc2": ["CC6.1", "CC6.7"]}
    rules = [
        ruled(name, criteria=both, require=f"resource.Name != '{name}' && resource.Name != ''")
        for name in ("a-rule", "b-rule", "c-rule")
    ]
    assert found(*rules) == [(Weight.WARNING, "soc2 CC6.7 has just the 3 rules of CC6.1")]
    assert found(*rules[:2]) == []


def test_what_is_found_has_its_place_and_comes_in_order():
    each = lint({"a-rule": ruled(params={"most": {"type": "int", "default": 1}})})[0]
    assert (each.rule, each.file, each.line) == ("a-rule", "a-rule.yaml", 1)
    lines = [(one.file, one.line) for one in lint(shipped())]
    assert lines == sorted(lines)
