"""What the study adds to a report."""

from gansplit_runs import trials, with_generators, write_curve

from analysis.export import export_experiments
from analysis.studies.gansplit.extras import EXTRAS, quality, split


def test_flawed_generators_are_in_the_title(build):
    exhibit = quality(with_generators(build(*trials())))
    assert exhibit.title == "Generators, of which some are flawed (dcgan: generator_collapse)."
    assert list(exhibit.cells.columns) == ["measure", "hinge", "dcgan"]
    assert len(exhibit.draw().axes) == 9


def test_trials_along_the_split_are_an_exhibit(build):
    exhibit = split(build(*trials()))
    assert len(exhibit.table) == 3
    assert len(exhibit.draw().axes) == 2


def test_without_generators_or_split_there_is_nothing(whole_run):
    assert quality(whole_run) is None
    assert split(whole_run) is None
    assert len(EXTRAS.exhibits) == 2


def test_the_curve_of_a_comparison_is_drawn(tmp_path):
    write_curve(tmp_path)
    files = export_experiments(tmp_path, tmp_path / "out")
    assert files == ["gansplit.png", "gansplit.svg"]
