"""Looks, and what drawing leaves behind."""

import matplotlib as mpl
from make_run import REFERENCES, Blueprint

from analysis.figures.catalogue import figure
from analysis.figures.style import COLOURS, MARKERS, WINNER, looks


def test_looks_tell_references_apart_and_the_winner_from_all(whole_run):
    styles = looks(whole_run.trials)
    references = [styles[f"r0{i}"] for i in range(1, 9)]
    assert len({(look.colour, look.marker) for look in references}) == 8
    assert styles[whole_run.winner].marker == "*"
    assert [trial for trial, look in styles.items() if look.colour == WINNER] == [whole_run.winner]


def test_a_reference_that_wins_keeps_its_colour(build):
    styles = looks(build(REFERENCES[0], Blueprint("t001", skill=0.1, reach=0.1)).trials)
    assert (styles["r01"].colour, styles["r01"].marker) == (COLOURS[0], "*")
    assert WINNER not in COLOURS
    assert "*" not in MARKERS


def test_matplotlibs_settings_are_left_as_they_were(whole_run):
    before = dict(mpl.rcParams)
    figure(whole_run, "robustness")
    assert dict(mpl.rcParams) == before
