"""Figures of the hyperparameters show the numbers."""

from canvas_texts import draw

from analysis.numbers.importance import importance


def test_chance_is_drawn_beside_importance(whole_run):
    ax, frame = draw(whole_run, "importance").axes[0], importance(whole_run)
    assert [bar.get_width() for bar in ax.patches] == frame["importance"].tolist()
    lines = [segment[0][0] for segment in ax.collections[0].get_segments()]
    assert lines == frame["chance"].tolist()


def test_a_wide_range_is_drawn_on_a_logarithmic_axis(whole_run):
    axes = {ax.get_xlabel(): ax for ax in draw(whole_run, "hyperparameters").axes}
    assert axes["latent lr"].get_xscale() == "log"
    assert axes["uncertainty"].get_xscale() == "linear"
