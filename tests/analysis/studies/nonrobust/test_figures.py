"""Bars as long as their scores, with intervals, in the order of the table."""

import numpy as np

from analysis.studies.nonrobust.figures import draw_corruptions, draw_decomposition
from analysis.studies.nonrobust.numbers import CONDITIONS, decomposition, read_corruptions


def test_every_network_has_a_bar_for_each_condition(run):
    table = decomposition(run)
    (ax,) = draw_decomposition(table, 1 / 3, "attacked, 2/255").axes
    lengths = [bar.get_width() for bar in ax.patches]
    expected = np.concatenate([table[name].to_numpy(dtype=float) for name in CONDITIONS])
    assert np.allclose(lengths, expected, equal_nan=True)
    assert [text.get_text() for text in ax.get_yticklabels()] == table["network"].tolist()
    assert "attacked, 2/255" in [container.get_label() for container in ax.containers]


def test_each_fold_has_a_panel_with_a_line_for_each_network(corruptions_file):
    noise, blur = draw_corruptions(read_corruptions(corruptions_file)).axes
    titles = noise.get_title("left"), blur.get_title("left")
    assert titles == ("noise, c-like @28", "blur, c-like @28")
    for ax in (noise, blur):
        assert [line.get_label() for line in ax.lines] == ["winner", "baseline"]
        assert ax.lines[0].get_xdata().tolist() == [0, 1, 2, 3, 4, 5]
    assert np.allclose(noise.lines[1].get_ydata(), 0.8 - 0.03 * np.arange(6))
