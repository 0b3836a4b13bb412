"""What takes a minute to set up is set up in one worker, and it is noticed when it is not."""

import pytest
from conftest import set_up_once, together

SEEDED = "tests/test_ground_truth.py::test_every_verdict[seed{}-{}]"
MONTH = "tests/test_demo_period.py::test_{}"


def test_what_shares_an_account_or_a_month_goes_to_one_worker():
    assert together(SEEDED.format(7, "a")) == together(SEEDED.format(7, "b"))
    assert together(SEEDED.format(7, "a")) != together(SEEDED.format(8, "a"))
    assert together(MONTH.format("a")) == together(MONTH.format("b"))
    assert together(MONTH.format("a")) != together("tests/test_permissions.py::test_a")


def test_all_else_goes_wherever_there_is_room():
    assert together("tests/test_cli_check.py::test_a") != together(
        "tests/test_cli_check.py::test_b"
    )


def test_what_is_set_up_a_second_time_among_the_workers_fails(tmp_path):
    set_up_once(tmp_path, "month")
    set_up_once(tmp_path, "seed7")
    with pytest.raises(FileExistsError):
        set_up_once(tmp_path, "month")
