"""Rules of every quantifier, and what a run of one says of each resource and scope."""

from rule_kit import NOW, TARGET, TRAIL, part_of, resource_of, rule_of

from agent.evaluate import Tally, conclude, evaluate
from agent.model import Outcome

P, F, E, N = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.NOT_APPLICABLE
HERE = "aws:111122223333"
GOOD, BAD, BROKEN = {"Name": "a"}, {"Name": ""}, {}


def example(expect, *resources, **more):
    return {"expect": expect, "resources": list(resources), **more}


EACH = rule_of()
COUNTED = rule_of(
    at_least=2,
    examples=[
        example("pass", GOOD, GOOD),
        example("fail", GOOD, BAD),
        example("error", BROKEN, BROKEN),
    ],
)
ANY = rule_of(
    quantifier="any",
    examples=[example("pass", GOOD, BAD), example("fail", BAD), example("error", BROKEN, BAD)],
)
NONE = rule_of(
    quantifier="none",
    require=None,
    when="resource.Name != ''",
    examples=[example("pass"), example("fail", GOOD), example("error", BROKEN)],
)
TRAILS = [example("pass", GOOD), example("fail", BAD), example("error", BROKEN)]
ANY_A_REGION = rule_of(quantifier="any", per="region", check=TRAIL, message="no", examples=TRAILS)
RULES = {"each": EACH, "at_least": COUNTED, "any": ANY, "none": NONE, "per_region": ANY_A_REGION}


def run(rule, *parts, regions=(), waivers=()):
    """Every finding of a run, by resource."""
    findings, total = [], Tally()
    for part in parts:
        found, tally = evaluate(rule, part, now=NOW, target=TARGET, waivers=waivers)
        findings += found
        total += tally
    findings += conclude(rule, total, now=NOW, target=TARGET, regions=regions, waivers=waivers)
    by_resource = {finding.resource: finding for finding in findings}
    assert len(by_resource) == len(findings), "one finding a rule and resource"
    return by_resource


def outcomes(*args, **more):
    return {name: finding.outcome for name, finding in run(*args, **more).items()}


def buckets(*all_attributes, region="eu-west-1", start=0, gaps=()):
    resources = [resource_of(f"b{start + n}", **one) for n, one in enumerate(all_attributes)]
    return part_of(*resources, region=region, gaps=gaps)
