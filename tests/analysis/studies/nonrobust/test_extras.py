"""What the nonrobust study adds to a report."""

from make_run import Blueprint

from analysis.export import export_experiments
from analysis.extras import exhibits


def test_what_networks_use_is_an_exhibit_in_bars_and_words(run):
    (exhibit,) = exhibits(run)
    assert exhibit.name == "features"
    assert "attacked, 2/255" in exhibit.alt
    assert "one seed says nothing" in exhibit.caption
    assert exhibit.cells.columns.tolist() == ["network", "clean", "attacked", "corrupted"]
    assert len(exhibit.draw().axes) == 1


def test_there_is_none_where_nothing_was_measured(build, task):
    assert exhibits(build(Blueprint("t001"), task=task, keep_answers=False)) == []


def test_curves_of_corruptions_are_drawn_where_their_file_is(corruptions_file, tmp_path):
    files = export_experiments(corruptions_file.parent, tmp_path / "out")
    assert files == ["corruptions.png", "corruptions.svg"]
