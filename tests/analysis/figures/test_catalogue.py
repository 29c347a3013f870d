"""Every figure on every kind of run: it draws, it says what it must, no text covers another."""

import itertools
from functools import cache

import make_robmednas
import make_run
import matplotlib as mpl
import numpy as np
import pytest
from make_run import METRIC, REFERENCES, Made
from make_run import many as many_trials
from matplotlib.text import Text

from analysis.figures.catalogue import FIGURES, NARROW, PANELS, figure, overview, panels
from analysis.figures.style import COLOURS, MARKERS, WINNER, looks
from analysis.load import load
from analysis.numbers.frames import best_so_far, robustness, standings
from analysis.numbers.importance import importance
from analysis.numbers.ladder import survival
from search.engine.trial import State

FAILED = Made("t001", state=State.FAILED, reports=0, reason="out of memory")
RUNS = {
    "many": many_trials(),
    "few": [REFERENCES[0], REFERENCES[5], *many_trials(8)[8:]],
    "one reference": [REFERENCES[0]],
    "one sampled": [Made("t001")],
    "all failed": [FAILED, Made("t002", state=State.FAILED, reports=0, reason="x")],
    "no winner": [Made("r01", "baseline", violation=0.1), Made("t001", violation=0.2)],
    "all stopped": [Made(f"t00{i}", state=State.PRUNED, reports=i, reason="x") for i in (1, 2)],
    "no metrics": [Made("r01", "baseline", metrics={}), Made("t001", metrics={METRIC: 0.5})],
    "equal values": [Made(f"t00{i}", metrics={METRIC: 0.5}) for i in (1, 2, 3)],
    "little spread": [Made(f"t00{i}", config={"lr": 1e-4 * 2.0**i}) for i in range(6)],
    "same place": [Made(f"r0{i}", f"reference {i}", 0.6, 3.0) for i in range(1, 9)],
}


def draw(run, name):
    canvas = overview(run) if name == "overview" else figure(run, name)
    canvas.draw_without_rendering()
    return canvas


def texts_of(canvas):
    """All texts that are drawn, with their boxes in pixels; the line of an annotation is none."""
    axes = [axis for ax in canvas.axes if ax.axison for axis in (ax.xaxis, ax.yaxis)]
    shown = {tick.label1 for axis in axes for tick in axis._update_ticks()}
    ticks = {tick.label1 for ax in canvas.axes for tick in ax.xaxis.get_major_ticks()}
    ticks |= {tick.label1 for ax in canvas.axes for tick in ax.yaxis.get_major_ticks()}
    found = [text for text in canvas.findobj(Text) if text.get_visible() and text.get_text()]
    found = [text for text in found if text in shown or text not in ticks]
    return [(text.get_text(), Text.get_window_extent(text)) for text in found]


def words_of(canvas):
    return [text for text, _ in texts_of(canvas)]


def areas_shared(canvas):
    for (one, here), (other, there) in itertools.combinations(texts_of(canvas), 2):
        common = here.intersection(here, there)
        if common is not None and common.width > 1 and common.height > 1:
            yield one, other


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    """Make and load the runs of this file once each."""

    @cache
    def maker(kind):
        folder = tmp_path_factory.mktemp("run") / "run"
        if kind in SYNTHESIS_RUNS:
            options = {"task": make_robmednas.ROBMEDNAS, "images": 8, "refused": 3}
            return load(make_run.make_run(folder, SYNTHESIS_RUNS[kind], **options))
        options = {"keep_answers": kind != "no metrics"}
        return load(make_run.make_run(folder, RUNS[kind], **options))

    return maker


@pytest.mark.parametrize("name", [*FIGURES, "overview"])
@pytest.mark.parametrize("kind", RUNS)
def test_no_text_covers_another_or_leaves_the_figure(run_of, kind, name):
    canvas = draw(run_of(kind), name)
    assert list(areas_shared(canvas)) == []
    whole = canvas.bbox
    for text, box in texts_of(canvas):
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= whole.x1 + 1 and box.y1 <= whole.y1 + 1
        assert inside, text


SYNTHESIS_RUNS = {
    "many of synthesis": make_robmednas.many(),
    "one of synthesis": [Made("t001", config={"architecture": make_robmednas.HANDCRAFTED})],
    "all failed of synthesis": [FAILED],
    "one value of synthesis": [
        Made(f"t00{i}", metrics={make_robmednas.METRIC: 150.0}) for i in (1, 2, 3)
    ],
    "sixty of synthesis": make_robmednas.many(60, 1),
}


@pytest.mark.parametrize("name", [*FIGURES, "overview"])
@pytest.mark.parametrize("kind", SYNTHESIS_RUNS)
def test_no_text_covers_another_of_synthesis(run_of, kind, name):
    assert list(areas_shared(draw(run_of(kind), name))) == []


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("kind", ["many", "many of synthesis"])
def test_no_text_covers_another_at_the_width_of_the_report(run_of, kind, name):
    run = run_of(kind)
    drawn = [*panels(run, name).values()] if name in PANELS else [figure(run, name, NARROW)]
    assert drawn
    for canvas in drawn:
        canvas.draw_without_rendering()
        assert list(areas_shared(canvas)) == []


def test_panels_are_the_parts_of_their_figure(run_of):
    run = run_of("many")
    assert list(panels(run, "robustness")) == ["pgd", "fgsm"]
    assert list(panels(run, "agreement")) == ["1", "2", "3"]
    whole = draw(run, "hyperparameters")
    parts = panels(run, "hyperparameters")
    assert len(parts) == sum(ax.axison for ax in whole.axes)
    limits = {one.axes[0].get_ylim() for one in panels(run, "robustness").values()}
    assert limits == {whole.get_ylim() for whole in draw(run, "robustness").axes}
    assert len(limits) == 1


def test_the_ladder_is_the_numbers(run_of):
    run = run_of("many")
    bars, found = draw(run, "survival").axes[0].containers, survival(run)
    drawn = [[bar.get_width() for bar in fate] for fate in bars]
    assert drawn[0] == found["went_on"].tolist()
    assert drawn[1] == found["stopped"].tolist()


def test_chance_is_drawn_beside_importance(run_of):
    run = run_of("many")
    ax, found = draw(run, "importance").axes[0], importance(run)
    assert [bar.get_width() for bar in ax.patches] == found["importance"].tolist()
    lines = [segment[0][0] for segment in ax.collections[0].get_segments()]
    assert lines == found["chance"].tolist()


def test_every_trial_is_on_the_timeline(run_of):
    run = run_of("many")
    ax = draw(run, "timeline").axes[0]
    assert sum(len(drawn.get_paths()) for drawn in ax.collections) == len(run.record)


def test_the_leaderboard_marks_winner_groups_and_values(many):
    words = words_of(draw(many, "leaderboard"))
    assert words.count(many.winner) == 1
    assert {
        "baseline",
        "adversarial",
        "missed a constraint: cannot win",
        "and 3 more",
    } <= {*words}
    assert "stopped at a lower rung: value at the epoch reached" in words
    value = many.trials["value"].iloc[0]
    assert f"{value:.3f}" in words
    canvas = draw(many, "leaderboard")
    labels = canvas.axes[0].get_yticklabels()
    assert [t.get_text() for t in labels if t.get_weight() == "bold"] == [many.winner]
    assert labels[0].get_color() == WINNER


def test_the_interval_is_drawn_where_the_numbers_say(many):
    ax, first = draw(many, "leaderboard").axes[0], standings(many).iloc[0]
    chance, interval = ax.lines[:2]
    assert interval.get_xdata().tolist() == [first["low"], first["high"]]
    assert chance.get_xdata() == [pytest.approx(1 / 3)] * 2


def test_curves_are_the_numbers(many):
    canvas, found = draw(many, "robustness"), robustness(many)
    for ax, attack in zip(canvas.axes, ("pgd", "fgsm"), strict=True):
        assert ax.get_title(loc="left") == f"Under {attack.upper()}"
        drawn = {tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 5}
        wanted = found[found["attack"] == attack].groupby("trial")["value"].apply(tuple)
        assert drawn == set(wanted)
        chance = [line.get_ydata()[0] for line in ax.lines if len(line.get_ydata()) == 2]
        assert chance == [pytest.approx(1 / 3)]
    assert "chance" in words_of(canvas)


def test_the_attack_that_ranks_is_drawn_too(made):
    metrics = {METRIC: 0.5, "ranking_clean_bacc": 0.9}
    metrics |= {f"ranking_{a}_bacc_eps4": 0.4 for a in ("pgd", "fgsm", "square")}
    canvas = draw(made(Made("r01", "baseline", metrics=metrics)), "robustness")
    titles = [ax.get_title(loc="left") for ax in canvas.axes]
    assert titles == ["Under PGD", "Under SQUARE", "Under FGSM"]


def test_best_so_far_is_the_numbers(many):
    ax = draw(many, "best_so_far").axes[0]
    step = next(line for line in ax.lines if line.get_color() == WINNER)
    np.testing.assert_array_equal(step.get_ydata()[:-1], best_so_far(many)["best"])


def test_a_reference_that_cannot_win_is_said_so(made):
    run = made(Made("r01", "baseline", violation=0.1), Made("t001"))
    assert "baseline (cannot win)" in words_of(draw(run, "best_so_far"))


def test_a_wide_range_is_drawn_on_a_logarithmic_axis(many):
    axes = {ax.get_xlabel(): ax for ax in draw(many, "hyperparameters").axes}
    assert axes["latent lr"].get_xscale() == "log"
    assert axes["uncertainty"].get_xscale() == "linear"


def test_an_empty_figure_says_why(made):
    run = made(FAILED)
    assert "no trial has a value" in words_of(draw(run, "leaderboard"))
    assert "no two sampled trials with values to compare" in words_of(draw(run, "hyperparameters"))
    assert "no attack was measured on winner or references" in words_of(draw(run, "robustness"))


def test_looks_tell_references_apart_and_the_winner_from_all(many):
    found = looks(many.trials)
    references = [found[f"r0{i}"] for i in range(1, 9)]
    assert len({(look.colour, look.marker) for look in references}) == 8
    assert found[many.winner].marker == "*"
    assert [at for at, look in found.items() if look.colour == WINNER] == [many.winner]


def test_a_reference_that_wins_keeps_its_colour(made):
    found = looks(made(REFERENCES[0], Made("t001", skill=0.1, reach=0.1)).trials)
    assert (found["r01"].colour, found["r01"].marker) == (COLOURS[0], "*")
    assert WINNER not in COLOURS
    assert "*" not in MARKERS


def test_matplotlibs_settings_are_left_as_they_were(many):
    before = dict(mpl.rcParams)
    figure(many, "robustness")
    assert dict(mpl.rcParams) == before
