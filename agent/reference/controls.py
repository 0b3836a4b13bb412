"""The page of the shipped controls: what each says, whom it serves, what proves it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.controls.model import Control
from agent.duration import to_text
from agent.reference.markdown import WRITTEN, codes, prose
from agent.rules.lint import SOC2

SHORT = {"half_yearly": "half-yearly", "event": "at each event"}


def controls_page(controls: Mapping[str, Control]) -> str:
    """Write the page, a heading a control, subject by subject as the files have them."""
    counts = Counter(control.manual is not None for control in controls.values())
    criteria = {each for control in controls.values() for each in control.criteria.get(SOC2, ())}
    lines = [WRITTEN, "", "# The library of controls", ""]
    said = f"{len(controls)} controls that serve {len(criteria)} criteria of SOC 2"
    said += f"; {counts[True]} have a part that people perform."
    lines += [f"{said} `docs/controls.md` says how to use and change them."]
    subject = ""
    for control in controls.values():
        if Path(control.source).stem != subject:
            subject = Path(control.source).stem
            lines += ["", f"## {subject.title()}"]
        lines += _control(control)
    return "\n".join(lines) + "\n"


def _control(control: Control) -> Iterator[str]:
    served = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in control.criteria.items())
    yield from ("", f"### {control.id}", "", prose(control.title), "")
    yield f"- serves {served}"
    yield f"- owner: {prose(control.owner)}"
    if control.rules:
        without = f", without {codes(control.without)}" if control.without else ""
        yield f"- rules: {codes(control.rules)}{without}"
    manual = control.manual
    if manual is not None:
        cadence = SHORT.get(manual.cadence, str(manual.cadence))
        yield f"- people, {cadence}, within {to_text(manual.grace)}: {prose(manual.task)}"
        yield f"- attach: {'; '.join(map(prose, manual.attach))}"
        yield f"- performed by {prose(manual.performer)}, reviewed by {prose(manual.reviewer)}"
        if manual.population:
            yield f"- events: {prose(manual.population)}"
