"""A check document that is wrong is refused with the place of its first mistake."""
# ruff: noqa: E501  # one call of a check is one line

import pytest

from checks.load import load_checks
from checks.model import CheckError, Scope
from checks.yaml import Map, YamlError, find_place, parse_yaml

GOOD = """
aws.x.thing:
  doc: A thing.
  scope: region
  list: {service: s3, operation: ListBuckets, items: Buckets, needs: "s3:ListAllMyBuckets"}
  id: "{Name}"
"""


def load(folder, text):
    file = folder / "c.yaml"
    file.write_text(text.lstrip("\n"))
    return load_checks([file], shipped=False)


def refusal(folder, text):
    with pytest.raises(CheckError) as caught:
        load(folder, text)
    return str(caught.value).removeprefix(f"{folder}/")


def test_every_key_is_read(tmp_path):
    checks = load(
        tmp_path,
        """
aws.x.parent:
  doc: A parent.
  scope: region
  list: {service: ecs, operation: ListClusters, items: clusterArns, needs: "ecs:ListClusters"}
  item: Arn
  id: "{Arn}"
aws.x.child:
  doc: A child.
  source: https://example.com/child
  scope: region
  parent: aws.x.parent
  before: {service: iam, operation: GenerateCredentialReport, until: {State: COMPLETE}, needs: [a, b]}
  list: {service: ecs, operation: ListServices, items: "a[].b", params: {cluster: "{parent.Arn}", n: 1}, needs: x, decode: {D: policy}, absent: Gone}
  batch: {operation: DescribeServices, param: services, size: 10, key: serviceArn, items: services, needs: x}
  keep: {Parent: "{parent.Arn}"}
  where: State == 'on'
  observed_at: Time
  id: "{Parent}/{Arn}"
  label: "{Arn}"
  region: Place
  facets:
    F: {operation: GetF, params: {a: "{Arn}"}, select: F, needs: x, decode: json}
  joins:
    P: {check: aws.x.parent, local: Parent, foreign: Arn, many: false}
  optional: [A, "B[].C"]
  defaults: {A.B: no, C: 3}
  volatile: T
  redact: [S]
""",
    )
    child = checks["aws.x.child"]
    assert child.scope is Scope.REGION
    assert child.list.params == {"cluster": "{parent.Arn}", "n": 1}
    assert child.list.absent == ("Gone",)
    assert child.list.decode == {"D": "policy"}
    assert (child.batch_param, child.batch_size, child.batch_key) == ("services", 10, "serviceArn")
    assert child.batch.service == "ecs"
    assert child.before.until == {"State": "COMPLETE"}
    assert child.before.call.needs == ("a", "b")
    assert child.facets[0].call.decode == {"@": "json"}
    assert child.facets[0].call.service == "ecs"
    assert not child.joins[0].many
    assert child.defaults == {"A.B": "no", "C": 3}
    assert type(child.defaults["A.B"]) is str
    assert child.volatile == ("T",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("scope: region", "scoop: region"), "3:3: unknown key 'scoop'; did you mean 'scope'?"),
        (("scope: region", "scope: galaxy"), "3:10: 'scope' must be one of account, region"),
        (("  doc: A thing.\n", ""), "2:3: 'doc' is missing"),
        (("items: Buckets", "items: 'Buckets['"), "'items' is not a JMESPath"),
        (("items", "itmes"), "4:47: unknown key 'itmes'; did you mean 'items'?"),
        (('"{Name}"', '"{Name"'), "a brace is not closed"),
        (('"{Name}"', '"{parent.Name}"'), "'{parent.Name}' without a 'parent'"),
        (("  id:", "  parent: aws.x.nothing\n  id:"), "the parent names an unknown check"),
        (("  id:", "  parent: aws.x.thing\n  id:"), "'aws.x.thing' is its own ancestor"),
        (("  id:", "  singleton: true\n  id:"), "give either 'list' or 'singleton: true'"),
        (("  id:", "  optional: [a..b]\n  id:"), "'a..b' is not a path of members"),
        (
            ("  id:", "  joins: {J: {check: aws.x.thin, local: a, foreign: b}}\n  id:"),
            "aws.x.thing'",
        ),
        (("A thing.", "{a: 1}"), "2:8: 'doc' must be text"),
        (("aws.x.thing", "Thing"), "1:1: 'Thing' is not a name like aws.s3.bucket"),
        ((', needs: "s3:ListAllMyBuckets"', ""), "'needs' is missing"),
        ((GOOD, "a\n"), "1:1: a check document maps names to checks"),
        ((GOOD[1:], "aws.x.thing: a\n"), "1:14: 'aws.x.thing' must be a mapping"),
        (("list: {", "list: 5 #"), "4:9: 'list' must be a mapping"),
        (("  id:", "  singleton: 1\n  id:"), "5:14: 'singleton' must be true or false"),
        (("  id:", "  region: a b\n  id:"), "5:11: 'a b' is not a path of members"),
        (("  id:", "  optional: [1]\n  id:"), "'optional' must be text or a list of texts"),
        (("  id:", "  defaults: {a..b: 1}\n  id:"), "5:14: 'a..b' is not a path of members"),
        (("  id:", "  fields: {a..b: string}\n  id:"), "5:12: 'a..b' is not a path of members"),
        (("  id:", "  fields: {a: text}\n  id:"), "'text' is not one of string, bool"),
        (("  id:", "  fields: {a: bool x}\n  id:"), "only string and int have known values"),
        (("  id:", "  aliases: {a: b.c}\n  id:"), "'a' must map a path of members to a member"),
        (("  id:", "  keep: {A: '{parent}'}\n  id:"), "'{parent}' needs a member: {parent.Name}"),
        (("  id:", "  before: {operation: A, until: {}, needs: x}\n  id:"), "'until' must map"),
        (("  id:", "  facets: {f.g: {operation: A, needs: x}}\n  id:"), "'f.g' is not a member"),
        (("  id:", "  batch: {operation: A, needs: x, size: 0, key: K, param: P, items: I}\n  id:"), "'size' must be a whole number above 0"),
        (
            ("  id:", "  facets: {F: {operation: A, needs: x}}\n  joins: {F: {check: aws.x.thing, local: a, foreign: b}}\n  id:"),
            "'F' is a facet and a join",
        ),
        (
            ("  id:", "  facets: {F: {operation: A, needs: x}}\n  joins: {J: {check: aws.x.thing, local: F.a, foreign: b}}\n  id:"),
            "'J' is joined by a facet, which may be unread",
        ),
        (("items: Buckets", "items: Buckets, decode: rot13"), "'decode' must be one of policy"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path, change, message):
    assert change[0] in GOOD
    assert message in refusal(tmp_path, GOOD.replace(*change))
    assert refusal(tmp_path, GOOD.replace(*change)).startswith("c.yaml:")


ALONE = """
aws.x.thing:
  doc: A thing.
  scope: region
  singleton: true
  id: "{account}"
  facets: {F: {service: s3, operation: GetF, needs: x}}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ALONE + "  before: {service: s3, operation: A, until: {B: c}, needs: x}\n", "'before' goes with 'list'"),
        (ALONE.replace("  facets: {F: {service: s3, operation: GetF, needs: x}}\n", ""), "a singleton has facets"),
        (
            ALONE + GOOD.replace("x.thing", "x.child").replace("  id:", "  parent: aws.x.thing\n  id:"),
            "the parent 'aws.x.thing' has another scope or no listing",
        ),
        (
            ALONE + GOOD.replace("x.thing", "x.other").replace("  id:", "  joins: {J: {check: aws.x.thing, local: a, foreign: b}}\n  id:"),
            "'aws.x.thing' has no listing to join",
        ),
    ],
)  # fmt: skip
def test_what_is_no_listing_is_neither_a_parent_nor_joined(tmp_path, text, message):
    assert message in refusal(tmp_path, text)


def test_a_file_with_nothing_in_it_holds_no_check(tmp_path):
    assert load(tmp_path, "# none\n") == {}


def test_an_id_may_not_rest_on_what_may_be_unread(tmp_path):
    facet = '  facets: {F: {operation: GetF, needs: x}}\n  id: "{F.Arn}"'
    assert "'{F.Arn}' is a facet" in refusal(tmp_path, GOOD.replace('  id: "{Name}"', facet))


def test_two_documents_may_not_define_one_name(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(CheckError, match=r"b\.yaml:2:1: .*defined already in .*a\.yaml:2:1"):
        load_checks([tmp_path], shipped=False)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CheckError, match="no such file"):
        load_checks([tmp_path / "none.yaml"], shipped=False)


def test_the_shipped_checks_load():
    checks = load_checks()
    assert "aws.s3.bucket" in checks
    assert list(checks) == sorted(checks)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", {"a": "no"}),
        ("a: yes", {"a": "yes"}),
        ("a: on", {"a": "on"}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: 0o17", {"a": "0o17"}),
        ("a: 012", {"a": "012"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 12", {"a": 12}),
        ("a: -1.5e3", {"a": -1500.0}),
        ("a: true", {"a": True}),
        ("a: ", {"a": None}),
        ("a: '12'", {"a": "12"}),
        ("a: .nan", {"a": ".nan"}),
        ("", None),
    ],
)
def test_a_scalar_is_what_it_looks_like(text, value):
    assert parse_yaml(text, "f") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: the key 'a' is given twice, first in line 1"),
        ("a: &x 1", "f:1:4: anchors and aliases are not used here"),
        ("a: *x", "f:1:4: anchors and aliases are not used here"),
        ("a: !!python/object:os.system x", "f:1:4: tags (!...) are not used here"),
        ("a: 1\n---\nb: 2", "f:2:1: a file holds one document"),
        ("a: [1", "f:1:6: "),
        ("a:\n\t- b", "f:2:1: "),
        ("? [a]\n: b", "f:1:3: a key must be text"),
        ("a: 99999999999999999999999", "f:1:4: 99999999999999999999999 does not fit 64 bits"),
        ("a: \x00", "f:1:1: "),
        ("[" * 100 + "]" * 100, "nested more than 64 levels deep"),
    ],
)
def test_yaml_that_could_surprise_is_refused(text, message):
    with pytest.raises(YamlError) as caught:
        parse_yaml(text, "f")
    assert message in str(caught.value)


def test_every_value_knows_where_it_stands():
    document = parse_yaml('a:\n  b: "x"\n  c: |\n    first\n    second\n  d: [1, y]\n', "f")
    inner = document["a"]
    assert isinstance(inner, Map)
    assert str(document.keys_at["a"]) == "f:1:1"
    assert str(inner.keys_at["b"]) == "f:2:3"
    assert str(inner["b"].place) == "f:2:6"
    assert str(inner["b"].inner) == "f:2:7"
    assert str(inner["c"].inner) == "f:4:5"
    assert str(inner["d"].items_at[1]) == "f:6:10"


def test_a_text_of_a_block_stands_in_its_first_line_that_is_not_blank():
    document = parse_yaml("a: |\n\n  first\n  second\nb: |\n\n", "f")
    assert str(document["a"].inner) == "f:3:3"
    assert str(document["b"].inner) == "f:5:4"
    assert str(document["a"].place_of(0)) == "f:3:3"
    assert str(document["a"].place_of(7)) == "f:4:3"
    assert str(document["a"].place_of(99)) == "f:4:9"


def test_the_place_of_what_is_not_there_is_that_of_what_would_hold_it():
    document = parse_yaml("a:\n  - b: 1\n", "f")
    assert str(find_place(document, ("a", 0, "c"))) == "f:2:5"
    assert str(find_place(document, ("a", 1))) == "f:1:1"
    assert str(find_place(document, ())) == "f:1:1"
    assert find_place({}, ("a",)) is None


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "c.yaml").symlink_to(tmp_path / "nothing")
    with pytest.raises(CheckError, match=r"c\.yaml: No such file"):
        load_checks([tmp_path], shipped=False)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_bytes(b"a: \xff")
    with pytest.raises(CheckError, match="not UTF-8"):
        load_checks([file], shipped=False)
