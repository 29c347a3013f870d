"""Figures on the page, with their words and files."""

import pytest
from make_run import METRIC, Blueprint
from matplotlib.figure import Figure

from analysis.report.sections import figure
from analysis.report.sections.figure import show, show_panels


@pytest.fixture
def run(build, monkeypatch):
    monkeypatch.setattr(figure, "figure", lambda *_: Figure(figsize=(1, 1)))
    return build(Blueprint("t001", metrics={METRIC: 0.5}))


def test_a_figure_has_words_and_links_to_its_numbers(run):
    html = show(run, "best_over_time", "What it shows.", "How to read it.", "best_so_far")
    assert '<title id="best-over-time-alt">What it shows.</title>' in html
    assert "<figcaption>How to read it. " in html
    for file in ("best_so_far.csv", "best_over_time.png", "best_over_time.svg"):
        assert f'href="{file}"' in html


def test_its_own_table_is_the_one_of_its_name(run):
    assert 'href="importance.csv"' in show(run, "importance", "", "")


def test_each_panel_is_named_in_words(run, monkeypatch):
    panels = {"latent_lr": Figure(figsize=(1, 1)), "lr": Figure(figsize=(1, 1))}
    monkeypatch.setattr(figure, "panels", lambda *_: panels)
    html = show_panels(run, "hyperparameters", "Value against", "")
    assert '<title id="hyperparameters-0-alt">Value against latent lr</title>' in html
    assert '<title id="hyperparameters-1-alt">Value against lr</title>' in html


def test_where_there_is_no_panel_it_is_said(run):
    assert show_panels(run, "robustness", "Score under", "") == (
        "<p>Score under nothing that was measured.</p>"
    )
