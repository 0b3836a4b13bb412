"""People of a roster are joined to users; of a roster that cannot be believed nobody passes."""

from pathlib import Path

import pytest
from files_kit import NOW, ROSTER, ROSTERED, gathered, session_of, written
from shipped import CHECKS

from agent.evaluate import Tally, conclude, evaluate
from agent.model import Outcome
from agent.plan import make_plan
from agent.rules.load import load_rules
from checks.files.session import Source, WithFiles
from checks.model import Answer, Target
from checks.schema import schema_of

FOLDER = Path(__file__).parents[1] / "rules" / "aws" / "iam"
RULES = load_rules([FOLDER / f"{name}.yaml" for name in ROSTERED], CHECKS, schema_of)


class Report:
    """A cloud that knows three users, and nothing of files."""

    target = Target(provider="aws", id="111122223333")
    identity, not_enabled, rates = "arn", (), {}

    def names(self, region):
        return {"account": "111122223333", "region": region, "partition": "aws"}

    def regions(self, service):  # noqa: ARG002 - as the protocol has it
        return ("eu-west-1",)

    def made(self):
        return ()

    def request(self, call, params, region, after=None):  # noqa: ARG002 - as above
        assert call.service == "iam"
        columns = ["user", "arn", "password_enabled", "access_key_1_active", "access_key_2_active"]
        lines = [",".join(columns)]
        lines += [f"{user},arn:{user},true,false,false" for user in ("Ana", "bob", "zoe")]
        return Answer(
            data={
                "State": "COMPLETE",
                "Content": "\n".join(lines).encode(),
                "GeneratedTime": NOW,
            },
            request_id="r1",
        )


def judged(session, rule):
    """What a shipped rule says of each user of the report."""
    one = RULES[rule]
    found, tally = [], Tally()
    for part in gathered(session, make_plan({rule: one}, CHECKS).facets):
        if part.check == one.check:
            more, counted = evaluate(one, part, now=NOW, target=session.target)
            found, tally = [*found, *more], tally + counted
    found += conclude(one, tally, now=NOW, target=session.target)
    return {finding.resource: finding for finding in found}


def test_people_are_joined_to_users_however_they_are_capitalised(tmp_path):
    session = WithFiles(Report(), session_of(written(tmp_path)))
    found = judged(session, "aws-iam-user-in-hr-roster")
    assert {name: one.outcome for name, one in found.items()} == {
        "arn:Ana": Outcome.PASS,
        "arn:bob": Outcome.FAIL,
        "arn:zoe": Outcome.FAIL,
    }
    assert "bob@example.com, who left, by hr.csv of 2026-06-30" in found["arn:bob"].message
    file = found["arn:Ana"].values["resource"]["Person"]["file"]
    assert file["name"] == "hr.csv"
    assert len(file["sha256"]) == 64
    left = judged(session, "aws-iam-user-terminated-removed")
    assert left["arn:bob"].outcome is Outcome.FAIL
    assert left["arn:Ana"].outcome is left["arn:zoe"].outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("rule", ROSTERED)
@pytest.mark.parametrize("text", [None, "", "email,status\n", ROSTER.replace("active", "away")])
def test_with_a_roster_that_cannot_be_believed_nobody_passes(tmp_path, text, rule):
    source = Source(path=tmp_path / "hr.csv") if text is None else written(tmp_path, text)
    found = judged(WithFiles(Report(), session_of(source)), rule)
    assert {one.outcome for one in found.values()} == {Outcome.ERROR}
    said = "not_found (ENOENT)" if text is None else "invalid (Malformed)"
    assert {one.message for one in found.values()} == {
        f"cannot see Person: files:hr.person: {said}"
    }


def test_a_leaver_without_a_day_of_leaving_is_an_error(tmp_path):
    source = written(tmp_path, "email,status\nbob@x.y,terminated\nana@x.y,active\n")
    session = WithFiles(Report(), session_of(source))
    found = judged(session, "aws-iam-user-terminated-removed")
    assert found["arn:bob"].outcome is Outcome.ERROR
    assert found["arn:Ana"].outcome is Outcome.NOT_APPLICABLE


def test_a_user_name_of_two_people_is_an_error_for_that_user(tmp_path):
    source = written(tmp_path, "email,status\nana@x.y,active\nana@z.y,active\nbob@x.y,active\n")
    session = WithFiles(Report(), session_of(source))
    found = judged(session, "aws-iam-user-in-hr-roster")
    assert found["arn:Ana"].outcome is Outcome.ERROR
    assert found["arn:bob"].outcome is Outcome.PASS
