"""Constraints that the engine adds."""

import math

import pytest

from search.engine.judge import Judge
from search.engine.trial import Trial
from trainables.study.report import Report
from trainables.study.study import Floor

FLOOR = Floor("clean", "mae", "baseline", 0.25)
BASE, OTHER = Trial("r01", {"n": 1}, "baseline"), Trial("t001", {"n": 5})


def report(mae, rung=0):
    return Report(3, {"mae": mae}, constraints={"own": -1.0}, rung=rung)


def none(config):
    return {}


@pytest.mark.parametrize(("mae", "violation"), [(100.0, -0.25), (125.0, 0.0), (200.0, 0.75)])
def test_a_minimised_metric_may_exceed_the_reference_by_the_slack(mae, violation):
    judge = Judge(none, FLOOR, "min")
    assert judge.sets_level(BASE, report(100.0))
    judged = judge.judge(OTHER, report(mae))
    assert judged.constraints == {"own": -1.0, "clean": pytest.approx(violation)}


def test_other_rungs_other_trials_and_diverged_references_set_no_level():
    judge = Judge(none, FLOOR, "min")
    assert not judge.sets_level(OTHER, report(100.0))
    assert not judge.sets_level(BASE, report(math.nan))
    assert judge.sets_level(BASE, report(100.0, rung=1))
    same = report(500.0)
    assert judge.judge(OTHER, same) is same


def test_the_level_is_the_mean_over_the_references_trainings():
    """One training of it may be lucky: with a second, 100 and 140, 150 HU are allowed, not 125."""
    judge = Judge(none, FLOOR, "min")
    again = Trial("r01.2", {"n": 1}, repeats="r01", seed=1)
    assert not judge.sets_level(again, report(140.0))  # nothing says yet whose training it is
    judge.sets_level(BASE, report(100.0))
    assert judge.judge(OTHER, report(150.0)).constraints["clean"] == pytest.approx(0.25)
    assert judge.sets_level(again, report(140.0))
    assert judge.judge(OTHER, report(150.0)).constraints["clean"] == pytest.approx(0.0)
    assert judge.judge(BASE, report(100.0)).constraints["clean"] == pytest.approx(-1 / 6 - 0.25)
    assert not judge.sets_level(again, report(math.nan))
    assert not judge.sets_level(Trial("t001.2", {}, repeats="t001"), report(1.0))


def test_a_value_that_is_no_number_does_not_meet_the_floor():
    judge = Judge(none, FLOOR, "min")
    judge.sets_level(BASE, report(100.0))
    assert math.isnan(judge.judge(OTHER, report(math.nan)).constraints["clean"])


def test_limits_are_constraints_of_every_report():
    judge = Judge(lambda config: {"size": config["n"] - 2.0})
    assert judge.judge(OTHER, report(1.0)).constraints == {"own": -1.0, "size": 3.0}


ABOVE = Floor("clean", "bacc", "baseline", 0.15, zero=0.5)


def scored(bacc):
    return Report(3, {"bacc": bacc}, rung=0)


@pytest.mark.parametrize(
    ("bacc", "violation"), [(0.9, -0.15), (0.84, 0.0), (0.7, 0.35), (0.5, 0.85)]
)
def test_a_floor_above_a_constant_answer_is_a_share_of_what_lies_above_it(bacc, violation):
    """Of a baseline of 0.9, 0.4 lie above chance: 15 % of these may be lost, down to 0.84."""
    judge = Judge(none, ABOVE, "max")
    assert judge.sets_level(BASE, scored(0.9))
    judged = judge.judge(OTHER, scored(bacc))
    assert judged.constraints == {"clean": pytest.approx(violation)}


@pytest.mark.parametrize("bacc", [0.5, 0.42])
def test_a_reference_at_chance_sets_no_level(bacc):
    judge = Judge(none, ABOVE, "max")
    judge.sets_level(BASE, scored(bacc))
    assert judge.judge(OTHER, scored(0.1)).constraints == {}


def test_a_training_of_the_reference_at_chance_counts_in_its_mean():
    """Of .64 and .5 the mean is .57; by those above chance alone the level was .64."""
    judge = Judge(none, ABOVE, "max")
    again = Trial("r01.2", {"n": 1}, repeats="r01", seed=1)
    judge.sets_level(BASE, scored(0.64))
    first = judge.judge(OTHER, scored(0.57))
    assert first.constraints["clean"] == pytest.approx(0.35)
    assert judge.sets_level(again, scored(0.5))
    assert judge.judge(OTHER, first).constraints["clean"] == pytest.approx(-0.15)
    third = Trial("r01.3", {"n": 1}, repeats="r01", seed=2)
    assert judge.sets_level(third, scored(0.3))
    assert judge.judge(OTHER, first).constraints == {}, "on the mean it is at chance"


def test_errors_have_a_constant_answer_as_well():
    """A trivial predictor errs by 200 HU, the reference by 100: a trial may err by 115."""
    judge = Judge(none, Floor("clean", "mae", "baseline", 0.15, zero=200.0), "min")
    assert judge.sets_level(BASE, report(100.0))
    assert judge.judge(OTHER, report(115.0)).constraints["clean"] == pytest.approx(0.0)
    judge.sets_level(BASE, report(210.0, rung=1))
    assert "clean" not in judge.judge(OTHER, report(150.0, rung=1)).constraints


def test_a_floor_waits_until_a_trial_has_trained_to_its_end():
    """Adversarial training may be below it after a third of the epochs, and above it after all."""
    judge = Judge(none, ABOVE, "max", whole=1)
    for rung in (0, 1, 2):
        assert judge.sets_level(BASE, Report(3, {"bacc": 0.9}, rung=rung))
    judged = [judge.judge(OTHER, Report(3, {"bacc": 0.7}, rung=rung)) for rung in (0, 1, 2)]
    assert ["clean" in report.constraints for report in judged] == [False, True, True]
