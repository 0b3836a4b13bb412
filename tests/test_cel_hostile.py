"""Inputs made to break: each ends, soon, in a clear refusal or an error, and never in a verdict."""

from __future__ import annotations

import datetime as dt
import threading
from functools import partial

import pytest
from work_kit import calls_of, ending

from agent.cel import DYN, TIMESTAMP, CelError, EvalError, compile_expression
from agent.cel.text import glob

VARIABLES = {"r": DYN, "now": TIMESTAMP}
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)

REFUSED = {
    "twenty thousand terms": (" + ".join(["1"] * 20_000), "1:1: longer than 8,192 characters"),
    "two thousand conditions": ("||".join(["r"] * 2000), "1:1: more than 1,000 terms"),
    "a long sum": ("+".join(["r"] * 200), "1:273: nested deeper than 64"),
    "a long path": ("r" + ".a" * 100, "1:73: nested deeper than 64"),
    "brackets": ("(" * 4000 + "r" + ")" * 4000, "1:65: nested deeper than 64"),
    "lists": ("[" * 4000, "1:65: nested deeper than 64"),
    "negations": ("!" * 4000 + "r", "1:65: nested deeper than 64"),
    "ternaries": ("r ? r : " * 900 + "r", "1:513: nested deeper than 64"),
    "four loops": (
        "r.all(a, r.all(b, r.all(c, r.all(d, true))))",
        "1:30: loops nested deeper than 3",
    ),
    "a regular expression of size": (
        f"r.matches('{'a' * 1001}')",
        "1:11: a regular expression has at most 1,000 characters",
    ),
    "a repetition of repetitions": (
        "r.matches('((a{1000}){1000}){1000}')",
        "1:11: bad regular expression: invalid repetition size: {1000}",
    ),
    "NUL": ("r == 'a\0b'", "1:8: unexpected character '\\x00'"),
    "a lone surrogate": ("r == '\ud800'", "1:7: unexpected character '\\ud800'"),
    "a name that is not ASCII": ("r.größe", "1:5: unexpected character 'ö'"),
    "a number of thousands of digits": (
        f"r == {'9' * 8000}",
        "1:6: integer out of the range of 64 bits",
    ),
    "an unknown class": ("__class__.__bases__", "1:1: unknown name '__class__' (known: now, r)"),
    "an import": ("__import__('os').system('true')", "1:18: unknown function 'system'"),
}


@pytest.mark.parametrize(("expression", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_at_once(expression, message):
    def refused():
        with pytest.raises(CelError) as caught:
            compile_expression(expression, VARIABLES)
        assert str(caught.value).startswith(message)

    assert calls_of(refused).total() < 30 * len(expression) + 500


def deep(levels):
    made = {"x": 1}
    for _ in range(levels):
        made = {"x": [made]}
    return made


ERRORS = {
    "a class": ("r.__class__ == 'x'", {}, "missing"),
    "a method of a text": ("r.s.upper == 'x'", {"s": "a"}, "type"),
    "an optional field of a text": ("r.s.?upper.orValue(1) == 1", {"s": "a"}, "type"),
    "an order of lists": ("r.l < r.l", {"l": [1]}, "type"),
    "a method of a list": ("r.l.append == 'x'", {"l": []}, "type"),
    "the last element": ("r.l[-1] == 1", {"l": [1]}, "missing"),
    "a letter of a text": ("r.s[0] == 'a'", {"s": "a"}, "type"),
    "true as an index": ("r.l[r.i] == 1", {"l": [0, 1], "i": True}, "type"),
    "a huge int in arithmetic": ("r.n + 1 > 0", {"n": 2**80}, "overflow"),
    "a huge int and a double": ("r.n > 1.5", {"n": 10**400}, "overflow"),
    "a huge int as an int": ("int(r.n) > 0", {"n": 2**80}, "overflow"),
    "the end of 64 bits": ("r.n + 1 > 0", {"n": 2**63 - 1}, "overflow"),
    "the other end": ("-r.n > 0", {"n": -(2**63)}, "overflow"),
    "division by zero": ("1 / r.n > 0", {"n": 0}, "division"),
    "remainder by zero": ("1 % r.n > 0", {"n": 0}, "division"),
    "a lone surrogate in a regular expression": ("r.s.matches('a')", {"s": "\ud800"}, "function"),
    "a pattern from data": ("'a'.matches(r.s)", {"s": "("}, "regex"),
    "null": ("r.n", {"n": None}, "null"),
    "a time without a zone": ("timestamp(r.s) < now", {"s": "2026-01-01T00:00:00"}, "value"),
    "a time out of range": ("timestamp(r.s) < now", {"s": "0001-01-01T00:00:00+05:00"}, "range"),
    "too many days": ("now + days(r.n) > now", {"n": 10**15}, "range"),
    "the end of time": ("now + duration('2000000h') * 1 > now", {}, "type"),
    "cubic work": (
        "r.l.all(a, r.l.all(b, r.l.all(c, a + b + c >= 0)))",
        {"l": [1] * 1000},
        "budget",
    ),
    "text that doubles": (
        "size([r.s]" + ".map(x, x + x)" * 50 + "[0]) > 0",
        {"s": "x" * 100},
        "budget",
    ),
    "lists that double": (
        "size([[1]]" + ".map(x, x + x)" * 50 + "[0]) > 0",
        {},
        "budget",
    ),
}


@pytest.mark.parametrize(("expression", "values", "code"), ERRORS.values(), ids=ERRORS)
def test_it_ends_in_an_error_within_the_budget(expression, values, code):
    with ending(60), pytest.raises(CelError) as caught:
        compile_expression(expression, VARIABLES)(values, NOW)
    assert caught.value.code == code


def test_comparing_two_deep_documents_is_an_error_and_not_a_crash():
    left, right = deep(100_000), deep(100_000)
    program = compile_expression("a == b", {"a": DYN, "b": DYN})
    with pytest.raises(EvalError) as caught:
        program(left, right)
    assert caught.value.code == "budget"


def test_a_catastrophic_regular_expression_takes_linear_time():
    program = compile_expression("r.matches('(a+)+$')", VARIABLES)
    with ending(60):  # backtracking would take longer than the world has been
        assert program("a" * 100_000 + "b", NOW) is False


class Counted(str):
    """A text that counts the looks at its characters."""

    __slots__ = ("looks",)

    def __getitem__(self, key):
        self.looks = getattr(self, "looks", 0) + 1
        return super().__getitem__(key)


def test_a_catastrophic_glob_looks_at_each_character_once_a_star():
    pattern, text = "*a" * 200 + "b", Counted("a" * 5000)
    assert glob(pattern, text) is False
    assert text.looks <= 2 * len(pattern) * len(text)


def test_text_is_compared_to_its_end():
    program = compile_expression("r.x == 'admin'", VARIABLES)
    assert program({"x": "admin\0evil"}, NOW) is False
    assert compile_expression("r.x == 'admin\\000evil'", VARIABLES)({"x": "admin\0evil"}, NOW)


def test_true_is_not_one_and_text_is_not_a_number():
    for expression in ("r.x == 1", "r.x == 1.0", "r.x in [1, 2]", "1 == r.x", "r == {'x': 1}"):
        assert compile_expression(expression, VARIABLES)({"x": True}, NOW) is False
        assert compile_expression(expression, VARIABLES)({"x": "1"}, NOW) is False
    assert compile_expression("r.x == true", VARIABLES)({"x": 1}, NOW) is False
    with pytest.raises(EvalError, match="values of one ordered type are needed"):
        compile_expression("r.x < 3", VARIABLES)({"x": "22"}, NOW)


def test_the_widest_allowed_expressions_compile_and_run():
    """The limits of the parser lie within those of Python's: no depth falls between the two."""
    widest = {
        "r" + ".a" * 63: True,
        "!" * 62 + "true": True,
        "(" * 60 + "r.b" + ")" * 60: True,
        " && ".join(["r.b"] * 332): True,
        "1 - " * 62 + "1 < 0": True,
        "!r.b ? false : " * 40 + "true": True,
        "[" * 60 + "]" * 60 + " != r": True,
        "".join(f"[[1]].exists(x{n}, " for n in range(3)) + "true" + ")" * 3: True,
    }
    inner: object = True
    for _ in range(63):
        inner = {"a": inner}
    for expression, wanted in widest.items():
        document = inner if ".a.a" in expression else {"b": True}
        program = compile_expression(expression, VARIABLES)
        assert program(document, NOW) is wanted
        assert program.interpret({"r": document, "now": NOW}) is wanted


def explained(depth):
    """Explain an index in an index, so deep, that is found, and one that is not."""
    program = compile_expression("r[" * depth + "0" + "]" * depth + " == 0", {"r": DYN})
    trace = program.explain({"r": [0]}, unseen={"r.x"})
    assert trace.value is True
    assert trace.decided == (("r[0]", 0),)
    with pytest.raises(EvalError, match=r"r\[1\] is missing"):
        compile_expression("r[" * depth + "1" + "]" * depth + " == 0", {"r": DYN})([0])


def test_an_index_in_an_index_is_explained_in_work_that_grows_with_its_depth():
    ten, twenty, forty = (calls_of(partial(explained, depth)).total() for depth in (10, 20, 40))
    assert forty - twenty <= 3 * (twenty - ten)  # quadratic work would be 4 times


def test_every_construct_at_full_depth_compiles_or_is_refused():
    """Python's own parser limits brackets in brackets; that must surface as a refusal."""
    wrappers = [
        "size([{}])",
        "({} + r)",
        "{{'a': {}}}.a",
        "[{}][0]",
        "r.?a.orValue({})",
        "int({})",
        "dyn({})",
        "(r ? {} : r)",
        "r.f[{}]",
        "({} == r)",
        "has({}.x)",
        "!({})",
        "string({})",
    ]
    for wrapper in wrappers:
        text = "r.x"
        for _ in range(40):
            text = wrapper.format(text)
            assert refusal(text) in {"", "limit", "type"}, text


def refusal(text: str) -> str:
    try:
        compile_expression(text, VARIABLES, DYN)
    except CelError as error:
        return error.code
    return ""


def test_programs_are_shared_by_threads():
    program = compile_expression("r.l.exists(x, x.a == r.n) && r.missing == 1", VARIABLES)
    found = []

    def work(number: int) -> None:
        for turn in range(300):
            values = {"l": [{"a": turn}], "n": turn + number % 2}
            try:
                found.append((number % 2, program(values, NOW)))
            except EvalError:
                found.append((number % 2, "error"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {(0, "error"), (1, False)}
