"""The tables: series of now as rows, or in a square."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import common, dashboard
from msgspec import Struct

from boards.frame import SOURCE
from boards.panels import UNKNOWN, Thresholds, instant_query, prop
from boards.status import nothing, steps


class Column(Struct, frozen=True, kw_only=True):
    """A column of a table."""

    title: str
    width: int | None = None
    unit: str = ""
    words: Sequence[Any] = ()
    """Mappings of values to words and colours."""
    thresholds: Thresholds = ()
    link: str = ""
    """Where a value leads; `${__value.text}` is the value."""


def listing(
    title: str,
    doc: str,
    expressions: Sequence[str],
    columns: Mapping[str, Column],
    *,
    width: int,
    height: int = 9,
    sort: str = "",
    descending: bool = False,
    link: tuple[str, str] | None = None,
    empty: str = UNKNOWN,
) -> table.Panel:
    """Show series of now as rows; `columns` are labels, and `Value` or `Value #A`, in their order.

    Several expressions are merged by the labels that they share; `link` is a title and an address.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(doc)
        .datasource(SOURCE)
        .unit("short")
        .no_value(empty)
        .cell_height(common.TableCellHeight.SM)
        .height(height)
        .span(width)
    )
    for ref, expression in zip("ABCDEFGH", expressions, strict=False):
        panel = panel.with_target(instant_query(expression, ref))
    if len(expressions) > 1:
        panel = panel.with_transformation(
            dashboard.DataTransformerConfig(id_val="merge", options={})
        )
    refs = [f"Value #{ref}" for ref, _ in zip("ABCDEFGH", expressions, strict=False)]
    hidden = {"Time", *(refs if len(refs) > 1 else ("Value",))} - columns.keys()
    panel = panel.with_transformation(_arranged(columns, hidden))
    for column in columns.values():
        panel = panel.override_by_name(column.title, _looks(column))
    if link:
        title, url = link
        panel = panel.links([build.DashboardLink(title).url(url).target_blank(True)])
    if sort:
        panel = panel.sort_by(
            [build_common.TableSortByFieldState().display_name(sort).desc(descending)]
        )
    return panel


def matrix(
    title: str,
    doc: str,
    expression: str,
    rows: tuple[str, str],
    across: str,
    *,
    width: int,
    height: int = 9,
    unit: str = "short",
    words: Sequence[Any] = (),
    thresholds: Thresholds = ("text",),
    order: Sequence[str] = (),
) -> table.Panel:
    """Show series of now in a square: `rows` is a label and its title, `across` another label.

    `order` are values of the second, in the order of their columns.
    """
    label, heading = rows
    corner = f"{label}\\{across}"  # what Grafana calls the first column
    return (
        table.Panel()
        .title(title)
        .description(doc)
        .datasource(SOURCE)
        .unit(unit)
        .decimals(0)
        .no_value(UNKNOWN)
        .mappings([nothing(), *words])
        .min_width(90)
        .thresholds(steps(*thresholds))
        .cell_height(common.TableCellHeight.SM)
        .with_target(instant_query(expression))
        .with_transformation(
            dashboard.DataTransformerConfig(
                id_val="groupingToMatrix",
                options={
                    "columnField": across,
                    "emptyValue": "null",
                    "rowField": label,
                    "valueField": "Value",
                },
            )
        )
        .with_transformation(
            dashboard.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {},
                    "indexByName": {name: at for at, name in enumerate((corner, *order))},
                    "renameByName": {corner: heading},
                },
            )
        )
        .cell_options(
            common.TableColoredBackgroundCellOptions(
                mode=common.TableCellBackgroundDisplayMode.BASIC
            )
        )
        .override_by_name(
            heading,
            [
                prop("custom.cellOptions", {"type": "auto"}),
                prop("custom.width", 190),
                prop("mappings", []),
            ],
        )
        .height(height)
        .span(width)
    )


def _arranged(
    columns: Mapping[str, Column], hidden: Collection[str]
) -> dashboard.DataTransformerConfig:
    return dashboard.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": dict.fromkeys(sorted(hidden), True),
            "indexByName": {label: place for place, label in enumerate(columns)},
            "renameByName": {label: column.title for label, column in columns.items()},
        },
    )


def _looks(column: Column) -> list[dashboard.DynamicConfigValue]:
    found = []
    if column.width:
        found.append(prop("custom.width", column.width))
    if column.unit:
        found.append(prop("unit", column.unit))
    if column.words:
        found.append(prop("mappings", list(column.words)))
    if column.thresholds:
        found.append(prop("thresholds", steps(*column.thresholds).build()))
    if column.words or column.thresholds:
        found.append(prop("custom.cellOptions", {"type": "color-text"}))
    if column.link:
        link = {"title": "Open in Assay", "url": column.link, "targetBlank": True}
        found.append(prop("links", [link]))
    return found
