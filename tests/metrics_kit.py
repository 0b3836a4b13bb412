"""A store in which many rules on many targets were sealed, and what a scrape of it says."""

from __future__ import annotations

import msgspec
from evidence_world import HOUR, START
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from rule_kit import rule_of

from agent.evidence.slots import Scheduled
from agent.metrics import StoreCollector, choose_renderer

TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PARSERS = {TEXT: parse_text, OPENMETRICS: parse_openmetrics}
OUTCOMES = ("pass", "fail", "error", "waived", "not_applicable")


def named(names, criteria=("CC6.1",), **more):
    """Rules of these names."""
    rule = rule_of(criteria={"soc2": list(criteria)})
    return {name: msgspec.structs.replace(rule, id=name, **more) for name in names}


def plan(world, rules, targets, hour=0):
    """Expect every rule on every target, every hour from `hour` on."""
    every = {name: Scheduled(every=3600, digest="00") for name in rules}
    at = START + hour * HOUR
    world.log.schedule(dict.fromkeys(targets, every), valid_from=at, at=at)


def look(world, rules, target, hour=0, turn=0):
    """Seal a run of a target in which each rule has one of the outcomes in turn."""
    found = {
        (name, "it"): OUTCOMES[(place + turn) % len(OUTCOMES)] for place, name in enumerate(rules)
    }
    world.run(hour, found, rules=tuple(rules), target=target)


class Scrape:
    """Scrapes one collector again and again, at times of its own."""

    def __init__(self, world, rules, **more):
        self.now = START
        self.registry = CollectorRegistry()
        self.registry.register(StoreCollector(world.store, lambda: rules, lambda: self.now, **more))

    def text(self, hour, accept=TEXT):
        self.now = START + hour * HOUR
        return choose_renderer(accept)[0](self.registry)

    def families(self, hour, accept=TEXT):
        return {each.name: each for each in PARSERS[accept](self.text(hour, accept).decode())}

    def samples(self, hour, name):
        """Give the labels and values of the series of a name."""
        return [(each.labels, each.value) for each in self.families(hour)[name].samples]

    def status(self, hour, rule, target):
        """The one status that is 1."""
        ones = [
            labels["status"]
            for labels, value in self.samples(hour, "assay_rule_status")
            if value and (labels["rule"], labels["target"]) == (rule, target)
        ]
        (status,) = ones
        return status
