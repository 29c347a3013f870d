"""Figures of the search show the numbers."""

import make_robmednas
import numpy as np
from canvas_texts import draw, words_of
from make_run import Blueprint, make_run

from analysis.figures.catalogue import figure
from analysis.figures.style import WINNER
from analysis.load import load
from analysis.numbers.frames import best_so_far
from analysis.numbers.ladder import survival


def test_the_ladder_is_the_numbers(whole_run):
    bars, frame = draw(whole_run, "survival").axes[0].containers, survival(whole_run)
    widths = [[bar.get_width() for bar in fate] for fate in bars]
    assert widths[0] == frame["went_on"].tolist()
    assert widths[1] == frame["stopped"].tolist()


def test_every_trial_is_on_the_timeline(whole_run):
    ax = draw(whole_run, "timeline").axes[0]
    assert sum(len(spans.get_paths()) for spans in ax.collections) == len(whole_run.record)


def test_best_so_far_is_the_numbers(whole_run):
    ax = draw(whole_run, "best_so_far").axes[0]
    step = next(line for line in ax.lines if line.get_color() == WINNER)
    np.testing.assert_array_equal(step.get_ydata()[:-1], best_so_far(whole_run)["best"])


def test_a_reference_that_cannot_win_is_said_so(build):
    run = build(Blueprint("r01", "baseline", violation=0.1), Blueprint("t001"))
    assert "baseline (cannot win)" in words_of(draw(run, "best_so_far"))


def test_refused_proposals_are_counted_and_said(tmp_path):
    folder = make_run(
        tmp_path / "run",
        make_robmednas.whole_search(3),
        task=make_robmednas.ROBMEDNAS,
        images=8,
        refused=4,
    )
    refusing = load(folder)
    assert refusing.refused == 4
    assert len(refusing.trials) == 5
    label = figure(refusing, "best_so_far").axes[0].get_xlabel()
    assert "4 more refused untrained" in label
