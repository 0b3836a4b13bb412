"""What an expression reads, which error it ends in, and which values decided."""

from __future__ import annotations

import datetime as dt

import pytest

from agent.cel import DYN, LIST, TIMESTAMP, EvalError, compile_expression, project
from agent.cel.paths import split, step

VARIABLES = {"resource": DYN, "params": DYN, "now": TIMESTAMP}
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
GROUP = {
    "Name": "web",
    "Open": True,
    "Rules": [
        {"Port": 80, "Ranges": [{"Cidr": "0.0.0.0/0"}]},
        {"Port": 22, "Ranges": [{"Cidr": "10.0.0.0/8"}, {"Cidr": "0.0.0.0/0"}]},
        {"Port": 22, "Ranges": []},
    ],
    "Tags": [],
    "Policy": {"Deny": {"a b": "x"}},
}
VALUES = {"resource": GROUP, "params": {"port": 22}, "now": NOW}


def program(expression, expect=None):
    return compile_expression(expression, VARIABLES, *([expect] if expect else []))


def failure(expression, resource=GROUP, unseen=()):
    with pytest.raises(EvalError) as caught:
        program(expression).interpret({**VALUES, "resource": resource}, unseen)
    return caught.value


DECIDED = {
    "resource.Open": [("resource.Open", True)],
    "resource.Open && resource.Name == 'db'": [("resource.Name", "web")],
    "resource.Name == 'db' && resource.Missing": [("resource.Name", "web")],
    "resource.Missing && resource.Name == 'db'": [("resource.Name", "web")],
    "resource.Name == 'web' || resource.Open": [("resource.Name", "web")],
    "resource.Name == 'db' || resource.Open": [("resource.Open", True)],
    "resource.Name == 'db' || !resource.Open": [("resource.Name", "web"), ("resource.Open", True)],
    "resource.Rules.exists(r, r.Port == 22 && r.Ranges.exists(c, c.Cidr != '10.0.0.0/8'))": [
        ("resource.Rules[1].Port", 22),
        ("resource.Rules[1].Ranges[1].Cidr", "0.0.0.0/0"),
    ],
    "resource.Rules.all(r, r.Port == 80)": [("resource.Rules[1].Port", 22)],
    "resource.Rules.all(r, r.Port > 1)": [
        ("resource.Rules[0].Port", 80),
        ("resource.Rules[1].Port", 22),
        ("resource.Rules[2].Port", 22),
    ],
    "resource.Tags.exists(t, t.Key == 'x')": [("resource.Tags", [])],
    "size(resource.Tags) > 0": [("resource.Tags", [])],
    "has(resource.Owner)": [("resource.Owner", None)],
    "has(resource.Name)": [("resource.Name", "web")],
    "resource.?Owner.Name.orValue('nobody') == 'me'": [("resource.Owner.Name", None)],
    "resource.?Policy.Deny['a b'].orValue('') == 'x'": [('resource.Policy.Deny["a b"]', "x")],
    "resource.Open ? resource.Name == 'db' : resource.Tags == []": [
        ("resource.Open", True),
        ("resource.Name", "web"),
    ],
    "resource.Rules[1].Port == 80": [("resource.Rules[1].Port", 22)],
    "age_days(timestamp('2026-05-01T00:00:00Z')) > 90": [],
}


@pytest.mark.parametrize("expression", DECIDED)
def test_only_the_branch_and_the_element_that_decided_are_told(expression):
    trace = program(expression).explain(VALUES)
    assert list(trace.decided) == DECIDED[expression]
    assert trace.error is None
    assert trace.value is program(expression)(GROUP, {"port": 22}, NOW)


def test_an_error_is_told_with_what_was_read_before_it():
    trace = program("resource.Open && resource.Missing == 'x'").explain(VALUES)
    assert trace.value is None
    assert str(trace.error) == "1:27: resource.Missing is missing"


def test_at_most_a_hundred_values_are_told():
    rules = [{"Port": 1}] * 5000
    trace = program("resource.Rules.all(r, r.Port == 1)").explain(
        {**VALUES, "resource": {"Rules": rules}}
    )
    assert len(trace.decided) == 100


ERRORS = [
    ("resource.Owner.Name == 'x'", "missing", "resource.Owner", "1:10: resource.Owner is missing"),
    (
        "resource.Rules.all(r, r.Ranges[0].Cidr == '0.0.0.0/0' || r.Port == 22 && r.Nope)",
        "missing",
        "resource.Rules[1].Nope",
        "1:76: resource.Rules[1].Nope is missing",
    ),
    (
        "resource.Rules[7].Port == 1",
        "missing",
        "resource.Rules[7]",
        "1:15: resource.Rules[7] is missing",
    ),
    (
        "resource.Name.First == 'x'",
        "type",
        "resource.Name",
        "1:15: resource.Name is a string, so it has no 'First'",
    ),
    (
        "has(resource.Name.First)",
        "type",
        "resource.Name",
        "1:19: resource.Name is a string, so it has no 'First'",
    ),
    (
        "!resource.Name",
        "type",
        "resource.Name",
        "1:11: resource.Name is a string, not true or false",
    ),
    (
        "resource.Rules[0].Port < resource.Name",
        "type",
        "resource.Rules[0].Port",
        (
            "1:24: values of one ordered type are needed, found an int and a string"
            " (resource.Rules[0].Port, resource.Name)"
        ),
    ),
    (
        "resource.Name.exists(x, x == 'a')",
        "type",
        "resource.Name",
        "1:15: a list or a map is needed, found a string (resource.Name)",
    ),
    (
        "size(resource.Open) > 0",
        "type",
        "resource.Open",
        "1:1: size() needs list or map or string, found a bool (resource.Open)",
    ),
    (
        "timestamp(resource.Name) < now",
        "value",
        "resource.Name",
        "1:1: 'web' is not an RFC 3339 time (resource.Name)",
    ),
]


@pytest.mark.parametrize(("expression", "code", "path", "message"), ERRORS)
def test_an_error_names_the_field_and_its_place(expression, code, path, message):
    error = failure(expression)
    assert (error.code, error.path, str(error)) == (code, path, message)


ABSORBED = [
    ("resource.Nope || true", True),
    ("true || resource.Nope", True),
    ("resource.Nope && false", False),
    ("false && resource.Nope", False),
    ("resource.Name && false", False),
    ("resource.Rules.exists(r, r.Ranges[1].Cidr == '0.0.0.0/0')", True),
    ("resource.Rules.all(r, r.Ranges[0].Cidr == '10.0.0.0/8')", False),
    ("[{'a': 1}, {'b': 1}].exists(x, dyn(x).a == 1)", True),
    ("[{'b': 1}, {'a': 1}].exists(x, dyn(x).a == 1)", True),
    ("resource.Nope ? true : true", EvalError),
    ("resource.Rules.exists_one(r, r.Ranges[0].Cidr == '0.0.0.0/0')", EvalError),
    ("resource.Rules.exists(r, r.Nope)", EvalError),
    ("[{'a': 1}, {'b': 1}].all(x, dyn(x).a == 1)", EvalError),
    ("resource.Nope || false", EvalError),
    ("true && resource.Nope", EvalError),
]


@pytest.mark.parametrize(("expression", "wanted"), ABSORBED)
def test_an_error_counts_only_when_nothing_else_decides(expression, wanted):
    if wanted is EvalError:
        failure(expression)
    else:
        assert program(expression)(GROUP, {}, NOW) is wanted
        assert program(expression).interpret(VALUES) is wanted


UNSEEN = [
    "resource.Policy.Deny.x == 'y'",
    "resource.Policy == dyn({})",
    "has(resource.Policy)",
    "!has(resource.Policy)",
    "has(resource.Policy.Deny)",
    "resource.?Policy.hasValue()",
    "resource.?Policy.?Deny.orValue({}) == dyn({})",
    "resource['Policy'] == dyn({})",
    "resource[params.name] == 'web'",
    "resource == dyn({})",
    "size(resource) == 1",
    "resource.exists(k, k == 'Policy')",
    "[resource].exists(x, has(x.Policy))",
    "resource.Open && has(resource.Policy)",
    "resource.Nope || has(resource.Policy)",
    "!has(resource.Policy) || resource.Policy.Deny.x == 'y'",
    "policy_denies(resource.Policy, 'a', 'b')",
    "resource.?Owner.or(resource.?Policy).hasValue()",
]


@pytest.mark.parametrize("expression", UNSEEN)
@pytest.mark.parametrize("present", [True, False])
def test_a_field_that_could_not_be_seen_gives_no_verdict(expression, present):
    resource = GROUP if present else {k: v for k, v in GROUP.items() if k != "Policy"}
    values = {"resource": resource, "params": {"name": "Name"}, "now": NOW}
    with pytest.raises(EvalError) as caught:
        program(expression).interpret(values, {"resource.Policy"})
    assert caught.value.code in {"unseen", "missing"}
    if "Nope" not in expression:
        assert caught.value.code == "unseen"
        assert caught.value.path.startswith("resource.Policy")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("resource.Open || has(resource.Policy)", True),
        ("has(resource.Policy) || resource.Open", True),
        ("!resource.Open && has(resource.Policy)", False),
        ("has(resource.Policy) && !resource.Open", False),
        ("resource.Open", True),
        ("resource.Rules.exists(r, r.Port == 22) ", True),
        ("resource.Open ? resource.Name == 'web' : has(resource.Policy)", True),
    ],
)
def test_what_does_not_depend_on_the_unseen_field_has_its_verdict(expression, wanted):
    assert program(expression).interpret(VALUES, {"resource.Policy"}) is wanted


def test_the_error_for_the_unseen_says_so():
    error = failure("has(resource.Policy)", unseen={"resource.Policy"})
    assert (error.code, error.path) == ("unseen", "resource.Policy")
    assert str(error) == "1:14: resource.Policy could not be seen"


READS = {
    "true": [],
    "resource.Open": ["resource.Open"],
    "resource.Rules.exists(r, r.Port == params.port)": ["params.port", "resource.Rules[].Port"],
    "resource.Rules.exists(r, true)": ["resource.Rules[]"],
    "resource.Rules.filter(r, r.Port == 22).all(r, r.Ranges[0].Cidr == 'x')": [
        "resource.Rules[].Port",
        "resource.Rules[].Ranges[].Cidr",
    ],
    "resource.Rules.map(r, r.Port).exists(p, p == 22)": ["resource.Rules[].Port"],
    "resource.Rules.map(r, r.Open, r.Port) == [1]": [
        "resource.Rules[].Open",
        "resource.Rules[].Port",
    ],
    "size(resource.Tags) > 0": ["resource.Tags"],
    "has(resource.Policy)": ["resource.Policy"],
    "has(resource.Policy) && resource.Policy.x == 'y'": ["resource.Policy.x"],
    "resource.?Policy.?Deny.orValue('') == 'x'": ["resource.Policy.Deny"],
    "resource.?Policy.hasValue()": ["resource.Policy"],
    "resource.Policy.Deny['a b'] == 'x'": ['resource.Policy.Deny["a b"]'],
    "resource['Policy'].x == 'x'": ["resource.Policy.x"],
    "resource.Tags[params.n].Key == 'x'": ["params.n", "resource.Tags[].Key"],
    "(resource.Open ? resource.a : resource.b).c == 1": [
        "resource.Open",
        "resource.a.c",
        "resource.b.c",
    ],
    "age_days(resource.Date) > 3": ["now", "resource.Date"],
    "now > timestamp(resource.Date)": ["now", "resource.Date"],
    "resource.exists(now, now == 'x')": ["resource[]"],
    "[resource.a].exists(x, x.b == 1)": ["resource.a"],
    "resource.Rules.all(r, r.Ranges.all(c, c.Cidr != resource.Name))": [
        "resource.Name",
        "resource.Rules[].Ranges[].Cidr",
    ],
}


@pytest.mark.parametrize("expression", READS)
def test_every_path_that_is_read_is_listed(expression):
    assert sorted(program(expression).reads) == READS[expression]


def test_what_is_kept_is_just_what_was_read():
    kept = project(
        program("resource.Rules.exists(r, r.Port == params.port)").reads,
        {"resource": GROUP, "params": {"port": 22, "other": 1}, "now": NOW},
    )
    assert kept == {
        "resource": {"Rules": [{"Port": 80}, {"Port": 22}, {"Port": 22}]},
        "params": {"port": 22},
    }


def test_what_is_missing_or_of_another_type_is_kept_as_it_is():
    reads = {"resource.a.b[].c", "resource.gone", 'resource["x y"]'}
    for value in ({"a": {"b": {"c": 1}}}, {"a": [1]}, {"a": "text"}, {"a": {"b": "x"}}, {}, [1], 7):
        kept = project(reads, {"resource": value})["resource"]
        assert kept == ([] if value == [1] else {"a": []} if value == {"a": [1]} else value)
    assert project(reads, {"resource": {"x y": 1, "z": 2}}) == {"resource": {"x y": 1}}


def test_a_path_is_taken_apart_as_it_was_put_together():
    path = "r" + step("a") + step('q"]. []\\') + "[]" + step("1x")
    assert split(path) == ("r", "a", 'q"]. []\\', None, "1x")


def test_a_value_that_is_not_of_the_asked_kind_is_an_error():
    listed = program("resource.Rules", LIST)
    assert listed(GROUP, {}, NOW) == GROUP["Rules"]
    with pytest.raises(EvalError) as caught:
        listed({"Rules": "x"}, {}, NOW)
    assert str(caught.value) == "1:1: the value is a string, not list"
    with pytest.raises(EvalError) as caught:
        listed({"Rules": None}, {}, NOW)
    assert caught.value.code == "null"
