"""How a state is asked for, and how it is shown: in words, and in a colour beside them."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

COLORS = {
    "pass": "green",
    "not_applicable": "#7d828a",
    "unknown": "purple",
    "error": "orange",
    "fail": "red",
}
WORDS = {
    "pass": "Pass",
    "not_applicable": "Not applicable",
    "unknown": "Unknown",
    "error": "Error",
    "fail": "Fail",
}
CODES = {"not_applicable": 0, "pass": 1, "unknown": 2, "error": 3, "fail": 4}
"""The worst is the highest, as the agent ranks them."""
SEVERITIES = {"critical": "dark-red", "high": "red", "medium": "orange", "low": "blue"}

OF_RULE = "* on (job, instance, rule) group_left (severity, title)"
PAIR = "on (job, instance, rule, target)"


def coded(family: str, matchers: str) -> str:
    """Ask for the code of every state set of a family: one series each, 0 to 4."""
    return " or ".join(
        f'({family}{{{matchers},status="{status}"}} == 1) * {code}'
        for status, code in CODES.items()
    )


def share(family: str, matchers: str, *by: str) -> str:
    """Ask for the share that passes of all that is expected and applies.

    What failed, could not be seen or never ran lowers it.
    """
    total = f"sum by ({', '.join(by)})" if by else "sum"
    return (
        f'{total} ({family}{{{matchers},status="pass"}}) '
        f'/ {total} ({family}{{{matchers},status!="not_applicable"}})'
    )


def code_words() -> list[model.ValueMap]:
    """Show codes as words."""
    return [
        model.ValueMap(
            options={
                str(code): model.ValueMappingResult(
                    text=WORDS[status], color=COLORS[status], index=code
                )
                for status, code in CODES.items()
            }
        )
    ]


def status_words() -> list[model.ValueMap]:
    """Show the values of the label `status` as words."""
    return [_words({name: (WORDS[name], color) for name, color in COLORS.items()})]


def severity_words() -> list[model.ValueMap]:
    """Show severities in their colours."""
    return [_words({name: (name, color) for name, color in SEVERITIES.items()})]


def yes_or_no(yes: str, no: str) -> list[model.ValueMap]:
    """Show 1 and 0 as words, of which the second is bad news."""
    return [_words({"1": (yes, "green"), "0": (no, "red")})]


def _words(words: dict[str, tuple[str, str]]) -> model.ValueMap:
    return model.ValueMap(
        options={
            value: model.ValueMappingResult(text=text, color=color, index=place)
            for place, (value, (text, color)) in enumerate(words.items())
        }
    )


def never() -> list[model.RangeMap]:
    """Show an age that can only come from a time of 0 as a word."""
    century = 20 * 365 * 86400.0
    result = model.ValueMappingResult(text="never", color="purple", index=0)
    return [
        model.RangeMap(
            options=model.DashboardRangeMapOptions(from_val=century, to=1e12, result=result)
        )
    ]


def nothing() -> model.SpecialValueMap:
    """Show a place of a square that has no series: the one does not concern the other."""
    result = model.ValueMappingResult(text="-", color="transparent", index=0)
    match = model.SpecialValueMatch.NULL_AND_NAN
    return model.SpecialValueMap(
        options=model.DashboardSpecialValueMapOptions(match=match, result=result)
    )


def steps(first: str, *more: tuple[float, str]) -> build.ThresholdsConfig:
    """Give thresholds: a colour, and others from values on."""
    return (
        build.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps(
            [
                model.Threshold(value=None, color=first),
                *(model.Threshold(value=value, color=color) for value, color in more),
            ]
        )
    )


SHARE = ("red", (0.9, "orange"), (1.0, "green"))
"""Only all of them is green."""
NONE_IS_GOOD = ("green", (1.0, "red"))
