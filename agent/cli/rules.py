"""`assay rules ...`: what must be true, shown, tested, linted, begun."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
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
    from agent.reference.facts import RULE_COLUMNS, rule_row

    rows = [rule_row(rule) for rule in _pack(context).rules.values()]
    show(Listing(schema="assay.rules.v1", columns=RULE_COLUMNS, rows=rows), form)


@app.command("show")
def show_rule(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    form: FORM = Format.TABLE,
) -> None:
    """Show a rule: what it says, what it reads, what it needs, how to mend what fails."""
    from agent.reference.facts import rule_facts

    pack = _pack(context)
    waiting = {name: each.rule for name, each in pack.waiting.items()}
    facts = rule_facts(_find({**pack.rules, **waiting}, rule), pack.checks)
    if rule in waiting:
        facts["waiting"] = pack.waiting[rule].words
    if form is Format.TABLE:
        said = [facts["waiting"], ""] if rule in waiting else []
        sys.stdout.write("\n".join([*said, *_lines(facts)]) + "\n")
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


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from (facts["title"], "")
    names = ("rule", "severity", "every", "check", "control", "owner", "file", "sha256")
    yield from (f"{name:<20}{facts[name]}" for name in names if facts[name])
    yield from (f"{name:<20}{', '.join(ids)}" for name, ids in facts["criteria"].items())
    for name, param in facts["params"].items():
        bounds = "".join(
            f", {bound} {param[bound]}" for bound in ("min", "max", "values") if bound in param
        )
        value = f"{param['value']} (default {param['default']}{bounds})"
        yield f"param {name}: {param['type']} = {value}: {param['help']}"
    yield ""
    if facts["when"]:
        yield f"applies when  {facts['when']}"
    yield from (f"each {name} of {items}" for name, items in facts["each"].items())
    for clause in facts["require"]:
        yield from (f"requires      {clause['that']}", f"  otherwise   {clause['message']}")
    yield from (f"judged        {facts['judged']}", "")
    yield f"reads   {', '.join(facts['reads'])}"
    yield f"calls   {', '.join(each['call'] for each in facts['calls'])}"
    yield f"needs   {', '.join(facts['needs'])}"
    yield from ("", "Why", facts["rationale"], "", "How to mend it", facts["remediation"])
    yield from ("", "Examples")
    for example in facts["examples"]:
        shown = [json.dumps(resource) for resource in example["resources"]]
        more = [
            f"{key}: {json.dumps(example[key])}" for key in ("params", "unseen") if key in example
        ]
        yield f"  {example['expect']:<16}{'; '.join([*(shown or ['no resource']), *more])}"
