"""Figures draw what tested functions computed."""

import numpy as np
from gansplit_runs import trials, with_generators, write_curve

from analysis.studies.gansplit.figures import draw_curve, draw_generators, draw_points
from analysis.studies.gansplit.numbers import generators, points, read_curve


def test_each_measure_has_a_panel_with_a_point_for_each_generator(build):
    frame = generators(with_generators(build(*trials())))
    panels = [ax for ax in draw_generators(frame).axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in panels] == list(frame["measure"].unique())
    assert all(len(ax.containers) == 2 for ax in panels)


def test_authentic_images_are_in_both_panels_of_the_split(build):
    canvas = draw_points(points(build(*trials())), "skill")
    for ax in canvas.axes:
        points_of_axis = np.concatenate([dots.get_offsets() for dots in ax.collections])
        assert 0.0 in points_of_axis[:, 0]
    assert len(canvas.axes) == 2


def test_the_curve_has_both_ways_to_mix_and_its_controls(tmp_path):
    canvas = draw_curve(read_curve(write_curve(tmp_path)))
    clean, skill = canvas.axes
    assert clean.get_ylabel() == "balanced accuracy, clean"
    assert skill.get_ylabel() == "robust skill"
    labels = clean.get_legend_handles_labels()[1]
    assert labels == ["replace", "add", "repeats", "adversarial, add 1"]
    line = clean.containers[0].lines[0]
    assert line.get_xdata().tolist() == [0.0, 0.5, 1.0]
    assert np.allclose(line.get_ydata(), [0.7, 0.6, 0.5])
