"""Too many series are reduced step by step, in the documented order, and loudly."""

import re

import pytest
from evidence_world import open_world
from metrics_kit import OPENMETRICS, Scrape, look, named, plan
from prometheus_client.exposition import choose_encoder
from rule_kit import ROOT

from agent.metrics import budget
from agent.metrics.budget import STEPS

RULES = named(("r1", "r2", "r3", "r4", "r5"), criteria=("CC6.1", "CC6.2"))
TARGETS = ("aws:1", "aws:2")
WIDE = (
    "assay_rule_status",
    "assay_rule_findings",
    "assay_control_status",
    "assay_rule_last_evaluation_timestamp_seconds",
)
ALL = 10 * (5 + 5 + 1) + 4 * 5
"""Ten pairs, two criteria on two targets."""


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as world:
        plan(world, RULES, TARGETS)
        look(world, RULES, "aws:1")
        yield world


def told(scrape):
    families = scrape.families(0.5)
    return sum(len(families[name].samples) for name in WIDE if name in families)


def reduced(scrape):
    return [labels["step"] for labels, on in scrape.samples(0.5, "assay_series_reduced") if on]


def test_within_the_budget_nothing_is_left_out(world, caplog):
    scrape = Scrape(world, RULES, budget=ALL)
    assert (told(scrape), reduced(scrape), caplog.text) == (ALL, [], "")


@pytest.mark.parametrize(
    ("allowed", "steps"),
    [(85, 1), (84, 2), (73, 2), (72, 3), (59, 3), (58, 4), (54, 4), (53, 5), (1, 5)],
)
def test_each_step_is_taken_only_when_the_one_before_does_not_suffice(world, allowed, steps):
    """5 findings are not 0; the criteria have (fail 1 + pass 0) and (unknown 1 + pass 0)."""
    scrape = Scrape(world, RULES, budget=allowed)
    assert reduced(scrape) == [*STEPS[:steps]]
    assert told(scrape) <= max(allowed, 46)
    for name, value in (("told", told(scrape)), ("wanted", ALL), ("budget", allowed)):
        assert scrape.samples(0.5, f"assay_series_{name}") == [({}, value)]
    for accept in ("", OPENMETRICS):
        assert scrape.text(0.5, accept) == choose_encoder(accept)[0](scrape.registry)


def test_a_pair_keeps_its_state_and_the_zeros_that_alerts_wait_for(world):
    scrape = Scrape(world, RULES, budget=1)
    found = {}
    for labels, value in scrape.samples(0.5, "assay_rule_status"):
        found.setdefault((labels["rule"], labels["target"]), {})[labels["status"]] = value
    for index, states in enumerate(found.values()):
        assert states.keys() >= {"fail", "error", "pass"}, index
        assert sum(states.values()) == 1.0
    assert len(found) == 10
    assert found["r5", "aws:1"]["not_applicable"] == found["r5", "aws:2"]["unknown"] == 1.0


def test_it_is_said_when_it_begins_and_when_it_is_over_and_not_between(world, caplog):
    scrape = Scrape(world, RULES, budget=ALL - 1)
    for _ in range(2):
        scrape.text(0.5)
    (said,) = re.findall("would have .*", caplog.text)
    assert said.startswith(f"would have {ALL} series, http.series_budget allows {ALL - 1}; ")
    assert said.endswith("; reduced to 85 by: zero_findings")
    plan(world, RULES, TARGETS[:1], hour=1)
    library = choose_encoder("")[0]
    assert scrape.text(1.01) == library(scrape.registry)
    assert "fit http.series_budget again" in caplog.text


def test_the_order_is_the_documented_one():
    assert tuple(re.findall(r"^\d\. `(\w+)`", budget.__doc__, re.MULTILINE)) == STEPS
    page = (ROOT / "docs/metrics.md").read_text().partition("## How many series")[2]
    assert tuple(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == STEPS
