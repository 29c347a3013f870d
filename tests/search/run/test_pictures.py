"""Pictures at the end of a run: of the winner, and never at the cost of it."""

import json

import numpy as np
import pytest

from trainables.study.sheet import read_sheet


def test_a_run_leaves_the_studys_sheets_of_winner_and_references(run_toy):
    status, folder, printed = run_toy()
    assert status == 0
    (file,) = (folder / "pictures").iterdir()
    sheet = read_sheet(file)
    assert sheet.rows[-1] == "winner"
    assert "paper" in sheet.rows
    assert "pictures: Greys" in printed
    winner = json.loads((folder / "manifest.json").read_text())["winner"]
    own = len((folder / "trials" / winner / "model.json").read_text()) % 7 / 7
    np.testing.assert_allclose(sheet.columns[0].cells[-1], own, atol=1e-3)


def test_without_a_winner_there_are_none(run_toy):
    _, folder, printed = run_toy(settings={"floor": 2.0}, trials=2)
    assert not (folder / "pictures").exists()
    assert "pictures" not in printed


@pytest.mark.parametrize(
    ("fault", "said"),
    [("raise", "no pictures: out of [paint]"), ("interrupt", "no pictures: interrupted")],
)
def test_what_goes_wrong_with_them_is_said_and_costs_nothing_else(run_toy, fault, said):
    status, folder, printed = run_toy(settings={"pictures_fault": fault})
    assert status == 0
    assert said in printed
    assert not (folder / "pictures").exists()
    assert json.loads((folder / "manifest.json").read_text())["status"] == "finished"


def test_those_of_an_earlier_winner_are_replaced(run_toy, take_up):
    _, folder, _ = run_toy(trials=2)
    for name in ("9-old.npz", "holiday.npz", "9-old.txt"):
        (folder / "pictures" / name).write_text("old")
    status, _ = take_up(folder, trials=4)
    assert status == 0
    names = sorted(file.name for file in (folder / "pictures").iterdir())
    assert names == ["1-greys.npz", "9-old.txt", "holiday.npz"], "what is not ours stays"
