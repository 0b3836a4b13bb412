"""What is refused when a rule is loaded, with the exact message and its place."""

from __future__ import annotations

import pytest

from agent.cel import (
    BOOL,
    DYN,
    INT,
    LIST,
    STRING,
    TIMESTAMP,
    CelError,
    compile_expression,
    fields_of,
    from_json_schema,
    list_of,
    map_of,
)

TEXT = {"type": "string"}
GROUP = from_json_schema(
    {
        "type": "object",
        "required": ["GroupId", "Encrypted", "CreateDate", "IpPermissions", "Direction", "Label"],
        "properties": {
            "GroupId": TEXT,
            "Encrypted": {"type": "boolean"},
            "CreateDate": {"type": "string", "format": "date-time"},
            "Direction": {"type": "string", "x-known-values": ["INGRESS", "EGRESS"]},
            "Label": {"type": "object", "additionalProperties": TEXT},
            "Owner": {"type": "object", "required": ["Name"], "properties": {"Name": TEXT}},
            "IpPermissions": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["IpProtocol"],
                    "properties": {
                        "IpProtocol": TEXT,
                        "FromPort": {"type": ["integer", "null"]},
                        "ToPort": {"type": "integer"},
                    },
                },
            },
            "Tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}},
        },
        "$defs": {
            "Tag": {
                "type": "object",
                "required": ["Key", "Value"],
                "properties": {"Key": TEXT, "Value": TEXT},
            }
        },
    }
)
PARAMS = fields_of(
    {"port": INT, "regions": list_of(STRING)}, required=frozenset({"port", "regions"})
)
VARIABLES = {"resource": GROUP, "params": PARAMS, "now": TIMESTAMP, "any": DYN}

GUARD = "is optional: guard it with has({0}), or read it with .? and orValue()"

REFUSED = [
    # names, fields, functions
    ("resource.Encypted", "1:10: unknown field 'Encypted', did you mean 'Encrypted'?"),
    ("resource.encrypted", "1:10: unknown field 'encrypted', did you mean 'Encrypted'?"),
    ("has(resource.Encypted)", "1:14: unknown field 'Encypted', did you mean 'Encrypted'?"),
    ("resource.?Encypted.hasValue()", "1:11: unknown field 'Encypted', did you mean 'Encrypted'?"),
    ("params.zone == 'x'", "1:8: unknown field 'zone' (known: port, regions)"),
    (
        "has(resource.Tags) &&\n  resource.Tags.exists(t, t.key == 'x')",
        "2:29: unknown field 'key', did you mean 'Key'?",
    ),
    ("resorce.Encrypted", "1:1: unknown name 'resorce', did you mean 'resource'?"),
    ("t.Key == 'x'", "1:1: unknown name 't' (known: any, now, params, resource)"),
    (
        "resource.GroupId.startwith('a')",
        "1:18: unknown function 'startwith', did you mean 'startsWith'?",
    ),
    (
        "age_day(resource.CreateDate) < 3",
        "1:1: unknown function 'age_day', did you mean 'age_days'?",
    ),
    ("age_days() < 3", "1:1: age_days() takes 1 argument, 0 given"),
    ("resource.GroupId.startsWith('a', 'b')", "1:18: startsWith() takes 1 argument, 2 given"),
    ("port_in('22') == true", "1:1: port_in() takes 2 or 3 arguments, 1 given"),
    ("startsWith(resource.GroupId, 'a')", "1:1: write x.startsWith(...), not startsWith(x, ...)"),
    (
        "'10.0.0.0/8'.is_public_cidr()",
        "1:14: write is_public_cidr(x, ...), not x.is_public_cidr(...)",
    ),
    # types
    ("resource.GroupId", "1:10: the expression is a string, a bool is needed"),
    ("params.port", "1:8: the expression is an int, a bool is needed"),
    ("resource.Encrypted == 'true'", "1:20: bool is never equal to string"),
    ("resource.Encrypted == 1", "1:20: bool is never equal to int"),
    ("resource.GroupId == 22", "1:18: string is never equal to int"),
    (
        "params.regions == ['a', 'b'] || [1] == params.regions",
        "1:37: list of int is never equal to list of string",
    ),
    (
        "resource.Encrypted != true",
        "1:20: write !resource.Encrypted instead of != true, which also holds for null",
    ),
    (
        "resource.Encrypted != false",
        "1:20: write resource.Encrypted instead of != false, which also holds for null",
    ),
    ("true != any.x", "1:6: write !any.x instead of != true, which also holds for null"),
    (
        "resource.Direction == 'INGRES'",
        "1:23: 'INGRES' is not a value of this field, did you mean 'INGRESS'?",
    ),
    (
        "'BOTH' != resource.Direction",
        "1:1: 'BOTH' is not a value of this field (known: EGRESS, INGRESS)",
    ),
    (
        "resource.Direction in ['INGRESS', 'OUT']",
        "1:35: 'OUT' is not a value of this field (known: EGRESS, INGRESS)",
    ),
    ("resource.CreateDate > now", "1:21: cannot compare string with timestamp: use timestamp(...)"),
    ("params.port < '22'", "1:13: cannot compare int with string"),
    ("params.regions < params.regions", "1:16: cannot compare list of string with list of string"),
    ("params.port < null", "1:13: cannot compare int with null"),
    ("params.port in params.regions", "1:13: an int is never in a list of string"),
    ("1 in resource.Label", "1:3: an int is never in a map of string"),
    ("'a' in resource.GroupId", "1:5: 'in' needs a list or a map, found a string"),
    (
        "size(resource.Encrypted) > 0",
        "1:15: size() needs a string or a list or a map, found a bool",
    ),
    ("!resource.GroupId", "1:11: true or false is needed, found a string"),
    ("resource.Encrypted && params.port", "1:30: true or false is needed, found an int"),
    ("resource.GroupId ? true : false", "1:10: true or false is needed, found a string"),
    (
        "resource.IpPermissions.IpProtocol == '-1'",
        "1:24: a list of map has no field 'IpProtocol': loop over it with exists() or all()",
    ),
    ("resource.GroupId.x == 1", "1:18: a string has no field 'x'"),
    ("resource.GroupId[0] == 'a'", "1:17: a string has no elements"),
    (
        "params.regions['eu'] == 'a'",
        "1:16: a list of string has no field 'eu': loop over it with exists() or all()",
    ),
    (
        "params.regions[resource.GroupId] == 'a'",
        "1:15: a list of string is not indexed with a string",
    ),
    (
        "resource.GroupId.exists(c, c == 'a')",
        "1:18: exists() needs a list or a map, found a string",
    ),
    (
        "resource.?Tags.exists(t, true)",
        "1:16: exists() needs a list or a map, found an optional list of map: use orValue([])",
    ),
    ("params.regions.all(r, r)", "1:23: true or false is needed, found a string"),
    ("1 + 1.5 == 2.5", "1:3: there is no int + double"),
    ("resource.GroupId - 'a' == ''", "1:18: there is no string - string"),
    ("-resource.GroupId == 'a'", "1:1: there is no minus for a string"),
    ("age_days(params.port) < 3", "1:17: age_days() needs a timestamp or a string, found an int"),
    ("resource.?Tags.orValue('') == []", "1:16: orValue() of a string for a list of map"),
    (
        "resource.GroupId.orValue('') == ''",
        "1:18: orValue() is for optional fields read with .?, found a string",
    ),
    ("{1: 'a'} == any", "1:2: the key of a map must be a string, not an int"),
    ("{'a': 1, 'a': 2} == any", "1:10: the map has the key 'a' twice"),
    ("any[?'a'].orValue() == 1", "1:11: orValue() takes 1 argument, 0 given"),
    ("any.?a.hasValue(1)", "1:8: hasValue() takes no arguments, 1 given"),
    ("any.?a.or(1).hasValue()", "1:8: or() needs an optional, found an int"),
    ("dyn(1, 2)", "1:1: dyn() takes 1 argument, 2 given"),
    ("optional.of().hasValue()", "1:10: optional.of() takes 1 argument, 0 given"),
    ("f(,)", "1:3: unexpected ','"),
    ("size(any,) == 1", "1:10: unexpected ')'"),
    ("{?'a': any.?a} == any", "1:2: optional entries are not supported"),
    # fields that may be absent
    ("size(resource.Tags) > 0", "1:15: resource.Tags " + GUARD.format("resource.Tags")),
    (
        "resource.IpPermissions.exists(p, p.FromPort <= 22)",
        "1:36: p.FromPort " + GUARD.format("p.FromPort"),
    ),
    (
        "resource.Label.env == 'prod'",
        "1:16: resource.Label.env " + GUARD.format("resource.Label.env"),
    ),
    (
        "resource.Label['a b'] == 'prod'",
        '1:16: resource.Label["a b"] ' + GUARD.format('resource.Label["a b"]'),
    ),
    # literals
    ("resource.GroupId.matches('[')", "1:26: bad regular expression: missing ]: ["),
    (
        "resource.GroupId.matches('(?=a)')",
        "1:26: bad regular expression: invalid perl operator: (?=",
    ),
    (
        "timestamp('2026-13-01T00:00:00Z') < now",
        "1:11: '2026-13-01T00:00:00Z' is not a time of the years 1 to 9999",
    ),
    ("timestamp('2026-01-01') < now", "1:11: '2026-01-01' is not an RFC 3339 time"),
    (
        "timestamp('2026-01-01T00:00:00.0000001Z') < now",
        "1:11: times finer than a microsecond are not supported",
    ),
    ("now + duration('90d') > now", "1:16: '90d' is not a duration such as '90m' or '1h30m'"),
    ("cidr_contains('10.0.0.0/33', any)", "1:15: '10.0.0.0/33' is not an address range"),
    ("port_in('80-22', params.port)", "1:9: '80-22' is not a range of ports"),
    (
        "now.getHours('Europe/Paris') > 8",
        "1:14: 'Europe/Paris' is not UTC or an offset such as '+02:00'",
    ),
    ("params.port == 9223372036854775808", "1:16: integer out of the range of 64 bits"),
    ("params.port == 99999999999999999999999999", "1:16: integer out of the range of 64 bits"),
    ("any == 1e999", "1:8: 1e999 is out of the range of a double"),
    # syntax
    ("", "1:1: unexpected end of the expression"),
    ("resource.", "1:10: expected a field name, found end of the expression"),
    ("resource.Encrypted = true", "1:20: unexpected character '=', write == to compare"),
    ("any.a & any.b", "1:7: unexpected character '&', write &&"),
    ("(any", "1:5: expected ')', found end of the expression"),
    ("any any", "1:5: unexpected 'any'"),
    ("any == 'abc", "1:8: string without an end"),
    ("any == 'a\\q'", "1:8: bad escape '\\q' in a string"),
    ("any == '\\ud800'", "1:8: '\\ud800' is not a character"),
    ("any == b'a'", "1:8: bytes are not supported"),
    ("any == 1u", "1:8: unsigned numbers are not supported"),
    ("any == 1x", "1:8: bad number '1x'"),
    ("any == Foo{a: 1}", "1:11: messages are not supported"),
    ("[?any.a] == any", "1:2: optional elements are not supported"),
    ("if == 1", "1:1: 'if' is a reserved word"),
    ("has(any)", "1:1: has() takes one field, as in has(resource.Policy)"),
    ("has(any.?x)", "1:1: has() takes one field, as in has(resource.Policy)"),
    ("any.exists(x)", "1:5: exists() takes a variable name and an expression"),
    ("any.exists(x.y, true)", "1:12: the first argument of exists() must be a variable name"),
    ("any.all(k, v, k == v)", "1:5: all() takes a variable name and an expression"),
]


def message_of(expression: str, variables=VARIABLES, expect=BOOL) -> str:
    with pytest.raises(CelError) as caught:
        compile_expression(expression, variables, expect)
    return str(caught.value)


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=[each[0] for each in REFUSED])
def test_it_is_refused_with_this_message(expression, message):
    assert message_of(expression) == message


ALLOWED = [
    "resource.Encrypted",
    "!has(resource.Tags) || resource.Tags.all(t, t.Value != '')",
    "has(resource.Tags) && resource.Tags.exists(t, t.Key == 'owner')",
    "has(resource.Tags) ? size(resource.Tags) > 0 : false",
    "!(has(resource.Tags) && size(resource.Tags) == 0)",
    "!has(resource.Tags) || !has(resource.Owner) || size(resource.Tags) > 1",
    "has(resource.Owner) && (resource.Owner.Name == 'a' || resource.Owner.Name == 'b')",
    "(has(resource.Owner) && resource.Encrypted) ? resource.Owner.Name == 'a' : true",
    "resource.?Owner.Name.orValue('') == 'a'",
    "resource.?Tags.orValue([]).all(t, t.Key == 'a')",
    "resource.?Tags.hasValue() && size(resource.Tags) > 0",
    "resource.IpPermissions.all(p, !has(p.FromPort) || p.FromPort > 1024)",
    "resource.IpPermissions.filter(p, has(p.FromPort)).all(p, p.FromPort > 1024)",
    "resource.IpPermissions.map(p, has(p.FromPort), p.FromPort).all(f, f > 1024)",
    "has(resource.Label.env) && resource.Label.env == 'prod'",
    "has(resource.Label['a b']) && resource.Label['a b'] == 'prod'",
    "'env' in resource.Label && resource.Label.env == 'prod'",
    "resource.Label.all(k, k.startsWith('x'))",
    "resource.Label.filter(k, k != 'a').all(k, k.startsWith('x'))",
    "has(resource.IpPermissions[0].FromPort) && resource.IpPermissions[0].FromPort > 1",
    "resource.?Owner.or(resource.?Tags).hasValue()",
    "resource.?Owner.value().Name == 'a'",
    "any.exists(now, now == any.x) || age_days(resource.CreateDate) > 3",
    "resource.Direction in ['INGRESS', 'EGRESS']",
    "timestamp(resource.CreateDate) > now - days(90)",
    "any.whatever.it[0].is == 'x'",
    "resource.GroupId == null || params.port == 22.0",
]


@pytest.mark.parametrize("expression", ALLOWED)
def test_a_guarded_or_defaulted_field_may_be_read(expression):
    assert compile_expression(expression, VARIABLES).type.kind == "bool"


UNGUARDED = [
    "has(resource.Owner) || size(resource.Tags) > 0",
    "has(resource.Tags) || size(resource.Tags) > 0",
    "!has(resource.Tags) && size(resource.Tags) > 0",
    "has(resource.Tags) ? true : size(resource.Tags) > 0",
    "(has(resource.Tags) || resource.Encrypted) && size(resource.Tags) > 0",
    "size(resource.Tags) > 0 && has(resource.Tags)",
    "!('env' in resource.Label) && resource.Label.env == 'prod'",
    "has(resource.IpPermissions[0].FromPort) && resource.IpPermissions[1].FromPort > 1",
    "resource.IpPermissions.all(p, has(p.ToPort) && [p].all(p, p.ToPort > 1))",
    "(has(resource.Tags) && true) || size(resource.Tags) > 0",
    "resource.IpPermissions.all(p, has(p.ToPort)) && resource.IpPermissions.all(p, p.ToPort > 1)",
    "resource.IpPermissions.all(p, has(p.ToPort) && resource.IpPermissions.all(p, p.ToPort > 1))",
    "resource.IpPermissions.filter(p, !has(p.FromPort)).all(p, p.FromPort > 1024)",
    "resource.IpPermissions.filter(p, has(p.FromPort) || true).all(p, p.FromPort > 1024)",
]


@pytest.mark.parametrize("expression", UNGUARDED)
def test_a_guard_elsewhere_does_not_help(expression):
    assert "is optional: guard it with has(" in message_of(expression)


def test_a_list_may_be_asked_for_and_its_type_is_known():
    program = compile_expression("resource.IpPermissions.map(p, p.IpProtocol)", VARIABLES, LIST)
    assert str(program.type) == "list of string"
    message = message_of("params.port", VARIABLES, LIST)
    assert message == "1:8: the expression is an int, a list is needed"


def test_a_map_without_known_fields_needs_no_guard_when_its_values_are_unknown():
    assert compile_expression("m.a == 1", {"m": map_of(DYN)})


def test_the_types_of_json_schema_are_known():
    properties = {
        "n": {"type": "number"},
        "b": {"type": ["boolean", "null"]},
        "i": {"type": "integer", "enum": [1, 2]},
        "u": {"type": ["string", "integer"]},
        "o": {"type": "object"},
        "r": {"$ref": "#/$defs/none"},
        "e": {"type": "object", "properties": {"k": TEXT}, "additionalProperties": True},
    }
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    variables = {"x": from_json_schema(schema)}
    for allowed in (
        "x.n < 3 && x.b && x.i == 2 && x.u == 'a' && x.u == 1",
        "x.o.anything.at == 'all' && x.r.too == 1",
        "x.e.?other.hasValue() && x.e.?k.orValue('') == 'a'",
    ):
        assert compile_expression(allowed, variables)
    assert message_of("x.i == 3", variables) == (
        "1:8: '3' is not a value of this field (known: 1, 2)"
    )
    assert message_of("x.n == 'a'", variables) == "1:5: double is never equal to string"
    assert message_of("x.e.other == 1", variables).startswith("1:5: x.e.other is optional")


def test_a_schema_that_refers_to_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    kind = from_json_schema({"$ref": "#/$defs/node", "$defs": {"node": node}})
    assert compile_expression("has(n.next) && n.next.next.next == 1", {"n": kind})


def test_age_days_needs_to_know_the_time():
    message = "age_days() needs 'now', which is not known here"
    assert message_of("age_days(x) > 3", {"x": STRING}) == f"1:1: {message}"
    loop = "x.exists(now, age_days(now) > 3)"
    assert message_of(loop, {"x": list_of(STRING)}) == f"1:15: {message}"
