"""What is wrong with a dashboard: by its text alone, and by what a Prometheus answers to it.

The first half are the rules of grafana/dashboard-linter and a few of ours; that program is written
in Go and not packaged. Every mistake is one line that names the panel.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse

import promql_parser
from prometheus_kit import OPENER

BUILT_IN = {"__rate_interval": "4s", "__range": "1h"}
"""What Grafana fills in, as a Prometheus that scrapes every second needs it."""
CHOSEN = {"job": "assay"}
"""What is chosen of variables; of the others everything is."""
NAMED = re.compile(r"\$\{?([A-Za-z_]\w*)(?::\w+)?\}?")
VALUES = re.compile(r"label_values\((.+), ?(\w+)\)")
LEGEND = re.compile(r"{{\s*(\w+)\s*}}")
RUNBOOK = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
SELDOM = ("assay_run_", "assay_slots_", "assay_anchor_", "assay_webhook_")
"""What happens once an hour or less, and is counted over six."""
RATES = {"rate", "increase", "irate"}
WITH_UNIT = {"stat", "timeseries", "table", "state-timeline"}


def panels(board):
    """Give the panels without the rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def filled(expression, chosen=CHOSEN):
    """Fill in the variables as Grafana does."""
    return NAMED.sub(lambda found: {**BUILT_IN, **chosen}.get(found[1], ".+"), expression)


def variable_query(variable):
    return variable["query"]["query"]


def nodes(tree):
    """Give every part of a parsed expression, with the functions around it."""
    found = [(tree, ())]
    while found:
        node, around = found.pop()
        yield node, around
        if isinstance(node, promql_parser.Call):
            around = (*around, node.func.name)
        inner = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector")]
        parts = (*inner, *getattr(node, "args", ()))
        found += [(each, around) for each in parts if isinstance(each, promql_parser.Expr)]


def selectors(expression):
    """Give (name, labels that are matched, functions around) of every series that is read."""
    for node, around in nodes(promql_parser.parse(filled(expression))):
        if isinstance(node, promql_parser.VectorSelector):
            yield node.name, {each.name for each in node.matchers.matchers}, around


def metrics_of(board):
    """Name the metrics that a board reads."""
    asked = [target["expr"] for panel in panels(board) for target in panel["targets"]]
    asked += [
        VALUES.fullmatch(variable_query(each))[1]
        for each in board["templating"]["list"]
        if each["type"] == "query"
    ]
    return {name for expression in asked for name, *_ in selectors(expression)}


def written_faults(board, runbooks):
    """Say what is wrong with a board's text."""
    yield from _faults_of_variables(board)
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) < len(ids):
        yield "two panels have one id"
    for panel in panels(board):
        for fault in (
            *_faults_of_panel(panel, runbooks),
            *(each for target in panel["targets"] for each in _faults_of_query(target)),
        ):
            yield f"{panel['title']}: {fault}"
    yield from _faults_of_places(board)


def _faults_of_variables(board):
    variables = {each["name"]: each for each in board["templating"]["list"]}
    text = str([board["panels"], board["links"], list(map(str, variables.values()))])
    used = set(NAMED.findall(text))
    for name in used - variables.keys() - BUILT_IN.keys() - {"__value", "__all"}:
        yield f"variable ${name} does not exist"
    for name in variables.keys() - used:
        yield f"variable ${name} is not used"
    if variables["datasource"]["type"] != "datasource":
        yield "the source is not a variable"
    for name, each in variables.items():
        if each["type"] == "query" and each["refresh"] != 2:
            yield f"variable ${name} is not read again when the time changes"


def _faults_of_panel(panel, runbooks):
    for part in ("title", "description"):
        if not panel.get(part):
            yield f"has no {part}"
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] in WITH_UNIT and not defaults.get("unit"):
        yield "has no unit"
    if panel["type"] in {"stat", "table"} and not defaults.get("noValue"):
        yield "does not say what an empty answer means"
    if panel["type"] == "timeseries" and not all(t.get("legendFormat") for t in panel["targets"]):
        yield "has a line without a legend"
    for each in (panel, *panel["targets"]):
        if each["datasource"]["uid"] != "${datasource}":
            yield "asks a source of its own"
    for name in set(RUNBOOK.findall(panel.get("description", ""))) - runbooks:
        yield f"there is no runbook {name}"


def _faults_of_query(target):
    asked = target["expr"]
    try:
        read = list(selectors(asked))
    except ValueError as error:
        yield f"{error}: {asked}"
        return
    for name, labels, around in read:
        if "job" not in labels:
            yield f"{name} is asked of every job"
        if RATES.intersection(around):
            seldom = "[6h]" in asked and name.startswith(SELDOM)
            if not seldom and "$__rate_interval" not in asked and "$__range" not in asked:
                yield f"the rate of {name} is over a fixed time"
            if not name.endswith(("_total", "_count", "_sum", "_bucket")):
                yield f"{name} is no counter, and its rate is asked for"


def _faults_of_places(board):
    taken = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']}: is wider than the 24 columns"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if taken.setdefault((x, y), panel["id"]) != panel["id"]:
                    yield f"{panel['title']}: lies on another panel"
                    return


def answered_faults(board, prometheus, chosen=CHOSEN):
    """Execute every query and variable of a board, and say what is wrong with the answers."""
    for panel in panels(board):
        there = {"Time"}
        for target in panel["targets"]:
            expression = filled(target["expr"], chosen)
            found = _answer(prometheus, expression, instant=target["instant"])
            there |= _columns(panel, target, found)
            for fault in _faults_of_answer(target, expression, found):
                yield f"{panel['title']}: {fault}"
        for name in sorted(_arranged(panel) - there):
            yield f"{panel['title']}: no answer has the column {name}"
        for name in sorted(there - _arranged(panel)):
            if panel["type"] == "table":
                yield f"{panel['title']}: the column {name} is not arranged"
    for each in board["templating"]["list"]:
        if each["type"] == "query":
            series, label = VALUES.fullmatch(variable_query(each)).groups()
            found = prometheus.api("series", **{"match[]": filled(series, chosen)})
            if not any(label in labels for labels in found):
                yield f"variable ${each['name']}: has no values"


def _answer(prometheus, expression, *, instant):
    """Give what Prometheus answers, `data` or `error`, over the last seconds or of now."""
    end = time.time()
    words = {} if instant else {"start": end - 20, "end": end, "step": 1}
    path = "query" if instant else "query_range"
    asked = urllib.parse.urlencode({"query": expression, **words})
    try:
        with OPENER.open(f"{prometheus.url}/api/v1/{path}?{asked}", timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def _columns(panel, target, found):
    """Name the columns that an answer gives to a table."""
    result = found.get("data", {}).get("result", ())
    value = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
    return {value, *(label for each in result for label in each["metric"])}


def _arranged(panel):
    """Name the columns that a table arranges, or makes its square of."""
    steps = {step["id"]: step["options"] for step in panel.get("transformations", [])}
    if square := steps.get("groupingToMatrix"):
        return {"Time", *(square[part] for part in ("columnField", "rowField", "valueField"))}
    arranged = steps.get("organize", {})
    return {*arranged.get("indexByName", ()), *arranged.get("excludeByName", ())}


def _faults_of_answer(target, expression, found):
    if "error" in found:
        yield f"{found['error']}: {expression}"
        return
    found = found["data"]
    if not found["result"]:
        yield f"no data: {expression}"
        return
    labels = set.intersection(*(set(each["metric"]) for each in found["result"]))
    for label in LEGEND.findall(target.get("legendFormat") or ""):
        if label not in labels:
            yield f"no {label} for the legend in {sorted(labels)}"
