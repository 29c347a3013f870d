"""The page of several runs."""

from html_page import check
from make_run import REFERENCES, Blueprint, make_run

from analysis.load import load
from analysis.report.compare import comparison


def test_runs_side_by_side(tmp_path):
    runs = [
        load(make_run(tmp_path / name, [REFERENCES[0], Blueprint("t001")])) for name in ("a", "b")
    ]
    page = check(comparison(runs, ["a/report.html", "b/report.html"]))
    assert {"a/report.html", "b/report.html"} <= set(page.targets)
    assert page.headings[0] == "2 runs side by side"


def test_gains_have_a_sign_and_what_differs_is_listed(two):
    two[1].manifest["plan"]["sampler"] = "random"
    text = " ".join(check(comparison(two, ["one.html", "two.html"])).words)
    assert "level to beat" in text
    assert "+0.100 over paper" in text
    assert "+0.300 over paper" in text
    assert "-0.200" in text  # the first's winner against the second's
    assert "plan.sampler" in text
    assert "by their means over seeds" in text
    assert "the interval is over seeds and images" in text


def test_the_level_of_several_duels_is_said(tmp_path):
    names = ("a", "b", "c")
    runs = [load(make_run(tmp_path / name, [REFERENCES[0], Blueprint("t001")])) for name in names]
    text = " ".join(check(comparison(runs, [f"{name}.html" for name in names])).words)
    assert "98.33 % interval" in text
    assert "all 3 intervals hold together in 95 %" in text


def test_runs_that_do_not_compare_say_so(two, heads):
    text = " ".join(check(comparison([two[0], heads], ["a.html", "b.html"])).words)
    assert "ranked by different metrics" in text
    assert "Ranked by head MAE in HU under PGD, mean over ε" in text
