"""`assay rules ...`: what must be true, shown, tested, linted, begun."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, show

if TYPE_CHECKING:
    from agent.pack import Pack
    from agent.rules.rule import Rule

app = typer.Typer(help="The rules: list, show, test, lint, new.", no_args_is_help=True)
FORM = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]


@app.command("list")
def list_rules(context: typer.Context, form: FORM = Format.TABLE) -> None:
    """List the rules in force."""
    rows = [_row(rule) for rule in _pack(context).rules.values()]
    columns = ("rule", "severity", "every", "check", "soc2", "title")
    show(Listing(schema="assay.rules.v1", columns=columns, rows=rows), form)


@app.command("show")
def show_rule(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    form: FORM = Format.TABLE,
) -> None:
    """Show a rule: what it says, what it reads, what it needs, how to mend what fails."""
    from agent.plan import make_plan

    pack = _pack(context)
    waiting = pack.waiting.get(rule)
    one = waiting.rule if waiting else _find(pack.rules, rule)
    plan = make_plan({one.id: one}, pack.checks)
    facts = {
        **_row(one),
        "criteria": {name: list(ids) for name, ids in one.criteria.items()},
        "params": {
            name: {"value": one.params[name], "default": param.default, "help": param.help}
            for name, param in one.declared.items()
        },
        "when": one.when.source if one.when else "",
        "require": [clause.that.source for clause in one.require],
        "reads": sorted(one.reads),
        "needs": list(plan.permissions),
        "rationale": one.rationale,
        "remediation": one.remediation.text if one.remediation else "",
        **({"waiting": waiting.words} if waiting else {}),
        "file": str(one.path),
        "sha256": one.sha256,
    }
    if form is Format.TABLE:
        _print(facts)
    else:
        show(Listing(schema="assay.rule.v1", columns=tuple(facts), rows=[facts]), form)


@app.command("test")
def try_rules(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders.")] = None,
    form: FORM = Format.TABLE,
) -> int:
    """Judge every example of every rule; without paths, of the rules in force."""
    from agent.rules.examples import outcome_of

    rules = _rules_of(context, paths)
    rows = [
        {
            "rule": rule.id,
            "example": number,
            "expected": str(example.expect),
            "outcome": str(outcome_of(rule, example)),
        }
        for rule in rules.values()
        for number, example in enumerate(rule.examples, start=1)
    ]
    wrong = [row for row in rows if row["expected"] != row["outcome"]]
    if form is Format.TABLE:
        sys.stdout.write(f"{len(rows)} examples of {len(rules)} rules, {len(wrong)} wrong\n")
        rows = wrong
    if rows:
        columns = ("rule", "example", "expected", "outcome")
        show(Listing(schema="assay.examples.v1", columns=columns, rows=rows), form)
    return Exit.FAIL if wrong else Exit.PASS


@app.command("lint")
def lint_rules(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders.")] = None,
    form: FORM = Format.TABLE,
) -> int:
    """Look for what is legal and still wrong."""
    from agent.rules.lint import lint

    rules = _rules_of(context, paths)
    found = lint(rules)
    rows = [
        {
            "severity": str(each.severity),
            "rule": each.rule,
            "file": each.file,
            "line": each.line,
            "message": each.message,
        }
        for each in found
    ]
    empty = f"{len(rules)} rules, nothing found"
    columns = ("severity", "file", "line", "message")
    show(Listing(schema="assay.lint.v1", columns=columns, rows=rows, empty=empty), form)
    return Exit.FAIL if any(row["severity"] == "error" for row in rows) else Exit.PASS


@app.command("new")
def new_rule(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="The id of the rule, and of its file.")],
    check: Annotated[str, typer.Option("--check", help="What it is about (`aws.s3.bucket`).")],
    folder: Annotated[Path, typer.Option("--folder", help="Where to write it.")] = Path(),
) -> None:
    """Write the beginning of a rule, which loads as it is."""
    from agent.config import load_settings
    from agent.pack import schema_source
    from agent.rules.params import suggest
    from agent.rules.scaffold import scaffold
    from checks.load import load_checks

    settings = load_settings(context.obj)
    checks = load_checks([settings.path(path) for path in settings.checks_paths])
    if check not in checks:
        raise CommandError(f"--check {check}: there is no such check{suggest(check, checks)}")
    path = folder / f"{rule}.yaml"
    text = scaffold(rule, checks[check], schema_source()(checks[check], checks))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(f"{path}: exists already") from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
    sys.stdout.write(f"{path}: edit it, then `assay rules test {path}`\n")


def _pack(context: typer.Context) -> Pack:
    from agent.config import load_settings
    from agent.pack import load_pack

    return load_pack(load_settings(context.obj))


def _rules_of(context: typer.Context, paths: list[Path] | None) -> Mapping[str, Rule]:
    if not paths:
        return _pack(context).rules
    from agent.config import load_settings
    from agent.pack import schema_source
    from agent.rules.load import load_rules
    from checks.load import load_checks

    settings = load_settings(context.obj)
    checks = load_checks([settings.path(path) for path in settings.checks_paths])
    return load_rules(paths, checks, schema_source())


def _find(rules: Mapping[str, Rule], name: str) -> Rule:
    from agent.rules.params import suggest

    if name not in rules:
        raise CommandError(f"{name}: there is no such rule in force{suggest(name, rules)}")
    return rules[name]


def _row(rule: Rule) -> dict[str, Any]:
    from agent.duration import to_text

    return {
        "rule": rule.id,
        "severity": str(rule.severity),
        "every": to_text(rule.every),
        "check": rule.check,
        "soc2": list(rule.criteria.get("soc2", ())),
        "title": rule.title,
    }


def _print(facts: dict[str, Any]) -> None:
    lines = [facts["title"], *([facts["waiting"]] if "waiting" in facts else []), ""]
    names = ("rule", "severity", "every", "check", "file", "sha256")
    lines += [f"{name:<12}{facts[name]}" for name in names]
    lines += [f"{name:<20}{', '.join(ids)}" for name, ids in facts["criteria"].items()]
    for name, param in facts["params"].items():
        lines.append(
            f"param {name} = {param['value']} (default {param['default']}): {param['help']}"
        )
    lines += ["", "applies when  " + facts["when"]] if facts["when"] else [""]
    lines += [f"requires      {source}" for source in facts["require"]]
    lines += ["", "reads   " + ", ".join(facts["reads"]), "needs   " + ", ".join(facts["needs"])]
    lines += ["", "Why", facts["rationale"], "", "How to mend it", facts["remediation"]]
    sys.stdout.write("\n".join(lines) + "\n")
