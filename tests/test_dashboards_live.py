"""Every query of every dashboard is executed on a real Prometheus, and finds what it shows."""

import copy
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from board_checks import CHOSEN, answered_faults, metrics_of, panels
from board_kit import TARGETS, Exposed, drifting
from prometheus_kit import ROOT, Prometheus, needs_prometheus, until

FILES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
ONE = {"target": {**CHOSEN, "target": TARGETS[0]}}
"""Board -> what is chosen on it, where one thing must be."""
HOURS = 12

pytestmark = needs_prometheus


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, once):
    """A Prometheus that has scraped three drifting clouds for some seconds."""
    once("dashboards")
    folder = tmp_path_factory.mktemp("boards")
    now = datetime.now(UTC)
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
    stop = threading.Event()
    with drifting(folder, start) as drift:
        for hour in range(1, HOURS + 1):
            slot = start + timedelta(hours=hour)
            drift.turn(min(slot + timedelta(seconds=30), now), slot=slot)

        def live():
            while not stop.wait(1):
                drift.turn(datetime.now(UTC))

        with Exposed(drift.registry) as agent, Prometheus(folder, agent) as scraper:
            drift.turn(datetime.now(UTC))
            living = threading.Thread(target=live)
            living.start()
            try:
                until(lambda: scraper.ask('count_over_time(up{job="assay"}[30s]) > 5'), 90)
                yield scraper
            finally:
                stop.set()
                living.join(timeout=30)


def read(name):
    return json.loads((ROOT / f"deploy/grafana/dashboards/{name}.json").read_text())


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_every_query_finds_what_its_panel_shows(prometheus, name):
    assert list(answered_faults(read(name), prometheus, ONE.get(name, CHOSEN))) == []


def test_every_metric_that_is_read_is_there(prometheus):
    known = set(prometheus.api("label/__name__/values"))
    for file in FILES:
        assert metrics_of(json.loads(file.read_text())) - known == set(), file.stem


@pytest.mark.parametrize(
    ("title", "change", "fault"),
    [
        ("Runs", {"expr": 'sum(assay_runs{job=~"$job"})'}, "no data"),
        ("Runs", {"expr": 'sum(up{job=~"$job"}'}, "parse error"),
        ("Runs", {"legendFormat": "{{cloud}}"}, "no cloud for the legend"),
        ("Runs", {"expr": "up * on () group_left () assay_rule_info"}, "matching"),
    ],
    ids=[
        "a metric that is not there",
        "no query",
        "a label that is not there",
        "a join that fails",
    ],
)
def test_a_mistake_in_a_query_is_found(prometheus, title, change, fault):
    board = copy.deepcopy(read("agent"))
    (panel,) = [each for each in panels(board) if each["title"] == title]
    panel["targets"][0].update(change)
    (found,) = answered_faults(board, prometheus)
    assert fault in found


def test_a_column_that_no_answer_has_or_that_nobody_arranged_is_found(prometheus):
    board = read("overview")
    (panel,) = [each for each in panels(board) if each["title"] == "What fails now"]
    columns = panel["transformations"][-1]["options"]["indexByName"]
    columns["owner"] = columns.pop("severity")
    assert [*answered_faults(board, prometheus)] == [
        "What fails now: no answer has the column owner",
        "What fails now: the column severity is not arranged",
    ]
