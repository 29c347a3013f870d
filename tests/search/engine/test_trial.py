"""What follows from a trial's reports."""

from search.engine.trial import State, Trial
from trainables.study.report import Report


def test_before_its_first_report_a_trial_has_reached_nothing():
    trial = Trial("t001", {})
    assert (trial.rung, trial.epoch, trial.spent_s) == (-1, 0, 0)
    assert trial.state is State.RUNNING
    assert (trial.name, trial.marks, trial.is_reference) == ("t001", "", False)


def test_the_last_report_says_how_far_it_is_and_all_say_what_it_took():
    reports = [
        Report(3, {}, seconds={"training": 2.0, "attack": 1.0}, rung=0),
        Report(9, {}, seconds={"training": 4.0}, rung=1),
    ]
    trial = Trial("t001", {}, reports=reports)
    assert (trial.rung, trial.epoch, trial.spent_s) == (1, 9, 7.0)


def test_a_reference_has_a_label_and_footnotes():
    trial = Trial("r01", {}, "paper", scaled=True, control=True)
    assert (trial.name, trial.marks, trial.is_reference) == ("r01 paper", "*+", True)
