"""Rungs and levels compare by value: a run that is resumed finds its ladder again."""

from dataclasses import FrozenInstanceError, replace

import pytest

from trainables.study.report import Level, Report, Rung

LEVEL = Level("pgd", 10, 2, (0.0, 0.1), images=8, audit=True)


@pytest.mark.parametrize(
    "change",
    [{"attack": "fgsm"}, {"steps": None}, {"restarts": 1}, {"eps": (0.0,)}, {"images": None},
     {"audit": False}],
)  # fmt: skip
def test_levels_differ_in_each_of_their_parts(change):
    assert replace(LEVEL, **change) != LEVEL
    assert Rung(3, "m", replace(LEVEL, **change)) != Rung(3, "m", LEVEL)


def test_equal_rungs_are_one():
    rungs = {Rung(3, "m", LEVEL), Rung(3, "m", replace(LEVEL)), Rung(3, "m")}
    assert len(rungs) == 2


def test_reports_share_no_container():
    first, second = Report(1, {"m": 1.0}), Report(1, {"m": 1.0})
    assert first == second
    first.constraints["collapse"] = 1.0
    assert second.constraints == {}


def test_a_report_is_not_changed_once_it_is_made():
    with pytest.raises(FrozenInstanceError):
        Report(1, {}).epoch = 2
