"""A strange answer of a provider becomes a gap with its reason, and never a resource or a pass."""

# ruff: noqa: E501  # one call of a check is one line
# ruff: noqa: E501  # one call of a check is one line
from collections.abc import Iterator
from types import MappingProxyType

import pytest
from aws_kit import Naps, checks_of

from checks.collect import collect
from checks.joins import CHUNK
from checks.model import Answer, CallError, Cause, Target

CHECKS = """
aws.x.thing:
  doc: A thing.
  scope: account
  list: {service: x, operation: ListThings, items: Things, needs: x, decode: {Json: json}}
  id: "{Name}"
  facets:
    Part: {operation: GetPart, params: {Name: "{Name}"}, select: Part, needs: x}
    Text: {operation: GetText, params: {Name: "{Name}"}, select: Text, decode: {Json: json}, needs: x}
    Rare: {operation: GetRare, params: {Name: "{Name}"}, select: Rare, absent: [NoSuchRare], needs: x}
    Odd: {operation: GetOdd, params: {Name: "{Missing}"}, needs: x}
  joins:
    Owner: {check: aws.x.owner, local: OwnerId, foreign: Id, many: false}
    Odder: {check: aws.x.owner, local: length(Count), foreign: Id}
    Oddest: {check: aws.x.owner, local: OwnerId, foreign: length(Age)}
    Any: {check: aws.x.owner, local: OwnerId, foreign: Id, ignore_case: true}
    Inner: {check: aws.x.owner, local: OwnerId, foreign: Json.Of}
    Outer: {check: aws.x.owner, local: Json.Of, foreign: Id}
aws.x.owner:
  doc: An owner.
  scope: account
  list: {service: x, operation: ListOwners, items: Owners, needs: x, decode: {Json: json}}
  id: "{Id}-{Place}"
aws.x.child:
  doc: A child.
  scope: account
  parent: aws.x.thing
  list: {service: x, operation: ListChildren, items: Children, params: {Name: "{parent.Name}"}, needs: x}
  id: "{Id}"
aws.x.ours:
  doc: A thing of ours.
  scope: account
  list: {service: x, operation: ListThings, items: Things, needs: x}
  where: Home.Of == _account || contains(Tags[].Key, 'ours')
  id: "{Name}"
  optional: [Tags]
aws.x.many:
  doc: One of many.
  scope: account
  list: {service: x, operation: ListMany, items: Many, needs: x}
  batch: {operation: DescribeMany, param: Ids, size: 2, key: Id, items: Many, needs: x, decode: {Json: json}}
  id: "{Id}"
"""
THINGS = {"Things": [{"Name": "a", "OwnerId": "o", "Count": 5}]}


class Scripted:
    """A session that answers each operation with what is written for it: pages, or an error."""

    target = Target(provider="aws", id="111122223333")
    identity = "arn:aws:sts::111122223333:assumed-role/reader"
    not_enabled = ()
    rates = MappingProxyType({})

    def __init__(self, script):
        self.script = script

    def names(self, region):
        return {"account": "111122223333", "region": region, "partition": "aws"}

    def regions(self, _service):
        return ("here",)

    def made(self):
        return ()

    def request(self, call, _params, _region, after=None):
        pages = self.script[call.operation]
        pages = next(pages) if isinstance(pages, Iterator) else pages
        if isinstance(pages, CallError):
            raise pages
        page = pages[after or 0] if isinstance(pages, list) else pages
        following = (after or 0) + 1
        more = isinstance(pages, list) and following < len(pages)
        return (
            page
            if isinstance(page, Answer)
            else Answer(data=page, next=following if more else None)
        )


@pytest.fixture
def look(tmp_path):
    checks = checks_of(tmp_path, CHECKS)

    def look(check, parts=(), **script):
        wanted = {check: frozenset(parts)}
        came = collect(
            Scripted(script), checks, wanted, clock=Naps().clock(), deadline=60, threads=2
        )
        found = [part for part in came if part.check == check]
        resources = [resource for part in found for resource in part.resources]
        return resources, [gap for part in found for gap in part.gaps]

    return look


def test_a_page_that_names_itself_as_the_next_ends_the_listing(look):
    again = Answer(data=THINGS, next=1)
    resources, (gap,) = look("aws.x.thing", ListThings=[THINGS, again, again])
    assert [one.id for one in resources] == ["a", "a"]
    assert (gap.cause, gap.code) == (Cause.INVALID, "RepeatedToken")


@pytest.mark.parametrize("answer", [{"Things": {"Name": "a"}}, {"Things": "a"}, {"Things": 5}])
def test_what_is_no_list_is_no_listing(look, answer):
    resources, (gap,) = look("aws.x.thing", ListThings=answer)
    assert not resources
    assert (gap.cause, gap.message) == (Cause.INVALID, "'Things' gives no list")


def test_a_row_that_cannot_be_told_is_a_gap_beside_the_others(look):
    rows = [{"Name": "a"}, "b", {"Nom": "c"}, {"Name": ""}]
    resources, gaps = look("aws.x.thing", ListThings={"Things": rows})
    assert [one.id for one in resources] == ["a"]
    assert [gap.cause for gap in gaps] == [Cause.INVALID] * 3


def test_a_row_is_somebody_elses_only_when_it_says_whose_it_is(look):
    ours = {"Name": "a", "Home": {"Of": "111122223333"}}
    theirs = {"Name": "b", "Home": {"Of": "999988887777"}, "Tags": []}
    resources, gaps = look("aws.x.ours", ListThings={"Things": [ours, theirs]})
    assert ([one.id for one in resources], gaps) == (["a"], [])
    for silent in ({"Name": "c", "Tags": []}, {"Name": "c", "Home": {}, "Tags": []}):
        resources, (gap,) = look("aws.x.ours", ListThings={"Things": [ours, silent]})
        assert [one.id for one in resources] == ["a"]
        assert (gap.cause, gap.resource) == (Cause.INVALID, "")
        assert "there is no 'Home.Of'" in gap.message


def test_a_member_that_cannot_be_decoded_is_unseen_and_the_resource_is_not(look):
    rows = [{"Id": "1", "Place": "x", "Json": "{"}]
    ((owner,), gaps) = look("aws.x.owner", ListOwners={"Owners": rows})
    assert not gaps
    assert "Json" not in owner.attributes
    assert [(gap.facet, gap.cause) for gap in owner.gaps] == [("Json", Cause.INVALID)]


@pytest.mark.parametrize(
    ("pages", "part"),
    [([{"Part": [1]}, {"Part": None}, {"Part": [2]}], [1, 2]), ([{"Part": 5}], 5)],
)
def test_a_facet_is_all_of_its_pages(look, pages, part):
    ((thing,), _) = look("aws.x.thing", ["Part"], ListThings=THINGS, GetPart=pages)
    assert thing.attributes["Part"] == part


@pytest.mark.parametrize(
    ("facet", "script"),
    [
        ("Part", {"GetPart": [{"Part": [1]}, {"Part": 5}]}),
        ("Text", {"GetText": {"Text": {"Json": "{"}}}),
        ("Odd", {"GetOdd": {}}),
    ],
)
def test_a_facet_that_does_not_fit_is_unseen(look, facet, script):
    ((thing,), _) = look("aws.x.thing", [facet], ListThings=THINGS, **script)
    assert facet not in thing.attributes
    assert [(gap.facet, gap.cause) for gap in thing.gaps] == [(facet, Cause.INVALID)]


def test_an_answer_without_what_was_asked_for_does_not_say_that_there_is_none(look):
    ((thing,), _) = look("aws.x.thing", ["Rare"], ListThings=THINGS, GetRare={})
    assert [(gap.facet, gap.cause) for gap in thing.gaps] == [("Rare", Cause.INVALID)]
    none = CallError(Cause.NOT_FOUND, "NoSuchRare", "there is none")
    ((thing,), _) = look("aws.x.thing", ["Rare"], ListThings=THINGS, GetRare=none)
    assert "Rare" not in thing.attributes
    assert thing.gaps == ()


OWNERS = {"Owners": [{"Id": "o", "Place": "x", "Age": 5}, {"Id": "o", "Place": "y", "Age": 5}]}


@pytest.mark.parametrize(
    ("join", "code"), [("Owner", "Ambiguous"), ("Odder", "QueryError"), ("Oddest", "QueryError")]
)
def test_a_join_that_cannot_be_told_is_unseen(look, join, code):
    ((thing,), _) = look("aws.x.thing", [join], ListThings=THINGS, ListOwners=OWNERS)
    assert join not in thing.attributes
    (gap,) = thing.gaps
    assert (gap.facet, gap.cause) == (join, Cause.INVALID)
    assert gap.code == code


def test_a_joined_row_of_which_something_is_unseen_is_unseen(look):
    owners = {"Owners": [{"Id": "o", "Place": "x", "Json": "{"}]}
    ((thing,), _) = look("aws.x.thing", ["Owner"], ListThings=THINGS, ListOwners=owners)
    assert [gap.facet for gap in thing.gaps] == ["Owner"]


def test_a_row_of_which_it_is_unseen_whom_it_belongs_to_is_not_nobodys(look):
    owners = {"Owners": [{"Id": "p", "Place": 1, "Json": "{"}]}
    ((thing,), _) = look("aws.x.thing", ["Inner"], ListThings=THINGS, ListOwners=owners)
    assert "Inner" not in thing.attributes
    assert [gap.facet for gap in thing.gaps] == ["Inner"]


def test_a_resource_of_which_it_is_unseen_what_belongs_to_it_does_not_have_nothing(look):
    things = {"Things": [{"Name": "a", "Json": "{"}]}
    owners = {"Owners": [{"Id": "o", "Place": 1}]}
    ((thing,), _) = look("aws.x.thing", ["Outer"], ListThings=things, ListOwners=owners)
    assert "Outer" not in thing.attributes
    assert {gap.facet for gap in thing.gaps} == {"Json", "Outer"}


@pytest.mark.parametrize(("owners", "found"), [([], None), ([{"Id": "o", "Place": "x"}], "o")])
def test_a_join_of_one_is_that_one_or_nothing(look, owners, found):
    ((thing,), _) = look("aws.x.thing", ["Owner"], ListThings=THINGS, ListOwners={"Owners": owners})
    assert thing.attributes.get("Owner", {}).get("Id") == found
    assert not thing.gaps


def test_a_join_may_leave_the_case_of_letters_aside(look):
    owners = {"Owners": [{"Id": "O", "Place": "x"}, {"Id": 5, "Place": "y"}]}
    ((thing,), _) = look("aws.x.thing", ["Any"], ListThings=THINGS, ListOwners=owners)
    assert [owner["Id"] for owner in thing.attributes["Any"]] == ["O"]


def test_children_of_a_parent_that_went_meanwhile_went_with_it(look):
    gone = CallError(Cause.NOT_FOUND, "NoSuchThing", "gone", status=404)
    listings = iter([THINGS, {"Things": []}])
    assert look("aws.x.child", ListThings=listings, ListChildren=gone) == ([], [])


def test_not_found_of_the_children_of_a_parent_that_is_still_listed_is_a_gap(look):
    gone = CallError(Cause.NOT_FOUND, "NoSuchThing", "gone", status=404)
    denied = CallError(Cause.DENIED, "AccessDenied", "no", status=403)
    for listings in (THINGS, iter([THINGS, denied])):
        resources, (gap,) = look("aws.x.child", ListThings=listings, ListChildren=gone)
        assert not resources
        assert (gap.cause, gap.call) == (Cause.NOT_FOUND, "x:ListChildren")


def test_what_is_described_together_is_lost_together_and_the_rest_is_not(look):
    listed = {"Many": [{"Id": number} for number in "1234"]}
    rows = [{"Id": "1", "Json": "{"}]
    resources, gaps = look("aws.x.many", ListMany=listed, DescribeMany={"Many": rows})
    assert not resources
    assert [gap.cause for gap in gaps] == [Cause.INVALID] * 2


def test_what_two_checks_describe_alike_is_described_for_each_of_their_resources(tmp_path):
    class Describing(Scripted):
        def request(self, call, params, region, after=None):
            if call.operation == "DescribeMany":
                return Answer(data={"Many": [{"Id": each, "Of": each} for each in params["Ids"]]})
            return super().request(call, params, region, after)

    many = CHECKS[CHECKS.index("aws.x.many:") :]
    checks = checks_of(tmp_path, CHECKS + many.replace("aws.x.many:", "aws.x.more:"))
    came = collect(
        Describing({"ListMany": {"Many": [{"Id": number} for number in "12345"]}}),
        checks,
        {"aws.x.many": frozenset(), "aws.x.more": frozenset()},
        clock=Naps().clock(),
        deadline=60,
        threads=2,
    )
    found = [(part.check, one.attributes["Of"]) for part in came for one in part.resources]
    assert sorted(found) == [
        (f"aws.x.{name}", each) for name in ("many", "more") for each in "12345"
    ]


def test_what_is_not_described_any_more_went_meanwhile(look):
    listed = {"Many": [{"Id": number} for number in "12"]}
    rows = [{"Id": "1", "Json": "[1]"}]
    listings = iter([listed, {"Many": listed["Many"][:1]}])
    ((one,), gaps) = look("aws.x.many", ListMany=listings, DescribeMany={"Many": rows})
    assert (one.id, one.attributes["Json"], gaps) == ("1", [1], [])


def test_what_is_listed_and_not_described_is_a_gap(look):
    listed = {"Many": [{"Id": number} for number in "12"]}
    rows = [{"Id": "1", "Json": "[1]"}]
    ((one,), (gap,)) = look("aws.x.many", ListMany=listed, DescribeMany={"Many": rows})
    assert (one.id, gap.cause, gap.call) == ("1", Cause.NOT_FOUND, "x:DescribeMany")
    assert "nothing is said of 2" in gap.message


@pytest.mark.parametrize(
    "answer",
    [
        [{"Id": "1"}, {"Of": "2"}],  # a row that does not say whose it is
        [{"Id": "1"}, {"Id": ["2"]}],
        [{"Id": "1"}, "2"],
        [{"Id": "1", "On": True}, {"Id": "2"}, {"Id": "1", "On": False}],
        {"Id": "1"},
        7,
    ],
)
def test_a_description_that_cannot_be_told_is_a_gap_of_all_that_were_asked_for(look, answer):
    listed = {"Many": [{"Id": number} for number in "12"]}
    resources, (gap,) = look("aws.x.many", ListMany=listed, DescribeMany={"Many": answer})
    assert not resources
    assert (gap.cause, gap.call, gap.resource) == (Cause.INVALID, "x:DescribeMany", "")


def test_descriptions_may_come_in_any_order_and_twice(look):
    listed = {"Many": [{"Id": number} for number in "12"]}
    rows = [{"Id": each, "Json": f"[{each}]"} for each in "211"]
    resources, gaps = look("aws.x.many", ListMany=listed, DescribeMany={"Many": rows})
    assert [(one.id, one.attributes["Json"]) for one in resources] == [("1", [1]), ("2", [2])]
    assert not gaps


def test_what_is_listed_without_what_it_is_described_by_is_a_gap(look):
    listed = {"Many": [{"Id": {"Of": 1}}]}
    resources, (gap,) = look("aws.x.many", ListMany=listed, DescribeMany={"Many": []})
    assert (resources, gap.cause) == ([], Cause.INVALID)


def test_many_that_are_not_found_come_in_parts_and_those_listed_still_are_kept(tmp_path):
    gone = CallError(Cause.NOT_FOUND, "NoSuchThing", "there is no such thing")
    rows = [{"Name": str(number)} for number in range(2 * CHUNK)]
    listings = iter([{"Things": rows}, {"Things": rows[CHUNK:]}])
    came = collect(
        Scripted({"ListThings": listings, "GetPart": gone}),
        checks_of(tmp_path, CHECKS),
        {"aws.x.thing": frozenset({"Part"})},
        clock=Naps().clock(),
        deadline=60,
        threads=2,
    )
    parts = list(came)
    assert max(len(part.resources) + len(part.vanished) for part in parts) == CHUNK
    kept = {one.id for part in parts for one in part.resources}
    vanished = {each for part in parts for each in part.vanished}
    assert kept == {str(number) for number in range(CHUNK, 2 * CHUNK)}
    assert vanished == {str(number) for number in range(CHUNK)}
    assert all(one.gaps for part in parts for one in part.resources)


def test_a_fault_of_the_program_is_raised_and_not_taken_for_a_gap(look):
    with pytest.raises(KeyError, match="ListThings"):
        look("aws.x.thing")


def test_what_it_took_is_known_at_the_end_only(tmp_path):
    checks = checks_of(tmp_path, CHECKS)
    run = collect(
        Scripted({"ListThings": THINGS}),
        checks,
        {"aws.x.thing": frozenset()},
        clock=Naps().clock(),
        deadline=60,
        threads=2,
    )
    with pytest.raises(RuntimeError, match="has not come to its end"):
        assert run.collection
    assert len(list(run)) == 1
    assert run.collection.requests == 1
