"""What trials are compared by."""

import math

import pytest

from search.engine.objective import LAST, Objective, Other, violated
from trainables.study.report import Report


def test_standing_turns_the_sign_where_less_is_better():
    loss = Objective("loss", "min")
    reports = [Report(1, {"loss": value}) for value in (0.3, 0.1, math.nan, 0.2)]
    order = sorted(reports, key=loss.standing, reverse=True)
    assert [report.metrics["loss"] for report in order[:3]] == [0.1, 0.2, 0.3]
    assert loss.standing(Report(1, {})) == LAST


def test_violation_sums_what_is_above_zero_and_keeps_nan():
    assert violated(Report(1, {}, constraints={"a": 0.2, "b": -1.0, "c": 0.1})) == pytest.approx(
        0.3
    )
    assert violated(Report(1, {}, constraints={"a": 0.0})) == 0
    nan = Report(1, {"m": 1.0}, constraints={"a": math.nan})
    assert Objective("m", "max").standing(nan) == LAST


def test_the_metric_of_a_rung_stands_in_where_a_report_lacks_the_first():
    objective = Objective("hard", "max", ("easy", "hard"))
    assert objective.value(Report(1, {"easy": 0.5}, rung=0)) == 0.5
    assert objective.value(Report(1, {"easy": 0.5, "hard": 0.2}, rung=0)) == 0.2
    assert math.isnan(objective.value(Report(1, {"easy": 0.5}, rung=1)))


def test_of_two_metrics_each_has_its_own_direction():
    objective = Objective("quality", "max", other=Other("size", "min"))
    report = Report(1, {"quality": 0.5, "size": 3.0})
    assert objective.merits(report) == (0.5, -3.0)
    assert objective.standing(report) == (0.0, 0.5, -3.0)
    assert not objective.sound(Report(1, {"quality": 0.5}))
