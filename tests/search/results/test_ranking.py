import math

import pytest
from scipy.stats import t

from search.engine.objective import Objective, Other
from search.engine.trial import State, Trial
from search.results.ranking import front_of, lucky, rank, winner
from trainables.study.report import Report

HIGH = Objective("m", "max")


def trial(name, state, *values, epochs=(1, 3, 9), floor=-1.0, label="", **fields):
    reports = [
        Report(epoch, {"m": value, "loss": 1 - value}, constraints={"floor": floor}, rung=rung)
        for rung, (epoch, value) in enumerate(zip(epochs, values, strict=False))
    ]
    return Trial(name, {}, label=label, state=state, reports=reports, **fields)


def test_only_the_full_budget_competes():
    trials = [
        trial("failed", State.FAILED, 0.99, reason="boom"),
        trial("pruned early", State.PRUNED, 0.95),
        trial("pruned late", State.PRUNED, 0.3, 0.35),
        trial("interrupted", State.INTERRUPTED, 0.3, 0.4),
        trial("below the floor", State.COMPLETED, 0.9, 0.9, 0.98, floor=0.1),
        trial("second", State.COMPLETED, 0.9, 0.9, 0.5),
        trial("first", State.COMPLETED, 0.1, 0.1, 0.6),
        trial("running", State.RUNNING),
    ]
    rows = rank(trials, HIGH)
    assert [row.trial.id for row in rows] == [
        "first",
        "second",
        "below the floor",
        "interrupted",
        "pruned late",
        "pruned early",
        "failed",
        "running",
    ]
    assert winner(rows).trial.id == "first"
    assert winner(rows).value == 0.6
    assert rows[2].note == "floor missed"


def test_less_is_better_where_the_metric_says_so():
    trials = [trial(str(value), State.COMPLETED, 0, 0, value) for value in (0.2, 0.8, 0.5)]
    rows = rank(trials, Objective("loss", "min"))
    assert [row.trial.id for row in rows] == ["0.8", "0.5", "0.2"]


def test_there_is_no_winner_where_nothing_completed_or_all_missed_the_floor():
    assert winner([]) is None
    assert winner(rank([trial("p", State.PRUNED, 0.9)], HIGH)) is None
    missed = trial("c", State.COMPLETED, 0.9, 0.9, 0.9, floor=0.01)
    assert winner(rank([missed], HIGH)) is None


def test_a_control_keeps_its_rank_but_cannot_win():
    control = trial("r", State.COMPLETED, 0, 0, 0.8, label="baseline", control=True)
    best = trial("t", State.COMPLETED, 0, 0, 0.6)
    rows = rank([best, control], HIGH)
    assert [row.trial.id for row in rows] == ["r", "t"]
    assert winner(rows).trial.id == "t"
    assert winner(rank([control], HIGH)) is None


def further(first, *values, floor=-1.0, by_value=True, intervals=()):
    """More seeds of a trial."""
    return [
        trial(f"{first}.{number}", State.COMPLETED, 0, 0, value, floor=floor, repeats=first,
              seed=number - 1, by_value=by_value)
        for number, value in enumerate(values, 2)
    ]  # fmt: skip


def test_chosen_trials_go_by_their_further_seeds_before_all_others():
    lucky = trial("lucky", State.COMPLETED, 0, 0, 0.8)
    steady = trial("steady", State.COMPLETED, 0, 0, 0.7)
    behind = trial("behind", State.COMPLETED, 0, 0, 0.65)
    running = trial("steady.3", State.RUNNING, 0.9, repeats="steady", seed=2, by_value=True)
    trials = [lucky, steady, behind, *further("lucky", 0.3, 0.4), *further("steady", 0.6), running]
    rows = rank(trials, HIGH)
    assert [row.trial.id for row in rows] == ["steady", "lucky", "behind"]
    assert [row.seeds for row in rows] == [2, 3, 1]
    assert [row.value for row in rows] == pytest.approx([0.6, 0.35, 0.65])


def test_trials_of_one_seed_that_look_better_than_the_winner_are_named():
    """They stand behind it: one seed of many is lucky, as the winner's own was."""
    trials = [
        trial("steady", State.COMPLETED, 0, 0, 0.7),
        trial("behind", State.COMPLETED, 0, 0, 0.65),
        trial("lower", State.COMPLETED, 0, 0, 0.3),
        trial("barred", State.COMPLETED, 0, 0, 0.9, floor=0.1),
        trial("control", State.COMPLETED, 0, 0, 0.68, control=True),
    ]
    assert lucky(rank(trials, HIGH), HIGH) == []
    rows = rank([*trials, *further("steady", 0.5, 0.6)], HIGH)
    assert winner(rows).trial.id == "steady"
    assert [row.trial.id for row in lucky(rows, HIGH)] == ["behind"]
    less = Objective("loss", "min")
    rows = rank([*trials, *further("steady", 0.5, 0.6)], less)
    assert [row.trial.id for row in lucky(rows, less)] == ["behind"]


@pytest.mark.parametrize(
    ("own", "of_the_arm", "order"),
    [
        (0.6, 0.3, ["own", "close", "lower", "arm"]),
        (0.6, 0.65, ["arm", "own", "close", "lower"]),  # better than its first training promised
        (0.6, 0.55, ["own", "close", "arm", "lower"]),
        (0.2, 0.1, ["own", "close", "lower", "arm"]),
    ],
)
def test_the_best_of_a_weak_arm_goes_behind_single_seeds_that_its_own_did_not_reach(
    own, of_the_arm, order
):
    trials = [
        trial("own", State.COMPLETED, 0, 0, 0.7),
        trial("close", State.COMPLETED, 0, 0, 0.65),
        trial("lower", State.COMPLETED, 0, 0, 0.5),
        trial("arm", State.COMPLETED, 0, 0, 0.45),
        trial("control", State.COMPLETED, 0, 0, 0.05, control=True),
    ]
    rows = rank([*trials, *further("own", own), *further("arm", of_the_arm)], HIGH)
    assert [row.trial.id for row in rows] == [*order, "control"]


def test_the_best_of_the_chosen_goes_first_where_a_later_single_seed_is_better():
    """Such as of trials that a run taken up added and could not repeat."""
    chosen = trial("chosen", State.COMPLETED, 0, 0, 0.6)
    other = trial("other", State.COMPLETED, 0, 0, 0.5)
    later = trial("later", State.COMPLETED, 0, 0, 0.9)
    rows = rank([chosen, other, later, *further("chosen", 0.4), *further("other", 0.3)], HIGH)
    assert [row.trial.id for row in rows] == ["chosen", "later", "other"]


def test_a_mean_over_seeds_that_chose_nothing_goes_before_a_worse_one_that_was_chosen():
    """A matched control stays above the winner; a baseline that is better wins."""
    best = trial("t001", State.COMPLETED, 0, 0, 0.7)
    single = trial("t002", State.COMPLETED, 0, 0, 0.6)
    control = trial("c01", State.COMPLETED, 0, 0, 0.55, control=True)
    baseline = trial("r01", State.COMPLETED, 0, 0, 0.3, label="baseline")
    seeds = [*further("t001", 0.5, 0.4), *further("c01", 0.5, by_value=False)]
    trials = [best, single, control, baseline, *seeds]
    rows = rank([*trials, *further("r01", 0.3, by_value=False)], HIGH)
    assert [row.trial.id for row in rows] == ["c01", "t001", "t002", "r01"]
    assert winner(rows).trial.id == "t001"
    rows = rank([*trials, *further("r01", 0.9, by_value=False)], HIGH)
    assert [row.trial.id for row in rows] == ["r01", "c01", "t001", "t002"]


def test_seeds_of_a_trial_that_was_not_chosen_for_its_value_all_count():
    baseline = trial("r01", State.COMPLETED, 0, 0, 0.2, label="baseline")
    best = trial("t001", State.COMPLETED, 0, 0, 0.5)
    rows = rank([baseline, best, *further("r01", 0.3, 0.4, by_value=False)], HIGH)
    assert [row.trial.id for row in rows] == ["t001", "r01"]
    assert rows[1].value == pytest.approx(0.3)


def test_intervals_join_images_and_seeds():
    """Student's t of the pooled deviation, in quadrature with the interval over images."""
    trials = [
        trial("r01", State.COMPLETED, 0, 0, 0.2),
        trial("t001", State.COMPLETED, 0, 0, 0.5),
        *further("r01", 0.3, 0.4, by_value=False),
        *further("t001", 0.4, 0.3),
    ]
    for member in trials:
        value = member.reports[-1].metrics["m"]
        member.reports[-1].intervals["m"] = (value - 0.05, value + 0.1)
    first, second = rank(trials, HIGH)
    assert first.value == pytest.approx(0.35)
    for row, count in ((first, 2), (second, 3)):
        half = t.ppf(0.975, 4) * 0.1 / math.sqrt(count)
        assert row.interval[0] == pytest.approx(row.value - math.hypot(0.05, half))
        assert row.interval[1] == pytest.approx(row.value + math.hypot(0.1, half))


def test_without_further_seeds_the_interval_is_that_of_the_images():
    member = trial("t001", State.COMPLETED, 0, 0, 0.5)
    assert rank([member], HIGH)[0].interval is None
    member.reports[-1].intervals["m"] = (0.4, 0.6)
    assert rank([member], HIGH)[0].interval == pytest.approx((0.4, 0.6))


def test_the_interval_of_a_skill_is_cut_at_the_least_and_the_greatest_skill():
    member = trial("t001", State.COMPLETED, 0, 0, 0.05)
    objective, name = Objective("ranking_pgd_acc_skill", "max"), "ranking_pgd_acc_skill"
    member.reports[-1].metrics[name] = 0.05
    for bounds, shown in (((-0.2, 0.3), (0.0, 0.3)), ((0.02, 1.2), (0.02, 1.0))):
        member.reports[-1].intervals[name] = bounds
        assert rank([member], objective)[0].interval == pytest.approx(shown)
        member.reports[-1].intervals["m"] = bounds
        assert rank([member], HIGH)[0].interval == pytest.approx(bounds)


def test_seeds_that_miss_a_constraint_bar_their_config():
    """Where they are at least half of its seeds."""
    first = trial("t001", State.COMPLETED, 0, 0, 0.8)
    rows = rank([first, *further("t001", 0.9, floor=0.2)], HIGH)
    assert rows[0].note == "floor missed"
    assert winner(rows) is None
    met = trial("t001.3", State.COMPLETED, 0, 0, 0.7, repeats="t001", seed=2, by_value=True)
    rows = rank([first, *further("t001", 0.9, floor=0.2), met], HIGH)
    assert rows[0].note == ""
    assert rows[0].value == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("failed", "completed", "bars"), [(2, 0, True), (1, 1, False), (1, 0, True)]
)
def test_a_config_most_of_whose_further_seeds_fail_cannot_win_by_its_first(failed, completed, bars):
    """It was chosen for the luck of that one."""
    first = trial("t001", State.COMPLETED, 0, 0, 0.9)
    lost = [
        trial(f"t001.{9 - number}", State.FAILED, 0, 0, repeats="t001", seed=number, by_value=True)
        for number in range(failed)
    ]
    rows = rank([first, *lost, *further("t001", *[0.5] * completed)], HIGH)
    assert rows[0].note == (f"{failed} of {failed + 1} trainings failed" if bars else "")
    assert rows[0].value == pytest.approx(0.9 if bars else 0.5)
    assert (winner(rows) is None) == bars


BOTH = Objective("m", "max", other=Other("loss", "max"))


def pair(name, first, second, label="", **fields):
    made = trial(name, State.COMPLETED, 0, 0, first, label=label, **fields)
    made.reports[-1].metrics["loss"] = second
    return made


def test_controls_of_two_objectives_replace_no_winner_and_set_no_corner():
    trials = [
        pair("t001", 0.9, 0.1), pair("t002", 0.6, 0.6), pair("t003", 0.1, 0.9),
        pair("r01", 0.2, 0.05, label="baseline", control=True),
    ]  # fmt: skip
    before = rank(trials, BOTH)
    assert winner(before).trial.id == "t002"
    control = pair("c01", 0.05, 0.95, label="matched baseline of t002", control=True)
    rows = rank([*trials, control], BOTH)
    assert [row.trial.id for row in rows] == ["t002", "t001", "t003", "r01", "c01"]
    assert front_of(rows, BOTH) == front_of(before, BOTH)
    assert front_of(rows, BOTH)["corner"] == [0.2, 0.05]


def test_a_config_that_is_barred_goes_behind_all_that_may_win():
    first, second = (trial(name, State.COMPLETED, 0, 0, 0.5) for name in ("t001", "t002"))
    rows = rank([first, second, *further("t001", 0.9, 0.9, floor=0.2)], HIGH)
    assert [row.trial.id for row in rows] == ["t002", "t001"]
