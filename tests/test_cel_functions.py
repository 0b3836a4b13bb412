"""The functions of the rule language: what each answers, and what it does not answer."""

from __future__ import annotations

import datetime as dt

import pytest

from agent.cel import DYN, FUNCTIONS, TIMESTAMP, CelError, EvalError, compile_expression

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
VARIABLES = {"x": DYN, "now": TIMESTAMP}

STATEMENT = {
    "Effect": "Allow",
    "Action": ["s3:getobject", "s3:list*"],
    "Resource": ["arn:aws:s3:::b/*"],
    "principals": ["arn:aws:iam::111122223333:root"],
    "public": False,
}


def statement(**changes):
    made = {**STATEMENT, **changes}
    return {key: value for key, value in made.items() if value is not None}


def policy(*statements):
    return {"Statement": list(statements)}


def deny(conditions, **changes):
    return statement(
        Effect="Deny", Action=["s3:*"], principals=["*"], Condition=conditions, **changes
    )


PUBLIC = statement(principals=["*"], public=True)
FENCED = statement(
    principals=["*"], public=False, Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}
)
ROOT = "arn:aws:iam::111122223333:root"
DENIED = statement(Effect="Deny", Action=["s3:*"], Resource=["*"], principals=["*"], public=None)

TRUE = [
    # text
    ("lower('ÄbC') == 'äbc'", None),
    ("'AbC'.lower() == 'abc'", None),
    ("size('äbc') == 3 && 'äbc'.size() == 3", None),
    ("glob('s3:Get*', x)", "s3:GetObject"),
    ("glob('s3:?et*', x)", "s3:Get"),
    ("glob('*', x) && glob('', '')", ""),
    ("!glob('s3:Get', x)", "s3:GetObject"),
    ("!glob('[a]', x)", "a"),
    ("x.matches('^vpc-[0-9a-f]+$')", "vpc-0a1b"),
    ("!matches(x, '^vpc')", "a vpc"),
    # conversions
    ("bool('TRUE') && bool('1') && !bool('f')", None),
    ("string(1.0) == '1' && string(0.1 + 0.2) == '0.30000000000000004'", None),
    ("string(double('NaN')) == 'NaN' && string(-double('inf')) == '-Infinity'", None),
    ("string(duration('-90m')) == '-5400s' && string(duration('1500ms')) == '1.5s'", None),
    ("string(now) == '2026-06-01T12:00:00Z'", None),
    ("string(timestamp('2026-01-01T01:30:00.250+01:00')) == '2026-01-01T00:30:00.25Z'", None),
    ("int(now) == 1780315200 && timestamp(1780315200) == now", None),
    ("int(-2.9) == -2 && int('-7') == -7", None),
    # times
    ("age_days(x) == 31", "2026-05-01T00:00:00Z"),
    ("age_days(timestamp(x)) == 30", "2026-05-02T12:00:00Z"),
    ("age_days(x) == 29", "2026-05-02T12:00:01Z"),
    ("age_days(x) == -1", "2026-06-01T12:00:01Z"),
    ("timestamp(x) < now", "2026-05-01T00:00:00.1234567Z"),
    ("days(2) == duration('48h') && days(-1) < duration('0')", None),
    ("timestamp(x).getMilliseconds() == 250", "2026-05-01T00:00:00.250Z"),
    ("duration('1250ms').getMilliseconds() == 250", None),
    ("duration('-1250ms').getMilliseconds() == -250", None),
    ("duration('1h1m1s1ms1us') == duration('3661.001001s')", None),
    ("duration('-.5s') == duration('-500ms') && duration('0') == duration('0s')", None),
    ("now.getHours('-01:30') == 10 && now.getMinutes('-01:30') == 30", None),
    ("now - timestamp(x) > days(90)", "2026-01-01T00:00:00Z"),
    ("now.getFullYear() == 2026 && now.getMonth() == 5 && now.getDate() == 1", None),
    ("now.getDayOfWeek() == 1 && now.getHours('+13:00') == 1", None),
    ("duration('90m').getHours() == 1 && duration('-90m').getMinutes() == -90", None),
    # what binds more tightly
    (
        "1 - 2 * 3 == -5 && 2 * 3 - 1 == 5 && 7 - 2 - 1 == 4 && 7 / 2 * 2 == 6 && 7 % 4 * 2 == 6",
        None,
    ),
    ("true || false && false", None),
    ("!(!true || false && true) && (!false && true)", None),
    ("-2 + 3 == 1 && 1 + 1 < 3 && 1 < 2 == true && 2 in [1 + 1]", None),
    ("(false ? 1 : 2) == 2 && (true ? false : true || true) == false", None),
    # numbers, lists, optionals
    ("-x / 2 == -3 && -x % 2 == -1 && x / -2 == -3 && -x / -2 == 3", 7),
    ("-x == -1.5 && x / 0.0 == double('inf') && x / -0.0 == -double('inf')", 1.5),
    ("(x - x) / 0.0 != (x - x) / 0.0", 1.5),
    ("x + 1 == 8 && x - 1 == 6 && x * 2 == 14", 7),
    ("x + [3] == [1, 2, 3] && x[1.0] == 2 && x[?5].orValue(9) == 9", [1, 2]),
    ("x[?1].or(x[?0]).value() == 2 && x[?7].or(x[?0]).value() == 1", [1, 2]),
    ("x.?a[0].orValue(9) == 1 && x.?b[0].orValue(9) == 9 && x.?a[?4].orValue(8) == 8", {"a": [1]}),
    ("has(x.?a.b) && !has(x.?c.b)", {"a": {"b": 1}}),
    ("optional.of(x) == optional.of(1.0) && optional.none() != optional.of(x)", 1),
    ("x == {'b': [1.0], 'a': 1} && x != {'a': 1}", {"a": 1, "b": [1]}),
    ("9007199254740993 == x && !(9007199254740993 > x)", 9007199254740992.0),
    ("x[?'k'].orValue('d') == 'v' && x['k'] == 'v' && x['k'].startsWith('v')", {"k": "v"}),
    ("x[lower('K')] == 'v' && x[?lower('K')].hasValue() && !x[?lower('J')].hasValue()", {"k": "v"}),
    # ranges of addresses
    ("cidr_contains('10.0.0.0/8', x) && cidr_contains(x, x)", "10.1.0.0/16"),
    ("cidr_contains('10.0.0.0/8', x)", "10.1.2.3"),
    ("cidr_contains('2001:db8::/32', x)", "2001:db8:1::/48"),
    ("!cidr_contains('10.0.0.0/8', x)", "11.0.0.0/8"),
    ("!cidr_contains('10.0.0.0/8', x)", "8.0.0.0/6"),
    ("!cidr_contains('0.0.0.0/0', x)", "::/0"),
    ("port_in('22', x) && port_in('20-30', x) && port_in('*', x)", 22),
    ("!port_in('23-65535', x) && !port_in('*', 70000)", 22),
    ("port_in(20, 22, x) && port_in(22, 22, x) && port_in(-1, -1, x)", 22),
    ("!port_in(23, 30, x) && !port_in(0, 21, x)", 22),
    # whom a policy lets do what
    ("policy_allows(x, '*', 's3:GetObject')", policy(PUBLIC)),
    ("policy_allows(x, '*', 's3:ListBucket')", policy(FENCED, PUBLIC)),
    ("!policy_allows(x, '*', 's3:GetObject')", policy(FENCED)),
    ("!policy_allows(x, '*', 's3:PutObject')", policy(PUBLIC)),
    ("!policy_allows(x, '*', 's3:*')", policy(PUBLIC)),
    ("!policy_allows(x, '*', 's3:GetObject')", policy(PUBLIC, DENIED)),
    (
        "policy_allows(x, '*', 's3:GetObject')",
        policy(PUBLIC, {**DENIED, "Resource": ["arn:aws:s3:::b/secret"]}),
    ),
    (
        "policy_allows(x, '*', 's3:GetObject')",
        policy(PUBLIC, {**DENIED, "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}),
    ),
    (
        "policy_allows(x, '*', 's3:GetObject')",
        policy(PUBLIC, {**DENIED, "NotPrincipal": {"AWS": ROOT}}),
    ),
    (f"policy_allows(x, '{ROOT}', 's3:GetObject')", policy(statement())),
    (f"policy_allows(x, '{ROOT}', 's3:GetObject')", policy(FENCED)),
    ("!policy_allows(x, 'arn:aws:iam::1:root', 's3:GetObject')", policy(statement())),
    ("policy_allows(x, '*', '*')", policy(statement(Action=["*"], principals=None, public=None))),
    ("!policy_allows(x, '*', '*')", policy(statement(principals=None, public=None))),
    (
        "policy_allows(x, '*', 's3:GetObject')",
        policy(statement(Action=None, NotAction=["iam:*"], principals=None)),
    ),
    (
        "!policy_allows(x, '*', 's3:Get*')",
        policy(statement(Action=None, NotAction=["s3:*object"], principals=None)),
    ),
    (
        "!policy_allows(x, '*', 's3:GetObject')",
        policy(statement(principals=None, NotPrincipal="*")),
    ),
    ("!policy_allows(x, '*', 's3:GetObject')", policy()),
    (
        f"policy_allows(x, 'a', 's3:GetObject') && !policy_allows(x, '{ROOT}', 's3:GetObject')",
        policy(statement(principals=None, NotPrincipal={"AWS": ["b", ROOT]})),
    ),
    (
        "policy_allows(x, '*', 's3:Get*')",
        policy(statement(Action=None, NotAction=["iam:*", "s3:put*"], principals=None)),
    ),
    # what a policy refuses
    (
        "policy_denies(x, 'aws:SecureTransport', 'false')",
        policy(PUBLIC, deny({"Bool": {"aws:SecureTransport": ["false"]}})),
    ),
    (
        "policy_denies(x, 'AWS:securetransport', 'False')",
        policy(deny({"BoolIfExists": {"aws:SecureTransport": ["false"]}})),
    ),
    (
        "policy_denies(x, 's3:TlsVersion', '1.1') && !policy_denies(x, 's3:TlsVersion', '1.2')",
        policy(deny({"NumericLessThan": {"s3:TlsVersion": ["1.2"]}})),
    ),
    (
        "!policy_denies(x, 'aws:SecureTransport', 'false')",
        policy(deny({"Bool": {"aws:SecureTransport": ["true"]}})),
    ),
    (
        "!policy_denies(x, 'aws:SecureTransport', 'false')",
        policy(deny({"Bool": {"aws:SecureTransport": ["false"]}, "StringEquals": {"k": ["v"]}})),
    ),
    (
        "!policy_denies(x, 'aws:SecureTransport', 'false')",
        policy({**deny({"Bool": {"aws:SecureTransport": ["false"]}}), "Action": ["s3:getobject"]}),
    ),
    (
        "!policy_denies(x, 'aws:SecureTransport', 'false')",
        policy({**deny({"Bool": {"aws:SecureTransport": ["false"]}}), "principals": [ROOT]}),
    ),
    (
        "!policy_denies(x, 'aws:SecureTransport', 'false')",
        policy({**deny({"Bool": {"aws:SecureTransport": ["false"]}}), "Effect": "Allow"}),
    ),
    (
        "!policy_denies(x, 's3:TlsVersion', 'new')",
        policy(deny({"NumericLessThan": {"s3:TlsVersion": ["1.2"]}})),
    ),
    ("!policy_denies(x, 'k', 'v')", policy(deny({"StringNotEquals": {"k": ["v"]}}))),
]


@pytest.mark.parametrize(
    ("expression", "x"), TRUE, ids=[f"{n}: {e}" for n, (e, _) in enumerate(TRUE)]
)
def test_it_is_so(expression, x):
    program = compile_expression(expression, VARIABLES)
    assert program(x, NOW) is True
    assert program.interpret({"x": x, "now": NOW}) is True


OPERATORS = [
    ("Bool", "false", ["FALSE"], ["true"]),
    ("StringEquals", "a", ["a"], ["A", "b"]),
    ("StringEqualsIgnoreCase", "a", ["a", "A"], ["b"]),
    ("StringLike", "a*", ["a", "ab"], ["A", "ba"]),
    ("ArnEquals", "arn:x:*", ["arn:x:y"], ["arn:y"]),
    ("ArnLikeIfExists", "arn:x:*", ["arn:x:y"], ["arn:y"]),
    ("NumericEquals", "1.0", ["1"], ["2", "x"]),
    ("NumericLessThan", "1.2", ["1.1"], ["1.2", "1.3"]),
    ("NumericLessThanEquals", "1.2", ["1.1", "1.2"], ["1.3"]),
    ("NumericGreaterThan", "1.2", ["1.3"], ["1.2", "1.1"]),
    ("NumericGreaterThanEquals", "1.2", ["1.3", "1.2"], ["1.1"]),
    ("StringNotEquals", "a", [], ["a", "b"]),
]


@pytest.mark.parametrize(("operator", "limit", "denied", "others"), OPERATORS)
def test_a_condition_is_evaluated_as_its_operator_says(operator, limit, denied, others):
    program = compile_expression("policy_denies(x.policy, 'k', x.value)", VARIABLES)
    document = policy(deny({operator: {"K": ["nothing", limit]}}))
    for value in [*denied, *others]:
        assert program({"policy": document, "value": value}, NOW) is (value in denied), value


PUBLIC_RANGES = {
    "0.0.0.0/0": True,
    "::/0": True,
    "0.0.0.0/1": True,
    "128.0.0.0/1": True,
    "52.0.0.0/8": True,
    "10.0.0.0/7": True,
    "2000::/3": True,
    "2600::/16": True,
    "52.0.0.0/9": False,
    "203.0.113.5": False,
    "2001:db8::/32": False,
    "10.0.0.0/8": False,
    "127.0.0.0/8": False,
    "172.16.0.0/12": False,
    "192.168.0.0/16": False,
    "224.0.0.0/4": False,
    "fc00::/7": False,
    "fe80::/10": False,
}


@pytest.mark.parametrize("cidr", PUBLIC_RANGES)
def test_a_range_is_public_when_it_admits_the_internet_at_large(cidr):
    program = compile_expression("is_public_cidr(x)", VARIABLES)
    assert program(cidr, NOW) is PUBLIC_RANGES[cidr]


ERRORS = [
    ("is_public_cidr(x)", "anywhere", "value"),
    ("is_public_cidr(x)", "0.0.0.0/33", "value"),
    ("is_public_cidr(x)", None, "null"),
    ("cidr_contains(x, '10.0.0.1')", "10.0.0", "value"),
    ("port_in(x, 22)", "ssh", "value"),
    ("port_in(x, 22)", "1-99999", "value"),
    ("port_in(x, 22, 22)", "22", "type"),
    ("port_in(x, 22, 22)", 22.0, "type"),
    ("policy_allows(x, '*', 's3:*')", {}, "missing"),
    ("policy_allows(x, '*', 's3:*')", {"Statement": {}}, "missing"),
    (
        "policy_allows(x, '*', 's3:*')",
        {"Statement": [{"Effect": "Allow", "Action": 1}]},
        "function",
    ),
    ("policy_denies(x, 'k', 'v')", "text", "type"),
    (
        "policy_denies(x, 'k', 'v')",
        {"Statement": [{"Effect": "Deny", "principals": 1}]},
        "function",
    ),
    ("age_days(x) < 3", "soon", "value"),
    ("age_days(x) < 3", 3, "type"),
    ("days(x) < days(3)", 1.5, "type"),
    ("bool(x)", "yes", "value"),
    ("int(x) == 1", "1.5", "value"),
    ("int(x) == 1", "", "value"),
    ("int(x) == 1", 1e30, "overflow"),
    ("int(x) == 1", float("nan"), "overflow"),
    ("int(x) == 1", True, "type"),
    ("double(x) == 1.0", "1_0", "value"),
    ("double(x) == 1.0", 10**400, "overflow"),
    ("string(x) == '1'", [1], "type"),
    ("duration(x) > days(1)", "1d", "value"),
    ("duration(x) > days(1)", "9" * 90 + "h", "range"),
    ("timestamp(x) > now", 10**18, "range"),
    ("now.getHours(x) == 1", "Europe/Paris", "value"),
    ("now.getHours(x) == 1", "+25:00", "value"),
    ("x.lower() == 'a'", 1, "type"),
    ("x.orValue(1) == 1", 1, "type"),
    ("x.or(optional.of(1)).hasValue()", 1, "type"),
    ("x.value() == 1", 1, "type"),
    ("x.hasValue()", 1, "type"),
    ("optional.none().value() == 1", None, "missing"),
    ("x[?0].hasValue()", "text", "type"),
    ("x[0] == 1", {"0": 1}, "missing"),
    ("x[dyn([])] == 1", {"0": 1}, "type"),
    ("{x: 1} == dyn({})", 1, "type"),
    ("{x: 1, 'a': 2} == dyn({})", "a", "value"),
    ("x in {'a': 1}", [], "type"),
    ("-x == 1", "a", "type"),
    ("x % 2 == 1", 1.5, "type"),
    ("x % -1 == 0", -(2**63), "overflow"),
    ("x + duration('1h') > now", dt.datetime.max.replace(tzinfo=dt.UTC), "range"),
    ("x + x > days(1)", dt.timedelta(days=80_000), "range"),
    ("x.getHours('+10:00') == 1", dt.datetime.max.replace(tzinfo=dt.UTC), "range"),
]


@pytest.mark.parametrize(("expression", "x", "code"), ERRORS)
def test_what_has_no_answer_is_an_error(expression, x, code):
    with pytest.raises(EvalError) as caught:
        compile_expression(expression, VARIABLES)(x, NOW)
    assert caught.value.code == code


def test_the_plain_case_needs_no_interpreter():
    """The compiled code alone has the value: it is not merely that the slow way repairs it."""
    for expression, x in TRUE:
        program = compile_expression(expression, VARIABLES)
        budget = [[1_000_000]] if program.loops else []
        assert program.fast(x, NOW, *budget) is True, expression
    assert compile_expression("x && x", VARIABLES).fast(True, NOW) is True
    assert compile_expression("x || !x", VARIABLES).fast(False, NOW) is True


def test_every_function_is_documented_and_refuses_arguments_of_a_wrong_kind():
    for (name, count), function in FUNCTIONS.items():
        assert function.doc[0].islower()
        assert len(function.params) == count
        receiver = function.style == "x.f()"
        args = ["dyn([{}])" if p.kinds != ("list",) else "dyn(1)" for p in function.params]
        if "list" in function.params[0].kinds:
            args[0] = "dyn(1)"
        rest = ", ".join(args[1:])
        call = f"{args[0]}.{name}({rest})" if receiver else f"{name}({', '.join(args)})"
        with pytest.raises(CelError) as caught:
            compile_expression(call, VARIABLES, DYN)(None, NOW)
        assert caught.value.code == "type", name


def test_a_call_on_literals_alone_is_made_once_and_an_error_of_it_is_still_an_error():
    program = compile_expression("x > days(90) || int('9x') == 1", {"x": DYN})
    assert program(dt.timedelta(days=91)) is True
    with pytest.raises(EvalError, match="'9x' is not an int"):
        program(dt.timedelta(days=1))
