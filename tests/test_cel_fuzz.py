"""Random expressions on random documents: ours against Google's runtime, and against itself."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cel import DYN, CelError, EvalError, compile_expression, project
from agent.cel.program import Program

ORACLE = Path(__file__).parent / "data" / "cel" / "oracle.py"
CASES = 6000
SEED = 20261124

TEXTS = ["", "a", "ab", "b", "Ab", "10.0.0.0/8", "é", "a.b", "22", "true"]
INTS = [0, 1, -1, 2, 22, 80, 65535, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 1.0, 1.5, -2.5, 1e300, 22.0]
FIELDS = ["a", "b", "c", "s", "n", "f", "l", "m", "t"]
PATTERNS = ["a", "^a", "b$", "^[a-z]+$", "a|b", "."]


def document(dice: random.Random, depth: int = 0):
    """Mostly of the shape that is expected; now and then fields are missing or of a wrong type."""
    made = {
        "a": dice.choice([True, False]),
        "b": dice.choice([True, False]),
        "c": dice.choice(INTS[:7]),
        "n": dice.choice(INTS),
        "f": dice.choice(DOUBLES),
        "s": dice.choice(TEXTS),
        "t": [dice.choice(TEXTS) for _ in range(dice.randrange(4))],
        "l": [document(dice, depth + 1) for _ in range(dice.randrange(4))] if depth < 2 else [],
        "m": document(dice, depth + 1) if depth < 2 else {},
    }
    for name in list(made):
        roll = dice.random()
        if roll < 0.06:
            del made[name]
        elif roll < 0.10:
            made[name] = dice.choice(["x", 1, 1.5, True, [], {}, [1, "a"], None])
    return made


class Expressions:
    """Typed loosely: most are well typed, so that most reach an answer and not just an error."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.names = 0

    def path(self, scope, field):
        base = self.dice.choice(scope)
        while self.dice.random() < 0.25:
            base += ".m"
        return f"{base}.{field}"

    def boolean(self, scope, depth):  # noqa: PLR0911 - one case a kind of expression
        if depth <= 0:
            return self.dice.choice([self.path(scope, "a"), self.path(scope, "b"), "true", "false"])
        pick = self.dice.randrange(14)
        lower = depth - 1
        if pick < 3:
            op = self.dice.choice(["&&", "||"])
            return f"({self.boolean(scope, lower)} {op} {self.boolean(scope, lower)})"
        if pick == 3:
            return f"!({self.boolean(scope, lower)})"
        if pick < 6:
            return self.comparison(scope, lower)
        if pick < 9:
            return self.loop(scope, lower)
        if pick == 9:
            return f"has({self.path(scope, self.dice.choice(FIELDS))})"
        if pick == 10:
            return self.membership(scope, lower)
        if pick == 11:
            parts = [self.boolean(scope, lower) for _ in range(3)]
            return "({} ? {} : {})".format(*parts)
        if pick == 12:
            name = self.dice.choice(["startsWith", "endsWith", "contains"])
            return f"{self.text(scope, lower)}.{name}({self.text(scope, lower)})"
        return f"{self.text(scope, lower)}.matches('{self.dice.choice(PATTERNS)}')"

    def comparison(self, scope, depth):
        kind = self.dice.choice([self.number, self.number, self.text, self.boolean, self.anything])
        ops = (
            ["==", "!="]
            if kind in (self.boolean, self.anything)
            else ["==", "!=", "<", "<=", ">", ">="]
        )
        other = kind if self.dice.random() < 0.9 else self.anything
        return f"({kind(scope, depth)} {self.dice.choice(ops)} {other(scope, depth)})"

    def membership(self, scope, depth):
        if self.dice.random() < 0.5:
            return f"({self.text(scope, depth)} in {self.path(scope, 't')})"
        return f"({self.anything(scope, depth)} in {self.listed(scope, depth)})"

    def loop(self, scope, depth):
        self.names += 1
        name = f"x{self.names}"
        kind = self.dice.choice(["all", "exists", "exists_one"])
        if self.dice.random() < 0.6:
            body = self.boolean([*scope, name, name], depth)
            return f"{self.path(scope, 'l')}.{kind}({name}, {body})"
        return f"{self.path(scope, 't')}.{kind}({name}, {name} == {self.text(scope, 0)})"

    def number(self, scope, depth):  # noqa: PLR0911 - as above
        pick = self.dice.randrange(9)
        if depth <= 0 or pick < 2:
            return self.path(scope, self.dice.choice(["c", "n", "n", "f"]))
        if pick == 2:
            return repr(self.dice.choice(INTS[:8]))
        if pick == 3:
            return self.dice.choice(["1.5", "0.0", "-2.5", "22.0"])
        if pick == 4:
            return f"size({self.listed(scope, depth - 1)})"
        if pick == 5:
            return f"int({self.dice.choice([self.text, self.number])(scope, depth - 1)})"
        if pick == 6:
            return f"{self.path(scope, '?c')}.orValue({self.number(scope, depth - 1)})"
        op = self.dice.choice(["+", "-", "*", "/", "%"])
        return f"({self.number(scope, depth - 1)} {op} {self.number(scope, depth - 1)})"

    def text(self, scope, depth):
        pick = self.dice.randrange(6)
        if depth <= 0 or pick < 2:
            return self.path(scope, "s")
        if pick == 2:
            return f"({self.text(scope, depth - 1)} + {self.text(scope, depth - 1)})"
        if pick == 3:
            return f"{self.path(scope, '?s')}.orValue('z')"
        return repr(self.dice.choice(TEXTS))

    def listed(self, scope, depth):
        pick = self.dice.randrange(6)
        if pick < 2:
            return self.path(scope, self.dice.choice(["t", "l"]))
        if pick == 2 and depth > 0:
            self.names += 1
            name = f"x{self.names}"
            how = self.dice.choice(["filter", "map"])
            return f"{self.path(scope, 'l')}.{how}({name}, {self.boolean([name], depth - 1)})"
        if pick == 3:
            return "['a', 'b', 'ab']"
        return f"[{self.anything(scope, 0)}, {self.anything(scope, 0)}]"

    def anything(self, scope, depth):
        if self.dice.random() < 0.15:
            return self.dice.choice(["null", "1", "1.0", "'a'", "[]", "true"])
        kind = self.dice.choice([self.number, self.text, self.boolean, None])
        return kind(scope, depth - 1) if kind else self.path(scope, self.dice.choice(FIELDS))


def case(seed: int) -> tuple[str, dict]:
    dice = random.Random(seed)
    return Expressions(dice).boolean(["r"], 3), document(dice)


def compiled(expression: str) -> Program | None:
    try:
        return compile_expression(expression, {"r": DYN})
    except CelError as error:
        if error.code in ("type", "limit"):
            return None
        raise


def outcome(evaluate) -> str:
    try:
        return "true" if evaluate() else "false"
    except EvalError:
        return "error"


@pytest.fixture(scope="module")
def cases():
    """Expressions that we accept, with documents and our outcome."""
    made = []
    seed = SEED
    while len(made) < CASES:
        seed += 1
        expression, values = case(seed)
        program = compiled(expression)
        if program is not None:
            made.append((expression, values, program, outcome(lambda p=program, v=values: p(v))))
    return made


def asked(cases):
    """The answers of the oracle; a case that aborts it is skipped, and told."""
    lines = [json.dumps([expression, values]) for expression, values, _, _ in cases]
    answers: list[str] = []
    while len(answers) < len(lines):
        found = subprocess.run(
            [sys.executable, str(ORACLE)],
            input="\n".join(lines[len(answers) :]),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        answers += found.stdout.split()
        if found.returncode:
            answers.append("aborted")
    return answers


def test_google_s_runtime_gives_the_same_answer(cases):
    pytest.importorskip("cel_expr_python", reason="the oracle is a development dependency")
    answers = asked(cases)
    different = [
        (expression, values, ours, theirs)
        for (expression, values, _, ours), theirs in zip(cases, answers, strict=True)
        if theirs not in ("refused", "aborted", ours)
    ]
    assert different[:3] == []
    assert answers.count("refused") + answers.count("aborted") < CASES * 0.02
    # the cases are of use only if many of them have an answer
    assert min(answers.count("true"), answers.count("false")) > CASES * 0.15


def test_the_compiled_program_and_the_interpreter_give_the_same_answer(cases):
    for expression, values, program, ours in cases:
        interpreted = outcome(lambda p=program, v=values: p.interpret({"r": v}))
        assert interpreted == ours, (expression, values)


def test_the_values_that_were_read_are_enough_to_answer_again(cases):
    for expression, values, program, ours in cases:
        kept = project(program.reads, {"r": values})
        # an expression of literals alone reads nothing
        again = outcome(lambda p=program, k=kept: p(k.get("r")))
        assert again == ours, (expression, values, kept)


def test_the_answer_does_not_depend_on_the_order_of_elements(cases):
    loops = [each for each in cases if ".all(" in each[0] or ".exists(" in each[0]]
    plain = [
        each for each in loops if not any(word in each[0] for word in ("map(", "filter(", "=="))
    ]
    assert len(plain) > CASES * 0.05
    for expression, values, program, ours in plain:
        turned = json.loads(json.dumps(values), object_hook=reversed_lists)
        assert outcome(lambda p=program, v=turned: p(v)) == ours, (expression, values)


def reversed_lists(made):
    return {key: part[::-1] if isinstance(part, list) else part for key, part in made.items()}


def test_what_decided_is_enough_of_a_reason(cases):
    """The explanation has the same answer, and names values that are where it says they are."""
    for expression, values, program, ours in cases:
        trace = program.explain({"r": values})
        told = "error" if trace.error else "true" if trace.value else "false"
        assert told == ours, expression
        assert all(path == "r" or path.startswith(("r.", "r[")) for path, _ in trace.decided)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, "__class__", "a b"]), part, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), values=JSON)
def test_any_json_at_all_gives_an_answer_or_an_error_both_ways(seed, values):
    program = compiled(case(seed)[0])
    if program is not None:
        ours = outcome(lambda: program(values))
        assert ours == outcome(lambda: program.interpret({"r": values}))
        kept = project(program.reads, {"r": values})
        assert ours == outcome(lambda: program(kept.get("r")))
