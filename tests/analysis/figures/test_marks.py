"""Marks that figures share."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.figures.marks import (
    MANY,
    bar_lengths,
    dot,
    dots,
    say,
    time_unit,
    upright,
    width_of,
    wrap,
)
from analysis.figures.style import FAINT
from analysis.numbers.frames import Group

LOOK = dot(Group.RANKED)


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(0, (1, "seconds")), (299, (1, "seconds")), (300, (60, "minutes")), (10800, (3600, "hours"))],
)
def test_an_axis_of_time_has_a_unit_that_fits(seconds, unit):
    assert time_unit(seconds) == unit


def test_bars_reach_to_the_ends_of_intervals_and_none_backwards():
    lengths = bar_lengths([0.5, 0.5, 1.2], [0.2, math.nan, 1.0], [0.9, math.nan, 1.0])
    assert lengths == pytest.approx(np.array([[0.3, 0, 0.2], [0.4, 0, 0]]))


def test_an_axis_of_values_breaks_its_name_once():
    assert upright("accuracy under PGD, mean over ε, so far") == (
        "accuracy under PGD,\nmean over ε, so far"
    )


def test_text_breaks_where_it_would_leave_the_figure():
    canvas = Figure(figsize=(2, 1))
    assert width_of(canvas) == 2
    lines = wrap(canvas, "word " * 20).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 32


def test_a_dot_beyond_the_top_is_an_arrow_head_there():
    ax = Figure().subplots()
    dots(ax, [1, 2, 3], [0.1, 0.2, 9.0], 1.0, LOOK)
    inside, arrows = ax.collections
    assert inside.get_offsets().tolist() == [[1, 0.1], [2, 0.2]]
    assert arrows.get_offsets().tolist() == [[3, 1.0]]
    assert not arrows.get_clip_on()


def test_many_dots_are_smaller():
    sizes = []
    for count in (10, 4 * MANY):
        ax = Figure().subplots()
        dots(ax, np.arange(count), np.zeros(count), math.inf, LOOK)
        sizes.append(ax.collections[0].get_sizes()[0])
    assert sizes[1] == pytest.approx(sizes[0] / 2)


def test_a_trial_that_was_stopped_is_pale_and_one_that_is_barred_is_hollow():
    assert dot(Group.STOPPED, [0.0, 1.0])["facecolors"] == FAINT
    assert dot(Group.STOPPED, [0.0, 1.0])["s"].tolist() == [10, 40]
    assert dot(Group.BARRED)["facecolors"] == "white"
    assert LOOK["facecolors"] != "white"


def test_an_empty_figure_has_words_and_no_ticks():
    ax = Figure().subplots()
    say(ax, "nothing to draw")
    assert [text.get_text() for text in ax.texts] == ["nothing to draw"]
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0
