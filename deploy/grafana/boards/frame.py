"""What all boards have in common: the source, the variables, the links, and their text.

A board has an id of its own, so that links to it survive an import; a source has none here: the
reader chooses it (`$datasource`).
"""

from __future__ import annotations

import json

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "assay"
PAGES = "http://127.0.0.1:9464"
"""Where the agent's own pages are unless the reader says another place (`$pages`)."""
_CHOSEN_RULES = 'job=~"$job",provider=~"$provider",severity=~"$severity"'
QUERIES = {
    "job": ("Job", "label_values(assay_build_info, job)"),
    "framework": ("Framework", 'label_values(assay_control_status{job=~"$job"}, framework)'),
    "criterion": (
        "Criterion or control",
        'label_values(assay_control_status{job=~"$job",framework=~"$framework"}, criterion)',
    ),
    "provider": ("Cloud", 'label_values(assay_targets_expected{job=~"$job"}, provider)'),
    "target": (
        "Target",
        'label_values(assay_rule_status{job=~"$job",target=~"$provider:.+"}, target)',
    ),
    "severity": (
        "Severity",
        'label_values(assay_rule_info{job=~"$job",provider=~"$provider"}, severity)',
    ),
    "rule": ("Rule", f"label_values(assay_rule_info{{{_CHOSEN_RULES}}}, rule)"),
}
"""Variable -> its name for people, and where its values come from."""


def frame(name: str, title: str, doc: str, *variables: str, single: str = "") -> build.Dashboard:
    """Give an empty board with these variables of `QUERIES`; of `single` one value is chosen."""
    board = (
        build.Dashboard(f"Assay / {title}")
        .uid(f"assay-{name}")
        .description(doc)
        .tags([TAG])
        .readonly()
        .refresh("1m")
        .time("now-7d", "now")
        .timezone("utc")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(build.DatasourceVariable("datasource").label("Source").type("prometheus"))
    )
    for each in ("job", *variables):
        board = board.with_variable(_choice(each, several=each != single))
    return (
        board.with_variable(
            build.TextBoxVariable("pages")
            .label("Pages of the agent")
            .description("Where links to a rule or a control lead.")
            .default_value(PAGES)
        )
        .link(
            build.DashboardLink("Boards")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
            .icon("external link")
        )
        .link(
            build.DashboardLink("Pages of the agent")
            .type(model.DashboardLinkType.LINK)
            .url("${pages}/")
            .target_blank(True)
            .icon("external link")
        )
    )


def _choice(name: str, *, several: bool) -> build.QueryVariable:
    label, query = QUERIES[name]
    choice = (
        build.QueryVariable(name)
        .label(label)
        .query({"query": query, "refId": name})
        .datasource(SOURCE)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(several)
        .include_all(several)
    )
    if not several:
        return choice
    choice = choice.current(model.VariableOption(selected=True, text="All", value="$__all"))
    if name == "job":  # all that have an agent, and not all that Prometheus knows
        return choice
    return choice.all_value(".+")  # every name that there is would be many kilobytes


def to_text(board: build.Dashboard) -> str:
    """Write a board as the JSON that Grafana imports, the same every time."""
    made = board.build()
    for number, panel in enumerate(made.panels or [], 1):
        panel.id_val = number
    return json.dumps(made, cls=JSONEncoder, indent=1, sort_keys=True) + "\n"
