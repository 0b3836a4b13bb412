"""A report as one HTML file: no script, nothing from elsewhere, and made to be printed on A4.

Text that was observed is escaped by the template engine, everywhere; characters that nobody would
see, or that would turn the text around, are shown by their number instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agent import __version__
from agent.controls.scope import uncovered
from agent.escape import visible
from agent.model import Outcome
from agent.reports import heatmap, wording
from agent.reports.model import HONEST, NOT_AN_OPINION, ControlResult, Report
from agent.reports.readiness import SOC2, assess
from agent.reports.register import lasts
from agent.reports.timeline import to_piece, total

TEMPLATES = Path(__file__).with_name("templates")
SHOWN = 500
"""Rows of one table: of more, the page says how many there are and how to list them all."""
TITLES = {
    "readiness": "SOC 2 readiness",
    "type1": "SOC 2 Type I: state at a date",
    "type2": "SOC 2 Type II: operation through a period",
}


def write_html(report: Report) -> Iterator[str]:
    """Give the page, part by part."""
    template = make_environment(FileSystemLoader(TEMPLATES)).get_template("report.html")
    yield from template.generate(
        report=report,
        title=TITLES[report.kind],
        lines=assess(report) if report.kind == "readiness" else (),
        by_criterion=_by_criterion(report),
        uncovered=_uncovered(report),
        instances=sorted(
            (due for each in report.controls for due in each.dues), key=lambda due: due.due
        ),
        shown=SHOWN,
        version=__version__,
        NOT_AN_OPINION=NOT_AN_OPINION,
        HONEST=HONEST,
        outcomes=tuple(Outcome),
    )


def shown(value: Any) -> Any:
    """Make text visible; what is no text, or markup of our own, stays as it is."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return visible(value) if is_text else value


def when(moment: datetime | None) -> str:
    """Write an instant in UTC to the second; the page says once that all times are UTC."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def day(moment: datetime) -> str:
    """Write `2026-01-31`, with the time when it is not midnight."""
    moment = moment.astimezone(UTC)
    midnight = moment.time() == datetime.min.time()
    return f"{moment:%Y-%m-%d}" if midnight else f"{moment:%Y-%m-%d %H:%M} UTC"


def css_text(text: str) -> Markup:
    """Write a text as a CSS string: all but letters, digits and spaces by their number.

    The space after a number ends it and is no part of the text, even after six digits.
    """
    shown = visible(text).replace("\n", " ")
    escaped = re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):06x} ", shown)
    return Markup(f'"{escaped}"')  # noqa: S704 - nothing is left that could end the string


def blind_time(stretches: Any) -> timedelta:
    """Add up how long nobody could see, what overlaps counted once."""
    return total(to_piece(each.start, each.end) for each in stretches)


def make_environment(loader: BaseLoader) -> Environment:
    """Make the template engine of reports and pages, which escapes whatever it is given."""
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when": when,
        "day": day,
        "css": css_text,
        "lasting": wording.length,
        "percent": wording.percent,
        "heatmap": heatmap.to_svg,
        "daywords": heatmap.in_words,
        "blindtime": blind_time,
        "lasts": lasts,
        "anchor": lambda text: re.sub(r"[^A-Za-z0-9.-]", "-", text),
    }
    return environment


def _by_criterion(report: Report) -> dict[str, list[ControlResult]]:
    return {
        criterion: [
            each for each in report.controls if criterion in each.control.criteria.get(SOC2, ())
        ]
        for criterion in report.criteria
    }


def _uncovered(report: Report) -> list[str]:
    """Say for which part of the period a subservice organisation gives no proof."""
    start = report.start.date()
    end = max(report.end.date(), start + timedelta(days=1))
    return [said for each in report.scope.subservices for said in uncovered(each, start, end)]
