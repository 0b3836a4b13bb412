"""A rule that loads cannot be wrong; a wrong one is refused in one line with its place."""

from pathlib import Path

import pytest
from shipped import CHECKS
from work_kit import calls_of

from agent.cel import Program
from agent.model import Outcome, Severity
from agent.rules.load import RuleError, load_rules, read_rule
from agent.rules.rule import Per, Quantifier
from agent.rules.scaffold import scaffold
from checks.schema import schema_of

ROOT = Path(__file__).parents[1]
BAD = sorted((Path(__file__).parent / "data" / "rules_bad").glob("*.yaml"))

GOOD = """\
id: a-rule
title: Trails record everywhere
check: aws.cloudtrail.trail
severity: high
every: 90m
criteria: {soc2: [CC7.2]}
params:
  names: {type: list(string), default: [audit], help: which ones}
  age: {type: duration, default: 7d, min: 1d, max: 30d}
quantifier: any
per: region
deviation: {within: 3d}
control: logs
owner: platform
when: resource.Name in params.names
require: resource.IsMultiRegionTrail
message: "{{resource.Name}} does not"
remediation: Record in {{resource.HomeRegion}} too.
examples:
  - {expect: pass, resource: {Name: audit, IsMultiRegionTrail: true}}
  - {expect: fail, resource: {Name: audit, IsMultiRegionTrail: false}}
  - {expect: error, resource: {Name: audit}}
"""


def read(text, name="a-rule.yaml"):
    return read_rule(text.encode(), Path(name), CHECKS, schema_of)


@pytest.mark.parametrize("file", BAD, ids=[file.stem for file in BAD])
def test_a_mistake_is_told_in_one_line_with_its_place(file):
    expected = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    with pytest.raises(RuleError) as caught:
        load_rules([file], CHECKS, schema_of)
    assert str(caught.value) == f"{file}:{expected}"
    assert "\n" not in str(caught.value)


def test_a_rule_is_read_whole():
    rule = read(GOOD)
    assert (rule.id, rule.check, rule.severity) == ("a-rule", "aws.cloudtrail.trail", Severity.HIGH)
    assert rule.every.total_seconds() == 5400
    assert rule.criteria == {"soc2": ("CC7.2",)}
    assert rule.params["names"] == ["audit"]
    assert rule.params["age"].days == 7
    assert rule.declared["age"].max.days == 30
    assert (rule.quantifier, rule.per) == (Quantifier.ANY, Per.REGION)
    assert rule.deviation is not None
    assert rule.deviation.days == 3
    assert (rule.control, rule.owner, rule.provider) == ("logs", "platform", "aws")
    assert rule.line_of["require"] == 16
    assert [example.expect for example in rule.examples] == [
        Outcome.PASS,
        Outcome.FAIL,
        Outcome.ERROR,
    ]


def test_what_a_rule_reads_is_known_and_a_remedy_decides_nothing():
    rule = read(GOOD)
    assert rule.reads == {"resource.Name", "resource.IsMultiRegionTrail", "params.names"}
    assert rule.keep({"Name": "a", "HomeRegion": "b", "S3BucketName": "c"}) == {"Name": "a"}
    assert rule.keep_params == {"names": ["audit"]}


@pytest.mark.parametrize(
    "when",
    [
        "params.names.exists(name, name == resource.Name)",
        "params.names[0] == resource.Name",
        "dyn(params)['na' + 'mes'] == [resource.Name]",
    ],
)
def test_a_parameter_of_which_a_part_is_read_is_kept(when):
    rule = read(GOOD.replace("when: resource.Name in params.names", f'when: "{when}"'))
    assert rule.keep_params["names"] == ["audit"]


def test_the_digest_is_that_of_the_bytes():
    rule, other = read(GOOD), read(GOOD + "\n")
    assert rule.text == GOOD.encode()
    assert len(rule.sha256) == 64
    assert rule.sha256 != other.sha256


def test_two_rules_of_one_id_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a-rule.yaml").write_text(GOOD)
    with pytest.raises(RuleError, match=r"b/a-rule.yaml:1:1: 'a-rule' is defined already in .*a/"):
        load_rules([tmp_path], CHECKS, schema_of)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RuleError, match="there is no such file or folder"):
        load_rules([tmp_path / "none"], CHECKS, schema_of)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "a-rule.yaml").symlink_to(tmp_path / "nothing")
    with pytest.raises(RuleError, match=r"a-rule.yaml:1:1: cannot be read: No such file"):
        load_rules([tmp_path], CHECKS, schema_of)


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "a-rule.yaml").write_bytes(b"id: \xff")
    with pytest.raises(RuleError, match=r"a-rule.yaml:1:1: is not UTF-8 text \(byte 4\)"):
        load_rules([tmp_path], CHECKS, schema_of)


def test_controls_and_frameworks_beside_the_rules_are_not_rules(tmp_path):
    for folder in ("controls", "frameworks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "controls" / "x.yaml").write_text("id: x\n")
    (tmp_path / "a-rule.yaml").write_text(GOOD)
    assert list(load_rules([tmp_path], CHECKS, schema_of)) == ["a-rule"]


def test_a_framework_of_ones_own_has_its_own_criteria(tmp_path):
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks" / "ours.yaml").write_text(
        "id: ours\ntitle: Ours\nclosed: true\ncriteria:\n  O1: {title: Logs}\n"
    )
    (tmp_path / "a-rule.yaml").write_text(GOOD.replace("{soc2: [CC7.2]}", "{ours: [O1]}"))
    assert load_rules([tmp_path], CHECKS, schema_of)["a-rule"].criteria == {"ours": ("O1",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: ours\n  title: x\n", r"ours.yaml:2:8: "),
        ("id: ours\ntitle: Ours\nclosed: 1\n", r"ours.yaml:1:1: Expected `bool`"),
        ("id: ours\ntitle: Ours\nclosed: false\npattern: '['\n", r"ours.yaml:1:1: unterminated"),
        (
            "id: theirs\ntitle: Ours\nclosed: true\n",
            r"ours.yaml:1:1: the id is 'theirs'; name the file so, or it so",
        ),
    ],
    ids=["no YAML", "a wrong type", "no pattern", "another id"],
)
def test_a_framework_that_is_wrong_is_told_with_its_file(tmp_path, text, message):
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks" / "ours.yaml").write_text(text)
    with pytest.raises(RuleError, match=message):
        load_rules([tmp_path], CHECKS, schema_of)


EACH = """\
id: a-rule
title: Groups allow no protocol at all
check: aws.ec2.security_group
severity: high
every: 1h
criteria: {soc2: [CC6.6]}
each: {rule: resource.IpPermissions}
require: rule.IpProtocol != '-1'
message: "{{resource.GroupId}} allows everything"
examples:
  - {expect: pass, resource: {IpPermissions: [{IpProtocol: tcp}]}}
  - {expect: fail, resources: [{}, {IpPermissions: [{}, {IpProtocol: "-1"}]}]}
  - {expect: error, resource: {}}
"""


def test_a_failing_example_may_have_parts_that_are_errors_beside():
    rule = read(EACH)
    assert [example.expect for example in rule.examples] == ["pass", "fail", "error"]


def test_a_rule_that_reads_the_whole_resource_needs_all_of_it():
    whole = "require: resource.IsMultiRegionTrail && size(dyn(resource)) > 0"
    rule = read(GOOD.replace("require: resource.IsMultiRegionTrail", whole))
    check = CHECKS["aws.cloudtrail.trail"]
    assert rule.facets == {part.name for part in (*check.facets, *check.joins)}
    resource = {"Name": "a", "S3BucketName": "c"}
    assert rule.keep(resource) == resource


def test_an_example_can_be_about_what_is_unseen():
    text = GOOD.replace(
        "examples:", "examples:\n  - {expect: error, resources: [], unseen: [listing]}"
    )
    assert read(text).examples[0].unseen == ("listing",)


@pytest.mark.parametrize("check", CHECKS)
def test_the_beginning_of_a_rule_loads_as_it_is(check):
    text = scaffold("a-rule", CHECKS[check], schema_of(CHECKS[check], CHECKS))
    assert read(text).check == check


def programs(rule):
    """Every compiled expression of a rule, those in its texts as well."""
    each = [rule.each.items, rule.each.identity] if rule.each else []
    clauses = [(clause.that, clause.message) for clause in rule.require]
    texts = [rule.message, rule.remediation, *(message for _, message in clauses)]
    inside = [part for text in texts if text for part in text.parts if isinstance(part, Program)]
    whole = [rule.when, *each, *(that for that, _ in clauses)]
    return [program for program in whole if program] + inside


def test_loading_reads_each_document_once_and_compiles_each_expression_once():
    loaded = {}
    calls = calls_of(lambda: loaded.update(load_rules([ROOT / "rules"], CHECKS, schema_of)))
    frameworks = list((ROOT / "rules" / "frameworks").glob("*.yaml"))
    rules = loaded.values()
    assert calls["checks.yaml.parse_yaml"] == len(rules) + len(frameworks)
    compiled = sum(len(programs(rule)) for rule in rules)
    assert calls["agent.cel.compile.compile_expression"] == compiled
    judged = sum(len(rule.examples) for rule in rules)
    assert calls["agent.rules.examples.outcome_of"] == judged
    # The rules of a check lie together, so that its type is made once for most of them.
    checks = {rule.check for rule in rules}
    assert calls["agent.cel.types.from_json_schema"] < 1.25 * len(checks)
