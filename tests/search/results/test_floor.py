"""What the winner keeps of the baseline's clean skill, in numbers and in words."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.run_folder import create_run_folder
from search.results.floor import (
    SINGLE,
    Share,
    barred_by_chance,
    barred_lines,
    clean_share,
    read_share,
    share_line,
)
from search.results.ranking import Row, missed
from trainables.study import ranking_file
from trainables.study.report import Report
from trainables.study.study import Floor

LABELS = np.repeat([0, 1], 50)
FLOOR = Floor("clean_floor", "ranking_clean_bacc", "baseline", 0.15, zero=0.5)


def row(folder, trial_id, right, label="", keep=True):
    """A trial that is right on so many images of each class, and what it saved."""
    answers = np.tile(np.arange(50) < right, 2)[None]
    reports = [Report(3, {FLOOR.metric: right / 50})]
    trial = Trial(trial_id, {}, label, state=State.COMPLETED, reports=reports)
    if keep:
        folder.trial(trial_id).mkdir(parents=True)
        ranking_file.write(folder.trial(trial_id), answers, LABELS, (0.0,))
    return Row(trial, 0.3, None, "")


@pytest.fixture
def folder(tmp_path):
    return create_run_folder(tmp_path / "run")


def test_a_share_is_of_what_lies_above_chance(folder):
    """0.80 against 0.90 are 89 % of the score, and three quarters of what lies above chance."""
    first, base = row(folder, "t001", 40), row(folder, "r01", 45, "baseline")
    share = clean_share(first, [first, base], FLOOR, "max", folder)
    assert share.value == pytest.approx(0.75)
    low, high = share.interval
    assert 0.5 < low < 0.75 < high < 1
    words = f"keeps 75 % [{100 * low:.0f}, {100 * high:.0f}] of the baseline's clean skill"
    assert share_line(share) == words + SINGLE
    assert share_line(replace(share, single=False)) == words


@pytest.mark.parametrize(("trained", "single"), [((2, 2), False), ((1, 2), True), ((2, 1), True)])
def test_the_line_says_where_a_seed_was_not_varied(folder, trained, single):
    rows = []
    for label, count in zip(("", "baseline"), trained, strict=True):
        seeds = [row(folder, f"{label or 'best'}{number}", 42, label) for number in range(count)]
        rows.append(replace(seeds[0], trainings=tuple(item.trial for item in seeds)))
    share = clean_share(rows[0], rows, FLOOR, "max", folder)
    assert (SINGLE in share_line(share)) is single


@pytest.mark.parametrize(
    ("right", "missed", "control", "barred"),
    [
        (42, {"clean_floor": 0.05}, False, True),
        (30, {"clean_floor": 0.6}, False, False),
        (42, {"clean_floor": 0.05, "collapse": 1.0}, False, False),
        (42, {"clean_floor": 0.05}, True, False),
        (44, {"clean_floor": -0.05}, False, False),
    ],
)
def test_a_miss_of_the_floor_alone_may_be_chance(folder, right, missed, control, barred):
    """The baseline has 0.90, so the floor is at 0.84: 42 of 50 miss it within chance, 30 do not."""
    base, trial = row(folder, "r01", 45, "baseline"), row(folder, "t001", right)
    trial.trial.control = control
    trial.trial.reports[-1].constraints.update(missed)
    assert barred_by_chance([base, trial], FLOOR, "max", folder) == [trial] * barred


def test_a_trial_that_was_stopped_is_not_barred_by_the_floor(folder):
    base, trial = row(folder, "r01", 45, "baseline"), row(folder, "t001", 42)
    trial.trial.reports[-1].constraints["clean_floor"] = 0.05
    trial.trial.state = State.PRUNED
    assert barred_by_chance([base, trial], FLOOR, "max", folder) == []


def test_a_trial_whose_answers_are_not_kept_is_not_barred_by_chance(folder):
    base, trial = row(folder, "r01", 45, "baseline"), row(folder, "t001", 42, keep=False)
    trial.trial.reports[-1].constraints["clean_floor"] = 0.05
    assert barred_by_chance([base, trial], FLOOR, "max", folder) == []


def test_a_share_is_read_from_a_manifest():
    share = Share("baseline", 0.75, (0.6, 0.9), skill=True, single=True)
    assert read_share(json.loads(json.dumps(asdict(share)))) == share
    nothing = read_share({"reference": "baseline", "value": None, "interval": None, "skill": True})
    assert "sets no clean floor" in share_line(nothing)


def test_the_interval_holds_the_true_share_as_often_as_it_says(folder):
    """Paired images: both are right where one number of the image is low enough."""
    from trainables.metrics.intervals import share_interval  # noqa: PLC0415

    generator, hits = np.random.default_rng(0), 0
    for seed in range(300):
        luck = generator.random(100)
        interval = share_interval([luck < 0.8], [luck < 0.9], LABELS, 0.5, seed=seed, resamples=300)
        hits += interval.low <= 0.75 <= interval.high
    assert hits / 300 == pytest.approx(0.94, abs=0.045)


def test_a_baseline_at_chance_sets_no_floor_and_is_said_so(folder):
    first, base = row(folder, "t001", 40), row(folder, "r01", 25, "baseline")
    share = clean_share(first, [first, base], FLOOR, "max", folder)
    assert math.isnan(share.value)
    assert share_line(share) == (
        "the baseline is no better than a constant answer: it sets no clean floor"
    )


def test_without_a_constant_answer_it_is_a_share_of_the_value(folder):
    """An error of 110 HU against 100 HU: 110 %."""
    floor = Floor("clean_floor", "error", "baseline", 0.25)
    trials = [
        Trial(name, {}, label, state=State.COMPLETED, reports=[Report(3, {"error": error})])
        for name, label, error in (("t001", "", 110.0), ("r01", "baseline", 100.0))
    ]
    first, base = (Row(trial, 0.3, None, "") for trial in trials)
    share = clean_share(first, [first, base], floor, "min", folder)
    assert share_line(share) == "its clean value is 110 % of the baseline's"


def test_a_baseline_at_chance_is_said_so_where_it_wins_and_where_nothing_does(folder):
    base = row(folder, "r01", 25, "baseline")
    for first in (base, None):
        share = clean_share(first, [base], FLOOR, "max", folder)
        assert math.isnan(share.value)


def test_nothing_is_said_of_the_reference_itself_or_without_it(folder):
    base = row(folder, "r01", 45, "baseline")
    assert clean_share(base, [base], FLOOR, "max", folder) is None
    assert clean_share(None, [base], FLOOR, "max", folder) is None
    first = row(folder, "t001", 45)
    assert clean_share(first, [first], FLOOR, "max", folder) is None


def barred(trial_id, value, label="", control=False, **constraints):
    report = Report(3, {"skill": value}, constraints={"clean_floor": -0.1, **constraints})
    trial = Trial(
        trial_id, {}, label, state=State.COMPLETED, reports=[report], control=control
    )  # fmt: skip
    return Row(trial, value, None, ", ".join(missed(trial)), (trial,))


def test_what_the_floor_alone_barred_is_named():
    objective = Objective("skill", "max")
    first = barred("t001", 0.2)
    rows = [
        first,
        barred("r01", 0.1, "baseline"),
        barred("t002", 0.3, clean_floor=0.01),
        barred("t003", 0.4, clean_floor=0.2),
        barred("t004", 0.5, clean_floor=0.2, masking=0.1),  # an alarm as well
        barred("r02", 0.6, "noise", control=True, clean_floor=0.2),  # wins never
        barred("t005", 0.1, clean_floor=0.2),
    ]
    (line,) = barred_lines(first, rows, FLOOR, objective)
    assert line == (
        "the clean floor alone barred 2 trials of greater value, the best t003 (0.4); "
        "--floor moves it"
    )
    (line,) = barred_lines(None, rows, FLOOR, objective)
    assert line.startswith("the clean floor alone barred 3 trials, the best t003 (0.4)")
    assert barred_lines(first, rows[:2], FLOOR, objective) == []
    (line,) = barred_lines(first, rows, FLOOR, Objective("skill", "min"))
    assert "barred 1 trial of greater value, the best t005 (0.1)" in line


def test_a_reference_that_failed_says_nothing_of_the_floor():
    first, failed = barred("t001", 0.2), Trial("r01", {}, "baseline", state=State.FAILED)
    rows = [first, Row(failed, math.nan, None, "failed")]
    assert barred_lines(first, rows, FLOOR, Objective("skill", "max")) == []


def test_a_floor_that_its_own_reference_misses_with_another_seed_is_said_so():
    first, base = barred("t001", 0.2), barred("r01", 0.1, "baseline")
    again = barred("r01.2", 0.1, "baseline", clean_floor=0.05)
    base = replace(base, trainings=(base.trial, again.trial))
    (line,) = barred_lines(first, [first, base], FLOOR, Objective("skill", "max"))
    assert line == (
        "1 of 2 trainings of the baseline itself miss the clean floor: it lies within what varies "
        "with the seed"
    )
