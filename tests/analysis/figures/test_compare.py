"""Figures of several runs."""

import make_robmednas
from make_run import METRIC, Blueprint, make_run

from analysis.figures.compare import draw_progress, figures_of
from analysis.load import load
from analysis.report.compare import comparison


def test_each_run_is_a_line_of_the_figure(two):
    ax = draw_progress(two, METRIC, "number", 4.4).axes[0]
    lines = {tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) > 1}
    assert lines == {(0.1, 0.4), (0.5, 0.6, 0.6)}


def test_figures_of_a_second_metric_have_names_of_their_own(tmp_path, two):
    task = make_robmednas.ROBMEDNAS
    config = {"architecture": make_robmednas.HANDCRAFTED}
    heads = load(
        make_run(tmp_path / "heads", [Blueprint("t001", config=config)], task=task, images=8)
    )
    runs = [*two, heads]
    names = [*figures_of(runs, METRIC, 4.4), *figures_of(runs, task.metric, 4.4)]
    assert len(set(names)) == 6


def test_runs_without_a_winner_have_no_empty_figures(build):
    runs = [
        build(Blueprint("t001", violation=0.1), Blueprint("t002", violation=0.2), name=name)
        for name in ("first", "second")
    ]
    assert figures_of(runs, METRIC, 4.4) == {}
    page = comparison(runs, ["first.html", "second.html"])
    assert "No run has a trial that can win: there is nothing to draw." in page
