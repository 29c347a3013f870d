"""Figures of the hyperparameters show the numbers."""

from canvas_texts import draw
from make_run import Blueprint

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


def test_names_and_ends_of_many_axes_do_not_cover_each_other(build):
    config = {f"a_long_name_{number:02d}": number for number in range(14)}
    trials = [
        Blueprint(f"t00{k}", config={name: 12345.0 + k * value for name, value in config.items()})
        for k in range(1, 4)
    ]
    figure = draw(build(*trials), "parallel")
    (ax,) = figure.axes
    figure.draw_without_rendering()
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {40}
    ends = [note.get_window_extent() for note in ax.texts]
    assert sum(a.overlaps(b) for k, a in enumerate(ends) for b in ends[k + 1 :]) == 0


def test_large_numbers_share_no_factor_that_is_written_apart(build):
    trials = [Blueprint(f"t00{k}", config={"effort": 2e7 + 1e6 * k}) for k in range(1, 4)]
    figure = draw(build(*trials), "hyperparameters")
    figure.draw_without_rendering()
    (ax,) = [ax for ax in figure.axes if ax.get_xlabel() == "effort"]
    assert ax.xaxis.get_offset_text().get_text() == ""
    assert any(label.get_text().endswith("M") for label in ax.get_xticklabels())
