"""Messages with expressions in them."""

from __future__ import annotations

import datetime as dt

import pytest

from agent.cel import DYN, TIMESTAMP, CelError, compile_template, from_json_schema

VARIABLES = {"resource": DYN, "now": TIMESTAMP}
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def rendered(text, **resource):
    return compile_template(text, VARIABLES).render({"resource": resource, "now": NOW})


def test_values_stand_in_place_of_their_expressions():
    assert rendered("{{resource.Name}} is open", Name="web") == "web is open"
    assert rendered("{{ resource.n + 1 }}/{{resource.on}}", n=1, on=True) == "2/true"
    assert rendered("plain {text}") == "plain {text}"
    assert rendered("") == ""


def test_lists_times_and_maps_have_a_plain_form():
    assert rendered("{{resource.l}}", l=["a", 1, 1.5, None]) == "a, 1, 1.5, null"
    assert rendered("{{resource.l}}", l=["a"] * 21) == ", ".join(["a"] * 20) + ", ..."
    assert rendered("{{now}} {{days(1)}}") == "2026-06-01T00:00:00Z 86400s"
    assert rendered("{{resource.m}}", m={"b": 1, "a": NOW}).startswith('{"a": "2026-06-01')
    assert rendered("{{resource.?gone}} {{resource.?n}}", n=1) == "none 1"
    assert rendered("{{'}'}}{{ {'a': 1}.a }}") == "}1"


def test_what_cannot_be_evaluated_shows_as_its_source_and_never_raises():
    assert rendered("{{resource.Name}} and {{ resource.n + 1 }}", n="x") == (
        "«resource.Name» and «resource.n + 1»"
    )
    assert compile_template("{{resource.Name}}", VARIABLES).render({}) == "«resource.Name»"


def test_it_reads_what_its_expressions_read():
    template = compile_template("{{resource.a.b}} {{resource.l.map(x, x.c)}}", VARIABLES)
    assert template.reads == {"resource.a.b", "resource.l[].c"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("see {{resource.Nam}}", "1:16: unknown field 'Nam', did you mean 'Name'?"),
        ("one\ntwo {{ x }}", "2:8: unknown name 'x' (known: resource)"),
        ("{{\nresource.\nNam}}", "3:1: unknown field 'Nam', did you mean 'Name'?"),
        ("ok {{resource.Name}} {{resource", "1:22: '{{' without '}}'"),
        ("{{}}", "1:3: unexpected end of the expression"),
        (
            "{{resource.Owner}}",
            (
                "1:12: resource.Owner is optional: guard it with has(resource.Owner),"
                " or read it with .? and orValue()"
            ),
        ),
    ],
)
def test_a_mistake_is_found_when_it_is_loaded_with_its_place_in_the_text(text, message):
    schema = {
        "type": "object",
        "required": ["Name"],
        "properties": {"Name": {"type": "string"}, "Owner": {"type": "string"}},
    }
    with pytest.raises(CelError) as caught:
        compile_template(text, {"resource": from_json_schema(schema)})
    assert str(caught.value) == message
