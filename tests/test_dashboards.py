"""The dashboards are what their code makes, and their text is without mistakes."""

import copy
import json
import re
import sys

import pytest
import yaml
from board_checks import metrics_of, panels, written_faults
from prometheus_kit import ROOT, RULES

from agent.web.pages.routes import VIEWS

GRAFANA = ROOT / "deploy/grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
RUNBOOKS = {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")}
sys.path.insert(0, str(GRAFANA))

from boards import BOARDS  # noqa: E402 - a program beside its dashboards, not a package of ours
from boards.frame import to_text  # noqa: E402 - as above

EVERY = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read(name):
    return json.loads((GRAFANA / f"dashboards/{name}.json").read_text())


def faults(board):
    return list(written_faults(board, RUNBOOKS))


def test_what_is_committed_is_what_the_code_makes():
    assert {file.stem for file in FILES} == {*BOARDS}
    for name, make in BOARDS.items():
        text = (GRAFANA / f"dashboards/{name}.json").read_text()
        assert text == to_text(make()), f"{name}: run `make dashboards`"


@EVERY
def test_the_text_of_a_board_is_without_mistakes(file):
    assert faults(json.loads(file.read_text())) == []


def test_boards_are_told_apart_and_find_each_other():
    boards = [json.loads(file.read_text()) for file in FILES]
    for part in ("uid", "title"):
        assert len({board[part] for board in boards}) == len(boards)
    assert {board["schemaVersion"] for board in boards} == {41}
    for board in boards:
        (link,) = [each for each in board["links"] if each["type"] == "dashboards"]
        assert {*link["tags"]} <= {*board["tags"]}


def change_panel(change):
    """Give the overview with its first panel changed."""
    board = copy.deepcopy(read("overview"))
    change(panels(board)[0])
    return board


def ask(expression):
    return lambda panel: panel["targets"][0].update(expr=expression)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (ask('sum(up{job=~"$job"'), "unexpected end of input"),
        (ask('sum(up{job=~"$jobs"})'), "variable $jobs does not exist"),
        (ask("sum(assay_rule_status)"), "assay_rule_status is asked of every job"),
        (ask('rate(assay_seal_failures_total{job=~"$job"}[5m])'), "is over a fixed time"),
        (ask('rate(assay_log_size{job=~"$job"}[$__rate_interval])'), "is no counter"),
        (lambda panel: panel["fieldConfig"]["defaults"].pop("unit"), "has no unit"),
        (lambda panel: panel["fieldConfig"]["defaults"].pop("noValue"), "an empty answer"),
        (lambda panel: panel.update(description=""), "has no description"),
        (lambda panel: panel.update(description="See GoneRunbook."), "no runbook GoneRunbook"),
        (lambda panel: panel["datasource"].update(uid="abc"), "a source of its own"),
        (lambda panel: panel["gridPos"].update(w=25), "wider than the 24 columns"),
        (lambda panel: panel["gridPos"].update(w=9), "lies on another panel"),
        (lambda panel: panel.update(id=3), "two panels have one id"),
    ],
)
def test_a_mistake_in_the_text_is_found(change, fault):
    assert any(fault in each for each in faults(change_panel(change)))


def test_a_variable_that_nobody_uses_or_that_goes_stale_is_found():
    board = read("agent")
    more = {"name": "spare", "type": "query", "refresh": 1, "query": {"query": "label_values(a,b)"}}
    board["templating"]["list"].append(more)
    assert faults(board) == [
        "variable $spare is not used",
        "variable $spare is not read again when the time changes",
    ]


def test_a_share_divides_by_all_that_is_expected_and_applies():
    """What could not be seen lowers every share of passing."""
    shares = [
        target["expr"]
        for file in FILES
        for panel in panels(json.loads(file.read_text()))
        for target in panel["targets"]
        if panel["fieldConfig"]["defaults"].get("unit") == "percentunit"
        and "_status{" in target["expr"]
    ]
    assert len(shares) >= 5
    for share in shares:
        above, below = share.split(" / ")
        assert 'status="pass"' in above
        assert 'status!="not_applicable"' in below


def test_grafana_is_told_where_its_source_and_the_boards_are():
    folder = GRAFANA / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    assert (source["type"], source["access"]) == ("prometheus", "proxy")
    assert "uid" not in source
    (provider,) = yaml.safe_load((folder / "dashboards/assay.yaml").read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False


def test_who_is_woken_by_an_alert_finds_its_number_on_a_board():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    alerts = str([rule["expr"] for group in groups for rule in group["rules"]])
    woken_by = set(re.findall(r"(?<![:\w])assay_\w+", alerts)) - {"assay_rule_max_age_seconds"}
    shown = set().union(*(metrics_of(json.loads(file.read_text())) for file in FILES))
    assert woken_by - shown == set()


def test_a_link_leads_to_a_page_that_there_is():
    pages = {path for path, _ in VIEWS}
    for file in FILES:
        for link in set(re.findall(r"\$\{pages\}(/[^\"?]*)", file.read_text())):
            assert re.sub(r"\$\{__value.text\}", "{id}", link) in pages
        for name in set(re.findall(r"\"url\": \"/d/([\w-]+)", file.read_text())):
            assert name in {f"assay-{each}" for each in BOARDS}
