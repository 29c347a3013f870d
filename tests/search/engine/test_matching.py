"""Which trials the controls of a winner are."""

from search.engine.matching import match
from search.engine.trial import Trial
from trainables.study.study import Reference

WINNER = Trial("t001", {"lr": 0.1})
BASELINE = Trial("r01", {"lr": 0.5}, "baseline")
AGAIN = Trial("r01.2", {"lr": 0.9}, repeats="r01")
RUN = {trial.id: trial for trial in (BASELINE, WINNER, AGAIN)}


def test_a_new_control_is_a_trial_that_cannot_win_and_says_whose_it_is():
    controls = match(WINNER, [Reference("matched baseline", {"lr": 0.2}, scaled=True)], RUN)
    control = controls["matched baseline"]
    assert (control.id, control.label) == ("c01", "matched baseline of t001")
    assert control.control
    assert control.scaled
    assert control.is_matched
    assert control.point is None


def test_a_control_with_the_config_of_a_trial_is_that_trial():
    assert (
        match(WINNER, [Reference("matched baseline", {"lr": 0.5})], RUN)["matched baseline"]
        is BASELINE
    )


def test_a_further_seed_is_no_control():
    (control,) = match(WINNER, [Reference("matched baseline", {"lr": 0.9})], RUN).values()
    assert control.id == "c01"


def test_numbers_go_on_after_those_of_a_former_winner():
    former = Trial("c01", {"lr": 0.3}, "matched baseline of t009", control=True)
    again = Trial("c01.2", {"lr": 0.3}, repeats="c01")
    run = RUN | {trial.id: trial for trial in (former, again)}
    references = [Reference("matched a", {"lr": 0.2}), Reference("matched b", {"lr": 0.3})]
    controls = match(WINNER, references, run)
    assert [control.id for control in controls.values()] == ["c02", "c01"]


def test_a_trial_is_no_control_of_itself():
    assert match(WINNER, [Reference("matched paper", {"lr": 0.1})], RUN) == {}
