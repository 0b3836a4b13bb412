"""What is in force: rules, controls, targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from agent.controls.decisions import all_rules
from agent.controls.proof import rules_of
from agent.controls.rows import CONTROL_COLUMNS, control_facts, control_row
from agent.evidence.entry import from_micros
from agent.reference.facts import RULE_COLUMNS, rule_facts, rule_row
from agent.web.api.answers import Form, json_answer, page_answer
from agent.web.api.cursor import read_cursor
from agent.web.api.documents import paged, single
from agent.web.api.forms import among
from agent.web.api.parameters import ControlsAsked, Paged
from agent.web.api.shapes import (
    ControlDetail,
    ControlPage,
    RuleFacts,
    RulePage,
    TargetPage,
)
from agent.web.surfaces import Surfaces

RULES = Form(schema="assay.rules.v1", columns=RULE_COLUMNS, key=(str,))
CONTROLS = Form(schema="assay.controls.v1", columns=CONTROL_COLUMNS, key=(str,))
TARGETS = Form(
    schema="assay.targets.v1",
    columns=("target", "provider", "name", "observed", "rules", "last_run", "finished"),
    key=(str,),
)
Id = Annotated[str, Path(min_length=1, max_length=200, examples=["aws-s3-bucket-versioning"])]


def router(surfaces: Surfaces) -> APIRouter:
    """Build the routes."""
    routes = APIRouter()

    @routes.get("/rules", **paged(RulePage, "List the rules in force.", "rules"))
    def list_rules(request: Request, query: Annotated[Paged, Query()]) -> Response:
        rows = [rule_row(rule) for rule in surfaces.scope().pack.rules.values()]
        return _page(request, query, RULES, rows, "rule")

    @routes.get("/rules/{rule}", **single(RuleFacts, "Show a rule: all that it says.", "rules"))
    def show_rule(request: Request, rule: Id) -> Response:
        pack = surfaces.scope().pack
        if rule not in pack.rules:
            raise HTTPException(404, f"there is no rule {rule} in force")
        facts = rule_facts(pack.rules[rule], pack.checks)
        del facts["file"]  # a path of this machine
        return json_answer(request, facts)

    @routes.get("/controls", **paged(ControlPage, "List the controls.", "controls"))
    def list_controls(request: Request, query: Annotated[ControlsAsked, Query()]) -> Response:
        decisions, rules = surfaces.decisions(), all_rules(surfaces.scope().pack)
        chosen = decisions.controls
        shown = decisions.library.controls if query.everything == "true" else chosen
        rows = [
            control_row(control, rules=len(rules_of(control, rules)), in_scope=name in chosen)
            for name, control in shown.items()
        ]
        return _page(request, query, CONTROLS, rows, "control")

    @routes.get("/controls/{control}", **single(ControlDetail, "Show a control.", "controls"))
    def show_control(request: Request, control: Id) -> Response:
        known = surfaces.decisions().library.controls
        if control not in known:
            raise HTTPException(404, f"there is no control {control}")
        rules = rules_of(known[control], all_rules(surfaces.scope().pack))
        facts = {**control_facts(known[control]), "rules": [rule.id for rule in rules]}
        return json_answer(request, facts)

    @routes.get("/targets", **paged(TargetPage, "List who is, or was, observed.", "targets"))
    def list_targets(request: Request, query: Annotated[Paged, Query()]) -> Response:
        return _page(request, query, TARGETS, _targets(surfaces), "target")

    return routes


def _page(
    request: Request, query: Paged, form: Form, rows: list[dict[str, Any]], name: str
) -> Response:
    after = read_cursor(request.url.path, query, form.key)
    return page_answer(request, query, form, among(rows, name)(after, query.limit))


def _targets(surfaces: Surfaces) -> list[dict[str, Any]]:
    scope = surfaces.scope()
    with surfaces.store.reading() as view:
        names = view.names()
        last = {names[number]: view.last_run(number) for number in view.targets()}
    return [
        {**_told(label, scope.targets), **_ran(last.get(label))}
        | {"rules": len(scope.rules_of(label)) if label in scope.targets else 0}
        for label in sorted(scope.targets.keys() | last.keys())
    ]


def _told(label: str, observed: Mapping[str, Any]) -> dict[str, Any]:
    target = observed[label].target if label in observed else None
    return {
        "target": label,
        "provider": label.partition(":")[0],
        "name": target.name if target else "",
        "observed": target is not None,
    }


def _ran(row: Any) -> dict[str, Any]:
    return {
        "last_run": int(row[1]) if row else None,
        "finished": from_micros(row[5]) if row else None,
    }
