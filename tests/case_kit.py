"""The cases of a cloud, and one rule on a session: from an answer to the finding and its words."""

import pkgutil
from collections.abc import Iterable, Mapping
from contextlib import closing
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from shipped import ROOT

from agent.evaluate import Tally, conclude, evaluate
from agent.model import Finding, Outcome
from agent.plan import make_plan
from agent.rules.rule import Rule
from agent.run import CLOCK
from checks.collect import collect
from checks.files.session import FilesSession, Source
from checks.limits import Limits
from checks.model import Check, Gap, Session


def cases_of(package: ModuleType) -> list[Any]:
    """The cases of every service, in the order of their modules."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    return [case for module in modules for case in module.CASES]


def services_of(cloud: str) -> dict[str, list[str]]:
    """The ids of the rules of each service: a rule's file has its name."""
    services: dict[str, list[str]] = {}
    for path in (ROOT / "rules" / cloud).rglob("*.yaml"):
        services.setdefault(path.parent.name, []).append(path.stem)
    return {service: sorted(services[service]) for service in sorted(services)}


def verify_told_apart(state: str, found: Iterable[Outcome], said: str) -> None:
    """A good resource passes and never fails, a bad one fails, and neither is an error."""
    found = set(found)
    assert (Outcome.PASS if state == "good" else Outcome.FAIL) in found, said
    assert Outcome.ERROR not in found, said
    assert state == "bad" or Outcome.FAIL not in found, said


def findings(
    rule: Rule, session: Session, checks: Mapping[str, Check]
) -> tuple[list[Finding], list[Gap]]:
    """Everything that one run says of one rule, and what it could not list."""
    now, target = CLOCK.now(), session.target
    plan = make_plan({rule.id: rule}, checks)
    found: list[Finding] = []
    gaps: list[Gap] = []
    total = Tally()
    collecting = collect(
        session,
        checks,
        plan.facets,
        clock=CLOCK,
        deadline=600,
        threads=4,
        limits=Limits(tries=1),
    )
    with closing(collecting) as parts:
        for part in parts:
            if part.check == rule.check:
                more, tally = evaluate(rule, part, now=now, target=target)
                found += more
                total += tally
                gaps += part.gaps
    return [*found, *conclude(rule, total, now=now, target=target)], gaps


def outcomes(
    rule: Rule, session: Session, checks: Mapping[str, Check], named: str
) -> tuple[set[Outcome], str]:
    """What is found of what is `named`, and that in words; a listing lost is an error."""
    every, gaps = findings(rule, session, checks)
    found = [finding for finding in every if named.lower() in finding.resource.lower()]
    said = [f"{finding.outcome} {finding.resource}: {finding.message}" for finding in found]
    said += [f"lost: {gap.cause} {gap.code} {gap.call}: {gap.message}" for gap in gaps]
    outcomes = {finding.outcome for finding in found} | ({Outcome.ERROR} if gaps else set())
    return outcomes, "\n".join(said)


def exported(folder: Path, files: Mapping[str, str]) -> FilesSession:
    """The files of a case (`hr.person` -> its text as CSV), as somebody has just exported them."""
    sources = {}
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_text(text)
        sources[name] = Source(path=path)
    return FilesSession(sources, CLOCK.now)
