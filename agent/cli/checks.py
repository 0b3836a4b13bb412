"""`assay checks ...`: what can be looked at; `assay reference` writes that and the rules out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.exits import CommandError
from agent.cli.output import Format, Listing, show, to_cell

app = typer.Typer(help="What can be looked at: list, show.", no_args_is_help=True)
FORM = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]


@app.command("list")
def list_checks(context: typer.Context, form: FORM = Format.TABLE) -> None:
    """List the kinds of resources that can be observed."""
    from agent.config import load_settings
    from agent.pack import load_pack
    from agent.reference.facts import CHECK_COLUMNS, check_row

    pack = load_pack(load_settings(context.obj))
    rows = [check_row(check, pack.rules.values()) for _, check in sorted(pack.checks.items())]
    show(Listing(schema="assay.checks.v1", columns=CHECK_COLUMNS, rows=rows), form)


@app.command("show")
def show_check(
    context: typer.Context,
    check: Annotated[str, typer.Argument(help="The check's name (`aws.s3.bucket`).")],
    form: FORM = Format.TABLE,
) -> None:
    """Show a check: its calls, what it needs, the members that a rule can read, its rules."""
    from agent.config import load_settings
    from agent.pack import load_pack, schema_source
    from agent.reference.facts import check_facts
    from agent.rules.params import suggest

    pack = load_pack(load_settings(context.obj))
    if check not in pack.checks:
        raise CommandError(f"{check}: there is no such check{suggest(check, pack.checks)}")
    one = pack.checks[check]
    facts = check_facts(one, pack.rules.values(), schema_source()(one, pack.checks))
    if form is Format.TABLE:
        sys.stdout.write("\n".join(_lines(facts)) + "\n")
    else:
        show(Listing(schema="assay.check.v1", columns=tuple(facts), rows=[facts]), form)


def write_reference(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write it.")],
) -> None:
    """Write the reference of the checks and rules in force, and their mapping, as Markdown."""
    from agent.config import load_settings
    from agent.controls.load import load_controls
    from agent.pack import load_pack, schema_source
    from agent.reference.families import load_families
    from agent.reference.pages import reference_pages
    from agent.rules.frameworks import load_frameworks

    settings = load_settings(context.obj)
    pack = load_pack(settings)
    schema_of = schema_source()
    schemas = {name: schema_of(check, pack.checks) for name, check in pack.checks.items()}
    frameworks = load_frameworks(
        settings.path(path) / "frameworks" for path in settings.rules_paths
    )
    waiting = {name: each.rule for name, each in pack.waiting.items()}
    controls = load_controls([], frameworks).controls
    rules = {**pack.rules, **waiting}
    pages = reference_pages(
        rules,
        pack.checks,
        schemas,
        frameworks=frameworks,
        controls=controls,
        families=load_families(),
    )
    for name, text in pages.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
    for path in sorted((folder / "reference").rglob("*.md")):
        if path.relative_to(folder).as_posix() not in pages:
            path.unlink()  # of a service that is there no longer
    sys.stdout.write(f"wrote {len(pages)} pages below {folder}\n")


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from (facts["check"], facts["doc"], "")
    names = ("scope", "level", "id", "label", "parent", "volatile", "redact", "source")
    yield from (f"{name:<10}{to_cell(facts[name])}" for name in names if facts[name])
    yield from ("", "calls")
    for each in facts["calls"]:
        absent = f"; none: {', '.join(each['absent'])}" if each["absent"] else ""
        needs = ", ".join(each["needs"])
        yield f"  {each['gives']:<23} {each['call']}  needs {needs}{absent}"
    for each in facts["joins"]:
        yield f"  {each['name']:<23} joined from {each['check']} by {each['by']}"
    yield from ("", "members (? may be left out)")
    for each in facts["fields"]:
        default = facts["defaults"].get(each["path"])
        told = f" = {default}" if default is not None else ""
        values = f"  {' | '.join(each['values'])}" if "values" in each else ""
        yield f"  {each['path']}{'?' if each['optional'] else ''}: {each['type']}{told}{values}"
    yield from ("", "rules", *(f"  {rule}" for rule in facts["read_by"]))
