"""Figures of the ranking show the numbers."""

import make_robmednas
import numpy as np
import pytest
from canvas_texts import draw, words_of
from make_run import METRIC, Blueprint, make_run

from analysis.figures.catalogue import figure
from analysis.figures.style import WINNER
from analysis.load import load
from analysis.numbers import frames as numbers
from analysis.numbers.frames import robustness, standings
from search.engine.trial import State

FAILED = Blueprint("t001", state=State.FAILED, reports=0, reason="out of memory")


def test_the_leaderboard_marks_winner_groups_and_values(whole_run):
    words = words_of(draw(whole_run, "leaderboard"))
    assert words.count(whole_run.winner) == 1
    assert {
        "baseline",
        "adversarial",
        "missed a constraint: cannot win",
        "and 3 more",
    } <= {*words}
    assert "stopped at a lower rung: value at the epoch reached" in words
    value = whole_run.trials["value"].iloc[0]
    assert f"{value:.3f}" in words
    canvas = draw(whole_run, "leaderboard")
    labels = canvas.axes[0].get_yticklabels()
    assert [t.get_text() for t in labels if t.get_weight() == "bold"] == [whole_run.winner]
    assert labels[0].get_color() == WINNER


def test_the_interval_is_drawn_where_the_numbers_say(whole_run):
    ax, first = draw(whole_run, "leaderboard").axes[0], standings(whole_run).iloc[0]
    chance, interval = ax.lines[:2]
    assert interval.get_xdata().tolist() == [first["low"], first["high"]]
    assert chance.get_xdata() == [0.0, 0.0]


def test_curves_are_the_numbers(whole_run):
    canvas, frame = draw(whole_run, "robustness"), robustness(whole_run)
    for ax, attack in zip(canvas.axes, ("pgd", "fgsm"), strict=True):
        assert ax.get_title(loc="left") == f"Under {attack.upper()}"
        curves = {tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 5}
        expected = frame[frame["attack"] == attack].groupby("trial")["value"].apply(tuple)
        assert curves == set(expected)
        chance = [line.get_ydata()[0] for line in ax.lines if len(line.get_ydata()) == 2]
        assert chance == [pytest.approx(1 / 3)]
    assert "a constant answer" in words_of(canvas)


@pytest.mark.parametrize(
    ("radii", "even"), [((0.78, 1.4, 2.4, 4.2, 7.5), True), ((5.0, 10.0, 15.0, 20.0), False)]
)
def test_log_spaced_radii_have_the_same_distance_on_the_axis(build, radii, even):
    metrics = {METRIC: 0.5, "ranking_clean_bacc": 0.9}
    metrics |= {f"ranking_pgd_bacc_eps{radius:g}": 0.4 for radius in radii}
    canvas = draw(build(Blueprint("r01", "baseline", metrics=metrics)), "robustness")
    (ax,) = canvas.axes
    canvas.draw_without_rendering()
    ticks = ax.get_xticks()
    assert ticks.tolist() == [0.0, *radii]
    steps = np.diff([ax.transData.transform((tick, 0.0))[0] for tick in ticks])
    assert np.allclose(steps, steps.mean(), rtol=0.07)  # radii have two digits
    assert ax.get_xscale() == ("symlog" if even else "linear")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", *map("{:g}".format, radii)]


def test_the_attack_that_ranks_is_drawn_too(build):
    metrics = {METRIC: 0.5, "ranking_clean_bacc": 0.9}
    metrics |= {f"ranking_{a}_bacc_eps4": 0.4 for a in ("pgd", "fgsm", "square")}
    canvas = draw(build(Blueprint("r01", "baseline", metrics=metrics)), "robustness")
    titles = [ax.get_title(loc="left") for ax in canvas.axes]
    assert titles == ["Under PGD", "Under SQUARE", "Under FGSM"]


def test_an_empty_figure_says_why(build):
    run = build(FAILED)
    assert "no trial has a value" in words_of(draw(run, "leaderboard"))
    assert "no two sampled trials with values to compare" in words_of(draw(run, "hyperparameters"))
    assert "no attack was measured on winner or references" in words_of(draw(run, "robustness"))


def test_a_diverged_trial_does_not_press_the_leaderboard_into_a_line(tmp_path):
    trials = make_robmednas.whole_search(12)
    trials[3].skill = -30.0
    run = load(make_run(tmp_path / "run", trials, task=make_robmednas.ROBMEDNAS, images=8))
    values = numbers.standings(run)["value"]
    assert values.max() > 5 * values.median()
    left, right = figure(run, "leaderboard").axes[0].get_xlim()
    assert values.median() < right < 3 * values.median()
    assert 0.5 * values.min() < left < values.min()
