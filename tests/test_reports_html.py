"""The page: nothing observed is markup in it, nothing is fetched by it, and nothing is left out."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser

import msgspec
import pytest
from evidence_world import HOUR, START, TARGET
from period_kit import RULE, TEXTS, good, live, period_world, report, run

from agent.controls.model import Category, Control, Scope, Subservice
from agent.escape import visible
from agent.reports import heatmap
from agent.reports.document import write_json
from agent.reports.html import SHOWN, css_text, shown, write_html
from agent.reports.model import HONEST, NOT_AN_OPINION, Day, Health
from agent.reports.question import Kind

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "x\" onmouseover='alert(1)' y=\"",
    "closing": "</code></td></table></style><img src=x onerror=alert(1)>",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "control": "a\x00b\x1b[31mc\x07\x85",
    "direction": "invoice\u202egnp.exe\u2066\u200f",
    "template": "{{ 7 * 7 }}{% raw %}",
    "style": '"; } body { display: none } /*',
}
VOID = {"meta", "br", "col"}


class Page(HTMLParser):
    """Reads a page; an element that is not closed in its turn is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.tags, self.attributes, self.text = [], set(), [], []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        if tag == "p" and "p" not in self.stack:
            return
        assert self.stack.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.text.append(data)


def page_of(made):
    return "".join(write_html(made))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A period in which everything that a cloud or a person can name is hostile."""
    names = list(HOSTILE.values())
    with period_world(tmp_path_factory.mktemp("hostile")) as world:
        state = {rule: dict.fromkeys(names, "fail") for rule in TEXTS}
        live(world, lambda _: state, hours=3, codes={"fail": HOSTILE["closing"]})
        return report(
            world,
            1,
            now=START + 4 * HOUR,
            scope=Scope(
                organization=HOSTILE["style"] + HOSTILE["closing"],
                system=HOSTILE["script"],
                description=HOSTILE["direction"],
                subservices=(Subservice(name=HOSTILE["script"], services=HOSTILE["attribute"]),),
                people={HOSTILE["script"]: HOSTILE["attribute"]},
            ),
            controls={
                "c": Control(
                    id=HOSTILE["attribute"],
                    title=HOSTILE["closing"],
                    criteria={"soc2": ("CC6.1",)},
                    rules=("*",),
                    owner=HOSTILE["script"],
                )
            },
            criteria={"CC6.1": HOSTILE["template"]},
        )


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_that_was_observed_becomes_markup(hostile, kind):
    text = page_of(msgspec.structs.replace(hostile, kind=str(kind)))
    page = Page(text)
    assert not page.tags & {"script", "img", "iframe", "object", "link", "base", "form"}
    assert not [each for each in page.attributes if each[1].startswith("on")]
    shown = "".join(page.text)
    assert HOSTILE["script"] in shown
    assert HOSTILE["closing"] in shown
    assert HOSTILE["template"] in shown
    assert text.count("</style>") == 1


def test_nothing_is_fetched_from_elsewhere(hostile):
    text = page_of(hostile)
    page = Page(text)
    for tag, name, value in page.attributes:
        if name in {"src", "href", "data", "action", "poster", "srcset"}:
            assert value.startswith("#"), (tag, name, value)
    assert re.findall(r"url\((?!#)", text) == []
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_characters_without_a_form_are_shown_by_their_number(hostile):
    text = page_of(hostile)
    hidden = {c for c in text if not c.isprintable() and c != "\n"}
    assert hidden == set()
    shown = "".join(Page(text).text)
    for number in ("U+0000", "U+001B", "U+0007", "U+0085", "U+202E", "U+2066", "U+200F"):
        assert f"\u27e8{number}\u27e9" in shown


def test_text_of_people_cannot_leave_the_string_of_a_style(hostile):
    style = re.search("<style>(.*?)</style>", page_of(hostile), re.DOTALL)[1]
    written = re.search(r"@top-left \{ content: (\"[^\"\n]*\");", style)[1]
    assert re.fullmatch(r"\"(?:[A-Za-z0-9 ]|\\[0-9a-f]{6})*\"", written)


def test_a_style_string_gives_back_its_text():
    written = css_text('a"; }</style>\u202e\n\\é, b')
    inner = re.sub(
        r"\\([0-9a-f]{1,6})[ \t\n]?", lambda found: chr(int(found[1], 16)), written[1:-1]
    )
    assert inner == 'a"; }</style>\u27e8U+202E\u27e9 \\é, b'


def test_what_is_no_text_or_has_a_form_stays_as_it_is():
    assert shown(3) == 3
    assert visible("naïve 名前 عربى\n") == "naïve 名前 عربى\n"
    assert visible("a\u200bb") == "a\u27e8U+200B\u27e9b"


def test_the_page_says_what_it_is_and_what_it_is_not(hostile):
    shown = " ".join("".join(Page(page_of(hostile)).text).split())
    assert NOT_AN_OPINION in shown
    assert HONEST in shown
    for word in ("Source", "Query", "Made", "Completeness", "Integrity"):
        assert word in shown
    assert hostile.seal.root in shown
    assert not re.search(r"\beffective(ly)?\b|compliant", shown, re.IGNORECASE)


def test_every_deviation_is_in_the_register_and_with_its_rule(hostile):
    text = page_of(hostile)
    assert len(hostile.register) == 2 * len(HOSTILE)
    for entry in hostile.register:
        assert f'id="d-{entry.number}"' in text
        assert f'href="#d-{entry.number}"' in text


def test_of_a_long_table_the_page_says_how_many_rows_there_are(tmp_path):
    with period_world(tmp_path) as world:
        names = [f"bucket-{number}" for number in range(SHOWN + 20)]
        run(world, START, {"aws-s3-encrypted": dict.fromkeys(names, "fail")})
        made = report(world, 1, now=START + HOUR)
    shown = " ".join("".join(Page(page_of(made)).text).split())
    assert f"The first {SHOWN} of {SHOWN + 20} are shown" in shown


def words_of(made):
    return " ".join("".join(Page(page_of(made)).text).split())


def test_the_table_of_controls_says_of_each_what_was_not_seen(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: {RULE: {TARGET: "error"}}, hours=12)
        shown = words_of(report(world, 1))
    assert "0 of 0 deviated" not in shown
    assert "no resource was judged; 99.9 % of the time not seen" in shown
    assert "no resource was judged; 50.0 % of the time not seen" in shown


@pytest.mark.parametrize("kind", [Kind.TYPE1, Kind.TYPE2])
def test_a_control_without_a_rule_in_force_is_neither_tested_nor_attested(tmp_path, kind):
    gone = Control(
        id="gone", title="Gone.", criteria={"soc2": ("CC6.1",)}, rules=("gcp-*",), owner="Zoe"
    )
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        shown = words_of(report(world, 1, kind=kind, controls={"gone": gone}))
    row = shown[shown.index("Zoe rules, none in force") :][:60]
    assert "not tested" in row
    assert "attested by people" not in shown
    assert "controls: 2 tested by rules" in shown


def test_a_moment_without_a_run_has_no_control_whose_state_was_seen(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=2)
        shown = words_of(report(world, 1, kind=Kind.TYPE1))
    assert "0controls whose state at this moment was seen" in shown


@pytest.mark.parametrize("part", ["verified", "anchored"])
def test_evidence_that_does_not_verify_is_said_first(hostile, part):
    seal = msgspec.structs.replace(hostile.seal, **{part: "invalid: entry 3"})
    text = page_of(msgspec.structs.replace(hostile, seal=seal))
    alarm = text.index("The evidence does not verify.")
    assert alarm < text.index('id="summary"')
    assert "The evidence does not verify." not in page_of(hostile)


def test_a_subservice_report_that_does_not_cover_the_period_is_said(tmp_path):
    aws = Subservice(
        name="AWS",
        services="EC2",
        report="SOC 2 Type II",
        report_from=date(2025, 1, 1),
        report_to=date(2026, 1, 1),
    )
    scope = Scope(subservices=(aws,), categories=(Category.SECURITY,))
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=2)
        text = page_of(report(world, 3, now=START + 48 * HOUR, scope=scope))
    assert "AWS: its report ends on 2026-01-01, before 2026-01-03." in text


def test_the_calendar_has_a_square_for_every_day_and_names_those_that_do_not_pass():
    days = [
        Day(date(2026, 1, 1) + timedelta(days=number), health)
        for number, health in enumerate(
            [Health.PASS] * 40 + [Health.FAIL, Health.BLIND, Health.WAIVED] + [Health.NONE] * 7
        )
    ]
    drawn = str(heatmap.to_svg(days))
    assert drawn.count("<path") == 5
    assert "<title>2026-02-10: failing</title>" in drawn
    assert "<title>2026-02-11: blind</title>" in drawn
    assert drawn.count("M") - drawn.count("Mon") == len(days)  # a square begins with M
    two = [Day(date(2026, 1, 1), Health.FAIL), Day(date(2026, 1, 2), Health.FAIL)]
    assert "<title>2026-01-01 to 2026-01-02: failing</title>" in str(heatmap.to_svg(two))
    assert heatmap.in_words(days) == (
        "failing on 1 day, blind on 1, waived on 1, passing on 40, not tested on 7"
    )
    assert heatmap.to_svg([]) == ""


def test_json_has_all_and_the_register_once(hostile):
    document = json.loads(write_json(hostile))
    assert document["schema"] == "assay.report.v1"
    assert [each["number"] for each in document["register"]] == list(
        range(1, len(hostile.register) + 1)
    )
    (control,) = document["controls"]
    cited = [number for rule in control["rules"] for number in rule["register"]]
    assert sorted(cited) == list(range(1, len(hostile.register) + 1))
    assert document["register"][0]["deviation"]["resource"] in HOSTILE.values()
