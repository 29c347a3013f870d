"""Bars as long as their scores, with intervals, in the order of the table."""

import numpy as np

from analysis.studies.nonrobust.figures import draw_decomposition
from analysis.studies.nonrobust.numbers import CONDITIONS, decomposition


def test_every_network_has_a_bar_for_each_condition(run):
    table = decomposition(run)
    (ax,) = draw_decomposition(table, 1 / 3, "attacked, 2/255").axes
    lengths = [bar.get_width() for bar in ax.patches]
    expected = np.concatenate([table[name].to_numpy(dtype=float) for name in CONDITIONS])
    assert np.allclose(lengths, expected, equal_nan=True)
    assert [text.get_text() for text in ax.get_yticklabels()] == table["network"].tolist()
    assert "attacked, 2/255" in [container.get_label() for container in ax.containers]
