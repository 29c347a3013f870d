"""Tables and sentences of a ranking, at 80 columns."""

import math

import pytest
from make_trials import HIGH, screen

from search.engine.agreement import Agreement
from search.engine.trial import State, Trial
from search.record.manifest import Beside, ConstantAnswer
from search.results.differences import Gain
from search.results.ranking import Row, rank
from search.results.seeds import UNKNOWN, Spread
from search.results.tables import (
    agreement_line,
    config_lines,
    duration,
    interval,
    luck_lines,
    number,
    percent,
    ranked_table,
    spread_line,
    winner_lines,
)
from trainables.study.report import Report


def test_further_columns_stand_beside_the_value(trials):
    metric = next(iter(trials[0].reports[-1].metrics))
    columns, note = {"clean\nHU": metric, "PGD\nHU": "missing"}, "HU: of pixels"
    beside = Beside(columns, {metric: 305.7}, note, "subjects")
    rows = rank(trials, HIGH)
    table = ranked_table(rows, HIGH, 60, constant=ConstantAnswer("one grey", 0.0), beside=beside)
    text = screen(table)
    assert max(map(len, text.splitlines())) <= 80
    (line,) = [line for line in text.splitlines() if "r05" in line]
    assert line.count("0.47") == 2
    (line,) = [line for line in text.splitlines() if "one grey" in line]
    assert "306" in line
    assert "HU: of pixels" in text
    assert "interval: over subjects alone" in text
    assert "HU" not in screen(ranked_table(rows, HIGH, 60))


def test_the_ranked_table_fits_80_columns_and_says_why_a_trial_cannot_win(trials):
    missed = Row(trials[0], 0.45, None, "max_disturbed, another_floor missed")
    metric = next(iter(trials[0].reports[-1].metrics))
    beside = Beside({"clean\nHU": metric, "PGD\nHU": metric}, {}, "HU: of pixels")
    shown = screen(ranked_table([missed, *rank(trials, HIGH)], HIGH, 60, beside=beside))
    assert max(map(len, shown.splitlines())) <= 80
    assert "ranked by ranking_pgd_bacc_curve, highest first" in shown
    for word in ("max", "disturbed,", "another", "floor", "missed"):
        assert f" {word} " in shown, "a narrow column cuts no word"


def test_the_sign_of_a_tie_is_explained_as_that_of_trials_that_can_win(trials):
    rows = rank(trials, HIGH)
    tied = [row.trial.id for row in rows[:2]]
    shown = screen(ranked_table(rows, HIGH, 60, tied))
    assert "= can win, and cannot be told apart: none that can win was trained" in " ".join(
        shown.split()
    )
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("state", State)
def test_no_state_is_broken_beside_further_columns(trials, state):
    trials[0].state, trials[0].label = state, "a reference with a long name"
    metric = next(iter(trials[0].reports[-1].metrics))
    beside = Beside({"clean\nHU": metric, "PGD\nHU": metric}, {}, "HU: of pixels")
    rows, grey = [Row(trials[0], 0.45, (0.1, 0.9), "")], ConstantAnswer("the best single grey", 0.0)
    shown = screen(ranked_table(rows, HIGH, 60, constant=grey, beside=beside))
    assert len({len(line) for line in shown.splitlines() if "│" in line}) == 1
    assert max(map(len, shown.splitlines())) <= 80
    assert f" {state.value} " in shown


def test_a_constant_answer_has_a_row_behind_all_that_beat_it(trials):
    rows = [Row(trials[1], 0.47, None, ""), Row(trials[0], 0.45, None, "")]
    for value, place in ((0.5, 0), (0.46, 1), (0.0, 2)):
        table = ranked_table(rows, HIGH, 60, constant=ConstantAnswer("a constant answer", value))
        lines = [line for line in screen(table).splitlines() if "│" in line]
        assert "constant answer" in lines[place]
        assert f"{value:.3f}" in lines[place]
    assert "constant" not in screen(ranked_table(rows, HIGH, 60))


def test_the_winner_is_told_with_its_gains(trials):
    first, other = trials[1], trials[0]
    row = Row(first, 0.47, None, "")
    lines = winner_lines(row, [Gain(other, 0.02, (-0.01, 0.05), 0.99)], HIGH)
    assert lines[0] == "winner: r05 paper 50/0.1 [x], ranking_pgd_bacc_curve 0.470"
    assert "no sampled trial" in lines[1]
    assert lines[-2] == "gain over r01 baseline +0.020  99 % [-0.010, +0.050]"
    assert "over images and seeds; all comparisons of the run hold together in 95 %" in lines[-1]
    lines = winner_lines(row, [Gain(other, 0.02, (-0.01, 0.05), 0.99)], HIGH, "subjects")
    assert "over subjects and seeds" in lines[-1]
    lines = winner_lines(row, [Gain(other, 0.02, (-1.0, 1.0), 0.99)], HIGH)
    assert lines[-2] == "gain over r01 baseline +0.020  (too few trainings)"


def test_what_looks_better_by_one_seed_is_named_with_the_reason():
    def report(value):
        return Report(1, {HIGH.metric: value})

    def trial(name, value, **fields):
        return Trial(name, {}, state=State.COMPLETED, reports=[report(value)], **fields)

    rivals = [trial(f"t00{n}", 0.40 + n / 100) for n in range(2, 7)]
    first = trial("t001", 0.5)
    again = trial("t001.2", 0.3, repeats="t001", seed=1, by_value=True)
    lines = luck_lines(rank([first, again, *rivals], HIGH), HIGH)
    assert lines[0] == (
        "behind the winner, though above it by one seed: t006 0.460, t005 0.450, t004 0.440 and "
        "2 more"
    )
    assert "the winner's was 0.500" in lines[1]
    assert "--race 2" in lines[2]
    assert luck_lines(rank([first, *rivals], HIGH), HIGH) == []


def test_the_deviation_over_seeds_is_said_with_its_source():
    assert spread_line(Spread(0.0832, 4, 2)) == (
        "values vary with the seed by 0.083 (standard deviation over 6 trainings of 2 configs)"
    )
    assert spread_line(Spread(0.0832, 1, 1)).endswith("over 2 trainings of 1 config)")
    assert "not known: see --seed-check" in spread_line(UNKNOWN)


@pytest.mark.parametrize(
    ("level", "text"), [(0.95, "95 %"), (0.975, "97.5 %"), (1 - 0.05 / 12, "99.58 %")]
)
def test_levels(level, text):
    assert percent(level) == text


def test_configs_break_between_pairs():
    lines = config_lines({f"parameter_{i}": 0.123456 * i for i in range(9)})
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).split()[1] == "parameter_1=0.1235"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (125, "2:05"), (3725, "1:02:05")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_absent_numbers():
    assert number(float("nan")) == "-"
    assert not interval(None)
    assert not interval((float("nan"), 1.0))


def test_a_rung_is_not_said_to_rank_as_the_next_where_that_is_not_known_or_not_so():
    few = agreement_line(Agreement(0, 4, 1.0, math.nan, math.nan), "1/2")
    assert few == (
        "whether rung 1 ranks as rung 2 does: not known, 4 sampled trials reached both; 1/2 go on"
    )
    against = agreement_line(Agreement(0, 9, -0.5, -0.9, 0.1), "2/3")
    assert against.startswith("whether rung 1 ranks as rung 2 does: Kendall's tau -0.50 [-0.900, ")
