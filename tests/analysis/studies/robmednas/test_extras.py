"""What RobMedNAS adds to a report."""

import make_robmednas
from make_run import Blueprint

from analysis.export import export_experiments
from analysis.extras import exhibits


def test_the_winners_architecture_is_an_exhibit(build):
    text = "1100x8s4 1111x32 | 1000x8 1000x16"
    trial = Blueprint("t001", config={"architecture": text})
    (exhibit,) = exhibits(build(trial, task=make_robmednas.ROBMEDNAS, images=8))
    assert exhibit.name == "architecture"
    assert exhibit.alt == f"The winner's U-Net: {text}"
    assert exhibit.table["SE"].tolist() == [4, 0, 0, 0]
    assert exhibit.cells["SE"].tolist() == ["1/4", "", "", ""]
    assert len(exhibit.draw().axes) == 1


def test_there_is_no_exhibit_without_a_winner(build):
    trial = Blueprint("t001", violation=0.1)
    assert exhibits(build(trial, task=make_robmednas.ROBMEDNAS, images=8)) == []


def test_experiments_are_drawn_where_their_files_are(tmp_path):
    make_robmednas.write_corruption(tmp_path)
    make_robmednas.write_stability(tmp_path)
    files = export_experiments(tmp_path, tmp_path / "out")
    assert files == ["corruption.png", "corruption.svg", "stability.png", "stability.svg"]
    assert export_experiments(tmp_path / "nowhere", tmp_path / "out") == []
