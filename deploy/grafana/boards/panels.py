"""The few kinds of panel that the boards are made of.

Each says what it shows and how to read it, in which unit, and what an empty answer means: never
that all is well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from boards.frame import SOURCE
from boards.status import code_words, steps

UNKNOWN = "not known"
"""What is shown instead of a number that nobody scraped."""
Thresholds = tuple[Any, ...]


def range_query(expression: str, legend: str, ref: str = "A") -> prometheus.Dataquery:
    """Ask for the time that the board shows."""
    return (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(expression)
        .legend_format(legend)
        .range()
        .ref_id(ref)
    )


def instant_query(expression: str, ref: str = "A") -> prometheus.Dataquery:
    """Ask for the end of the time that the board shows."""
    return (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(expression)
        .format(PromQueryFormat.TABLE)
        .instant()
        .ref_id(ref)
    )


def number(
    title: str,
    doc: str,
    expression: str,
    *,
    width: int,
    unit: str = "short",
    thresholds: Thresholds = ("text",),
    words: Sequence[Any] = (),
    height: int = 4,
    decimals: int | None = None,
    empty: str = UNKNOWN,
) -> stat.Panel:
    """Show one number of now."""
    panel = (
        stat.Panel()
        .title(title)
        .description(doc)
        .datasource(SOURCE)
        .unit(unit)
        .thresholds(steps(*thresholds))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]))
        .mappings(list(words))
        .no_value(empty)
        .with_target(instant_query(expression).format(PromQueryFormat.TIME_SERIES))
        .height(height)
        .span(width)
    )
    return panel if decimals is None else panel.decimals(decimals)


def over_time(
    title: str,
    doc: str,
    queries: Mapping[str, str],
    *,
    width: int,
    unit: str = "short",
    height: int = 8,
    limits: tuple[float, float] | None = None,
    stacked: bool = False,
    colors: Mapping[str, str] | None = None,
    decimals: int | None = None,
) -> timeseries.Panel:
    """Show lines over time: legend -> expression."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(doc)
        .datasource(SOURCE)
        .unit(unit)
        .min(0 if limits is None else limits[0])
        .line_width(1)
        .fill_opacity(60 if stacked else 0)
        .line_interpolation(common.LineInterpolation.STEP_AFTER)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            build_common.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            build_common.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
        .height(height)
        .span(width)
    )
    for ref, (legend, expression) in zip("ABCDEFGH", queries.items(), strict=False):
        panel = panel.with_target(range_query(expression, legend, ref))
    if limits is not None:
        panel = panel.max(limits[1])
    if decimals is not None:
        panel = panel.decimals(decimals)
    if stacked:
        panel = panel.stacking(build_common.StackingConfig().mode(common.StackingMode.NORMAL))
    for name, color in (colors or {}).items():
        panel = panel.override_by_name(
            name, [prop("color", {"mode": "fixed", "fixedColor": color})]
        )
    return panel


def timeline(title: str, doc: str, expression: str, legend: str, *, height: int) -> Any:
    """Show the codes of states over time, a line each."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(doc)
        .datasource(SOURCE)
        .unit("short")
        .mappings(list(code_words()))
        .thresholds(steps("text"))
        .merge_values(True)
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.85)
        .per_page(20)
        .legend(
            build_common.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .with_target(range_query(expression, legend))
        .height(height)
        .span(24)
    )


def prop(name: str, value: Any) -> dashboard.DynamicConfigValue:
    """Set a property of the fields that an override matches."""
    return dashboard.DynamicConfigValue(id_val=name, value=value)
