"""What is shown at exactly 80 columns."""

import io

import pytest
from rich.console import Console

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.results.progress import Progress
from search.results.ranking import Gain, Row, rank
from search.results.tables import (
    config_lines,
    duration,
    interval,
    number,
    ranked_table,
    winner_lines,
)
from trainables.study.report import Report

HIGH = Objective("ranking_pgd_bacc_curve", "max")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def screen(renderable, *, terminal=True):
    console = Console(width=80, file=io.StringIO(), force_terminal=terminal, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def trial(trial_id, state, value=None, label="", ended_s=None, reason=""):
    reports = [] if value is None else [Report(60, {HIGH.metric: value}, {HIGH.metric: (0.4, 0.5)})]
    return Trial(
        trial_id, {}, label, scaled=bool(label), state=state, reports=reports, reason=reason,
        started_s=0.0, ended_s=ended_s,
    )  # fmt: skip


@pytest.fixture
def trials():
    return [
        trial("r01", State.COMPLETED, 0.45, "baseline", ended_s=60),
        trial("r05", State.COMPLETED, 0.47, "paper 50/0.1 [x]", ended_s=90),
        trial("t001", State.PRUNED, 0.3, ended_s=30, reason="not among the best at epoch 3"),
        trial("t002", State.FAILED, ended_s=20, reason="OutOfMemoryError: [CUDA] out of memory"),
        trial("t003", State.RUNNING, 0.49),
    ]


@pytest.fixture
def follow(trials):
    def build(console):
        clock = Clock()
        progress = Progress(console, HIGH, total=27, budget=60, workers=2, clock=clock)
        for one in trials:
            progress.notice("proposed", one)
        clock.now = 125.0
        return progress

    return build


def test_the_live_table_fits_80_columns(follow):
    shown = screen(follow(Console(width=80)).render())
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == (
        "4/27 done | 1 running | 1 pruned | 1 failed | best 0.470 | 2:05, ~9:35 left"
    )
    assert "r05 paper 50/0.1 [x]*" in shown
    assert "* scaled" in shown
    assert "[0.400, 0.500]" in shown


def test_time_left_is_the_mean_time_of_the_ended(follow):
    progress = follow(Console(width=80))
    assert progress.left_s() == pytest.approx((60 + 90 + 30 + 20) / 4 * 23 / 2)


def test_elsewhere_it_is_one_line_per_ended_trial(follow, trials):
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    with follow(console) as progress:
        for one in trials[:4]:
            progress.notice("ended", one)
    assert console.file.getvalue().splitlines() == [
        "[4/27] r01 baseline: completed, 0.450 at 60/60 epochs, 1:00",
        "[4/27] r05 paper 50/0.1 [x]: completed, 0.470 at 60/60 epochs, 1:30",
        "[4/27] t001: pruned, 0.300 at 60/60 epochs, 0:30 (not among the best at epoch 3)",
        "[4/27] t002: failed, - at 0/60 epochs, 0:20 (OutOfMemoryError: [CUDA] out of memory)",
    ]


def test_a_terminal_shows_the_live_table(follow, trials):
    console = Console(width=80, file=io.StringIO(), force_terminal=True)
    with follow(console) as progress:
        progress.notice("ended", trials[3])
    shown = console.file.getvalue()
    assert "t002: OutOfMemoryError: [CUDA] out of memory" in shown
    assert "4/27 done" in shown


def test_the_ranked_table_fits_80_columns_and_says_why_a_trial_cannot_win(trials):
    missed = Row(trials[0], 0.45, None, "clean_floor, another_floor missed")
    shown = screen(ranked_table([missed, *rank(trials, HIGH)], HIGH, 60))
    assert max(map(len, shown.splitlines())) <= 80
    assert "ranked by ranking_pgd_bacc_curve, highest first" in shown
    assert "clean_floor" in shown


def test_the_winner_is_told_with_its_gains(trials):
    first, other = trials[1], trials[0]
    row = Row(first, 0.47, None, "")
    lines = winner_lines(row, [Gain(other, 0.02, (-0.01, 0.05))], HIGH)
    assert lines[0] == "winner: r05 paper 50/0.1 [x], ranking_pgd_bacc_curve 0.470"
    assert "no sampled trial" in lines[1]
    assert lines[-1] == "gain over r01 baseline +0.020  95 % [-0.010, +0.050]"


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
