"""A scrape is what prometheus_client would write, only sooner, and never better than known."""

import pytest
from evidence_world import HOUR, START, open_world
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics_kit import OPENMETRICS, PARSERS, TEXT, Scrape, look, named, plan
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from work_kit import calls_of

from agent.evidence import queries
from agent.metrics import Vitals, choose_renderer
from agent.metrics.freshness import Knowledge
from agent.metrics.wide import Lines, Shape

RULES = named(("r1", "r2", "r3", "r4", "r5"), title='"quoted" \\ and\nbroken')
TARGETS = ("aws:1", "aws:2", 'azure:"\\\n')
BOTH = pytest.mark.parametrize("accept", [TEXT, OPENMETRICS], ids=["text", "openmetrics"])


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as world:
        plan(world, RULES, TARGETS)
        for turn, target in enumerate(TARGETS[1:]):
            look(world, RULES, target, turn=turn)
        yield world


@BOTH
def test_every_scrape_is_byte_for_byte_what_the_library_writes(world, accept):
    scrape, library = Scrape(world, RULES), choose_encoder(accept)[0]
    for hour, turn in ((0.5, None), (0.6, None), (1.5, 3), (9.0, None)):
        if turn is not None:
            look(world, RULES, TARGETS[1], hour=1, turn=turn)
        assert scrape.text(hour, accept) == library(scrape.registry)


@BOTH
def test_the_official_parsers_read_back_what_was_meant(world, accept):
    scrape = Scrape(world, RULES)
    families = scrape.families(0.5, accept)
    meant = {family.name: family.samples for family in scrape.registry.collect()}
    assert {name: family.samples for name, family in families.items()} == meant
    assert len(meant["assay_rule_status"]) == len(RULES) * len(TARGETS) * 5
    assert {labels["target"] for _, labels, *_ in meant["assay_rule_findings"]} == {*TARGETS}


class OneFamily(Collector):
    def __init__(self, family):
        self._family = family

    def collect(self):
        yield self._family


HOSTILE = st.text(alphabet=st.sampled_from('\\"\n{},= #aé\u2028'), max_size=6)
ROWS = st.lists(st.tuples(HOSTILE, st.tuples(*[st.sampled_from([0, 1.0, 12345678.5])] * 2)))


@given(ROWS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_value_of_a_label_can_forge_a_line(rows, zeros):
    shape = Shape(name="a", doc="A.", labels=("m",), across="k", options=("x", "y"), always=("y",))
    lines = Lines(shape)
    unique = {(value,): numbers for value, numbers in rows}
    lines.family([(key, (3.0, 4.0)) for key in unique])
    family = OneFamily(lines.family([*unique.items()], zeros=zeros))
    for accept, parse in PARSERS.items():
        text = choose_renderer(accept)[0](family)
        assert text == choose_encoder(accept)[0](family)
        if unique:
            (read,) = parse(text.decode())
            assert {(each.labels["m"], each.labels["k"]): each.value for each in read.samples} == {
                (key[0], option): number
                for key, numbers in unique.items()
                for option, number in zip("xy", numbers, strict=True)
                if zeros or number or option == "y"
            }


def test_what_stands_still_turns_unknown_at_the_scrape_without_any_run(world):
    scrape = Scrape(world, RULES)
    assert scrape.status(1.2, "r1", "aws:2") == "pass"
    assert scrape.status(1.2, "r1", "aws:1") == "unknown"
    assert scrape.status(1.3, "r1", "aws:2") == "unknown"
    assert scrape.status(1.2, "r1", "aws:2") == "pass"


@pytest.mark.parametrize("hour", [0.5, 1.26, 1.27, 1.5, 40])
def test_freshness_is_that_of_the_log(world, hour):
    knowledge = Knowledge(world.store)
    knowledge.pairs(START)
    look(world, RULES, TARGETS[0], hour=1)
    at = START + max(hour, 1.02) * HOUR
    stale = {(each.target, each.rule): each.stale for each in queries.bases(world.store, at)}
    assert {(p.target, p.rule): p.status == "unknown" for p in knowledge.pairs(at)} == stale


def test_a_result_from_the_future_is_not_known(world):
    look(world, RULES, TARGETS[0], hour=5)
    pairs = Knowledge(world.store).pairs(START + 2 * HOUR)
    assert {pair.status for pair in pairs if pair.target == TARGETS[0]} == {"unknown"}


@pytest.mark.parametrize("looked", [True, False], ids=["scraped before", "first scrape"])
def test_an_error_keeps_the_time_of_the_last_conclusive_run(world, looked):
    scrape = Scrape(world, RULES)
    if looked:
        scrape.text(0.5)
    look(world, RULES, "aws:2", hour=1, turn=2)
    when = {
        labels["rule"]: value
        for labels, value in scrape.samples(1.5, "assay_rule_last_evaluation_timestamp_seconds")
        if labels["target"] == "aws:2"
    }
    assert scrape.status(1.5, "r1", "aws:2") == "error"
    assert when["r1"] == (START + HOUR / 60).timestamp()
    assert when["r2"] == when["r1"] + 3600


def test_a_new_schedule_changes_what_is_expected(world):
    scrape = Scrape(world, RULES)
    assert len(scrape.samples(0.5, "assay_rule_status")) == 5 * len(RULES) * len(TARGETS)
    plan(world, ["r1"], TARGETS[:2], hour=1)
    assert len(scrape.samples(1.5, "assay_rule_status")) == 5 * 2
    assert len(scrape.samples(0.5, "assay_rule_status")) == 5 * len(RULES) * len(TARGETS)


def test_what_did_not_change_is_not_written_anew(tmp_path):
    """The families that grow with targets cost a scrape no call a series."""
    rules = named([f"rule-{number:03}" for number in range(100)])
    targets = [f"aws:{number:012}" for number in range(100)]
    with open_world(tmp_path) as world:
        plan(world, rules, targets)
        look(world, rules, targets[0])
        scrape = Scrape(world, rules)
        text = scrape.text(0.5)
        assert sum(not line.startswith(b"#") for line in text.splitlines()) > 110_000
        again = calls_of(lambda: scrape.text(0.5))
        assert sum(again.values()) < 50_000
        assert scrape.text(0.5) == text


def test_an_empty_registry_is_still_a_whole_answer():
    registry = CollectorRegistry()
    for accept in ("", TEXT, OPENMETRICS, f"{OPENMETRICS};escaping=dots"):
        render, content_type = choose_renderer(accept)
        encode, same = choose_encoder(accept)
        assert (render(registry), content_type) == (encode(registry), same)


def test_prometheus_3_is_answered_as_it_asks(world):
    """`Accept` as its scrape/scrape.go writes it; without a type that it knows it takes nothing."""
    asked = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    render, content_type = choose_renderer(asked)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    scrape = Scrape(world, RULES)
    assert render(scrape.registry) == choose_renderer(OPENMETRICS)[0](scrape.registry)


def test_the_newest_checkpoint_is_that_of_the_log_and_not_of_the_process(world):
    look(world, RULES, "aws:1", hour=3)
    scrape = Scrape(world, RULES)
    name = "assay_checkpoint_timestamp_seconds"
    assert scrape.samples(9, name) == [({}, (START + 3 * HOUR + HOUR / 60).timestamp())]


def test_a_rule_is_joined_to_the_controls_of_the_organisation_as_to_the_criteria(world):
    scrape = Scrape(world, RULES, proves=lambda: {"r1": ("access-review",)})
    told = [labels for labels, _ in scrape.samples(0.5, "assay_rule_criterion_info")]
    assert {"rule": "r1", "framework": "soc2", "criterion": "CC6.1"} in told
    assert [each for each in told if each["framework"] == "controls"] == [
        {"rule": "r1", "framework": "controls", "criterion": "access-review"}
    ]


def test_nothing_is_said_of_a_verification_before_there_was_one():
    registry = CollectorRegistry()
    vitals = Vitals(registry)
    render = choose_renderer(TEXT)[0]
    assert "\nassay_log_verified " not in render(registry).decode()
    for value in (0, 1):
        vitals.verified.set(value)
        assert f"\nassay_log_verified {value}.0\n" in render(registry).decode()


def test_the_first_slot_without_a_run_is_a_rise_of_a_counter_that_is_there():
    registry = CollectorRegistry()
    slots = Vitals(registry).slots
    reason = {"reason": "overrun"}
    assert registry.get_sample_value("assay_slots_missed_total", reason) == 0
    slots.missed = {"overrun": 1, "": 2}
    assert registry.get_sample_value("assay_slots_missed_total", reason) == 1
    reason = {"reason": "unexplained"}
    assert registry.get_sample_value("assay_slots_missed_total", reason) == 2
