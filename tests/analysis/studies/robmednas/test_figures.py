"""Figures of what follows a search."""

import make_robmednas
import numpy as np

from analysis.studies.robmednas.experiments import read
from analysis.studies.robmednas.figures import draw_corruption, draw_stability


def test_figures_of_experiments_are_drawn(tmp_path):
    corruption = read(make_robmednas.write_corruption(tmp_path))
    stability = read(make_robmednas.write_stability(tmp_path))
    assert len(draw_corruption(corruption).axes) == 4
    canvas = draw_stability(stability)
    assert canvas.axes[0].get_title(loc="left") == "11 trainings, other initialisation"
    lines = [line.get_ydata() for line in canvas.axes[0].lines]
    assert np.isfinite(np.concatenate([np.asarray(line, dtype=float) for line in lines])).all()
