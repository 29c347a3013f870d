"""A comparison on the phantom: trained once, scored once, continued."""

import csv
import json
import shutil

import pytest
from make_run import METRIC, Blueprint, make_run
from rich.console import Console
from whole_cells import write_phantom, written

from search.comparison import comparison as module
from search.comparison.cells import Result, run_cell
from search.comparison.comparison import Grid, Origin, compare, dataset_names, fractions
from search.comparison.looks import LOOKS
from search.exit_status import INTERRUPTED
from search.record.run_folder import OPENINGS
from search.storage.depot import SHARED
from search.storage.openings import Opening, count_opening
from search.tsynd.methods import methods
from searchspace.errors import UserError
from trainables.studies.tsynd.study import TSynD


def read(file):
    with file.open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_every_method_is_trained_and_scored_once(make_comparison, run_comparison):
    comparison = make_comparison(methods=lambda settings: methods(settings, ()))
    status, printed = run_comparison(comparison)
    rows = read(comparison.out / "table1.csv")
    names = ["baseline", "noise", "TSynD", "TSynD, entropy", "adversarial"]
    assert status == 0
    assert [row["method"] for row in rows] == names
    for row in rows:
        assert 0 <= float(row["test_fgsm_acc_eps8"]) <= 1
        assert row["test_pgd_bacc_skill"]
    assert "cell 1 of 1: phantom-0.05-0" in printed
    assert (comparison.out / "table1.md").read_text() in printed
    assert len(written(comparison.out)) == 2 * len(names)


def test_what_was_done_is_not_done_again_and_seeds_are_added(make_comparison, run_comparison):
    comparison = make_comparison()
    run_comparison(comparison)
    before = written(comparison.out)
    assert len(before) == 4
    run_comparison(comparison)
    assert written(comparison.out) == before
    run_comparison(make_comparison(grid=Grid(("phantom",), (0.05,), 2)))
    assert before.items() < written(comparison.out).items()
    rows = read(comparison.out / "table1.csv")
    assert [row["seed"] for row in rows] == ["0", "0", "1", "1"]
    for row in rows:
        assert 0 <= float(row["val_clean_bacc"]) <= 1
        low, area, high = (float(row[f"{end}test_clean_auc"]) for end in ("low.", "", "high."))
        assert low < area < high
    assert " ± " in (comparison.out / "table1.md").read_text()


def test_who_adds_seeds_and_reads_again_pays_for_both_looks(make_comparison, run_comparison):
    def of(seeds):
        return make_comparison(grid=Grid(("phantom",), (0.05,), seeds))

    assert "look" not in run_comparison(of(1))[1]  # of one seed there are no verdicts
    assert "look" not in run_comparison(of(2))[1]
    text = run_comparison(of(3))[1]
    assert "These verdicts are look 2 at these cells" in text
    assert "at 97.5 %" in text
    table = (of(3).out / "table1.md").read_text()
    assert table.rstrip().endswith("2 times as many comparisons.")
    run_comparison(of(3))
    assert (of(3).out / "table1.md").read_text() == table


def test_verdicts_wait_for_the_last_cell(make_comparison, run_comparison, monkeypatch):
    """A table of some cells would be a look, which nothing counts."""
    comparison = make_comparison(grid=Grid(("phantom",), (0.05,), 2))

    def run_one(cell, *others):
        if cell.seed:
            raise KeyboardInterrupt
        return run_cell(cell, *others)

    monkeypatch.setattr(module, "run_cell", run_one)
    status, printed = run_comparison(comparison)
    assert (status, "stopped: give the same command again" in printed) == (INTERRUPTED, True)
    assert len(read(comparison.out / "table1.csv")) == 2
    assert not (comparison.out / "table1.md").exists()
    assert not (comparison.out / LOOKS).exists()


@pytest.mark.slow
def test_on_ray_it_is_the_same(
    make_comparison, run_comparison, tmp_path, monkeypatch, child_environment
):
    monkeypatch.setenv("PYTHONPATH", child_environment["PYTHONPATH"])  # of Ray's processes
    here = make_comparison()
    run_comparison(here)
    machine = {"in_process": False, "concurrency": 2}
    on_ray = make_comparison(out=tmp_path / "on-ray", machine=machine)
    assert run_comparison(on_ray)[0] == 0
    tables = [(folder / "table1.csv").read_text() for folder in (here.out, on_ray.out)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(("before", "first"), [(0, 1000), (1004, 0), (999, 1000)])
def test_a_folder_whose_cells_have_other_seeds_is_refused(make_comparison, before, first):
    """As of a version that compared a search's choices on the search's own seed."""
    comparison = make_comparison(grid=Grid(("phantom",), (0.05,), 2, first))
    (comparison.out / "cells" / f"phantom-0.05-{before}").mkdir(parents=True)
    with pytest.raises(UserError, match=f"seeds of this table count from {first}: name a new"):
        compare(comparison, Console())


def test_what_the_cells_choose_is_trained_on_seeds_that_chose_nothing(
    make_comparison, run_comparison
):
    """And goes on where seeds were added, and others are chosen then."""
    chosen_by, choice = [], ["noise"]

    def choose(rows):
        chosen_by.append({row.seed for row in rows})
        return choice

    comparison = make_comparison(choose=choose)
    run_comparison(comparison)
    before = written(comparison.out)
    rows = read(comparison.out / "table1.csv")
    assert [(row["seed"], row["method"]) for row in rows] == [
        ("0", "baseline"), ("0", "noise"), ("1000", "noise"),
    ]  # fmt: skip
    choice[:] = ["baseline"]
    run_comparison(comparison)
    rows = read(comparison.out / "table1.csv")
    assert [row["method"] for row in rows[2:]] == ["noise", "baseline"]
    assert before.items() < written(comparison.out).items()
    assert chosen_by == [{0}, {0}]


@pytest.fixture
def chosen(make_comparison, tmp_path, monkeypatch):
    """Make comparisons of what a run chose, whose test split was not opened before.

    Nothing is trained: what is tested is what verdicts pay for.
    """

    def run_cell(_, plan, *arguments):
        plan.run.mkdir(parents=True, exist_ok=True)
        arguments[-1]()
        return {"tuned": Result({"test_clean_bacc": 0.5}, (), {})}

    monkeypatch.setattr(module, "run_cell", run_cell)
    run = make_run(tmp_path / "run", [Blueprint("t001", metrics={METRIC: 0.3})])

    def make(out, seeds=2):
        grid = Grid(("phantom",), (0.05,), seeds, 1000)
        return make_comparison(
            grid=grid, origin=Origin(run, 0, "tuned tsynd"), out=out,
            layout=lambda _, looks: f"look {looks}\n",
        )  # fmt: skip

    return run, make


def confirm_again(run):
    return count_opening(
        run, Opening(identity="confirm", folder=run / "confirm", winner="t001"), SHARED
    )


def test_test_is_opened_once_in_the_run_that_chose_methods(chosen, run_comparison, tmp_path):
    """A later confirmation of the run says so: what is chosen then is not chosen blindly."""
    run, make = chosen
    comparison = make(tmp_path / "table")
    run_comparison(comparison)
    assert "was opened" not in run_comparison(comparison)[1]
    (opening,) = json.loads((run / OPENINGS).read_text())
    assert (opening["folder"], opening["winner"]) == (str(comparison.out), "tuned tsynd")
    assert confirm_again(run) == 2


def test_a_table_pays_for_other_openings_of_the_runs_test_split(chosen, run_comparison, tmp_path):
    """Repeated, the same command pays the same; a further table, or one begun anew, pays more."""
    run, make = chosen
    assert confirm_again(run) == 1
    for _ in range(2):
        run_comparison(make(tmp_path / "first"))
        text = (tmp_path / "first" / "table1.md").read_text()
        assert text.startswith("look 2\n")
        assert "Other commands opened the test images of the run that chose methods once" in text
        assert "So they pay for 2 times as many comparisons." in text
    run_comparison(make(tmp_path / "second", seeds=3))
    assert (tmp_path / "second" / "table1.md").read_text().startswith("look 3\n")
    shutil.rmtree(tmp_path / "second")
    run_comparison(make(tmp_path / "second", seeds=3))
    assert (tmp_path / "second" / "table1.md").read_text().startswith("look 4\n")


def test_each_look_at_a_table_is_an_opening_that_a_confirmation_pays_for(
    chosen, run_comparison, tmp_path
):
    run, make = chosen
    run_comparison(make(tmp_path / "table"))
    run_comparison(make(tmp_path / "table", seeds=3))
    assert (tmp_path / "table" / "table1.md").read_text().startswith("look 2\n")
    assert confirm_again(run) == 3


def test_test_images_by_which_methods_were_chosen_are_refused(
    make_comparison, run_comparison, tmp_path, monkeypatch
):
    """As where the file of the dataset was rearranged since: in cells that were begun, too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_phantom(tmp_path / "same")
    write_phantom(tmp_path / "other", swapped=3)
    same, other = (
        Origin(tmp_path, 0, "tuned", TSynD().used_items(tmp_path / name))
        for name in ("same", "other")
    )
    grid = Grid(("phantom",), (0.05,), 1, 1000)
    with pytest.raises(UserError, match=r"^3 of 480 test images of this run trained, chose or"):
        run_comparison(make_comparison(origin=other, grid=grid))
    shutil.rmtree(tmp_path / "out")
    assert run_comparison(make_comparison(origin=same, grid=grid))[0] == 0
    with pytest.raises(UserError, match=r"^3 of 480 test images of this run trained, chose or"):
        run_comparison(make_comparison(origin=other, grid=grid))


def test_names_and_shares_are_checked():
    def names(text):
        return dataset_names(text, lambda name: not name.endswith("3d"), ("phantom",))

    assert names("phantom, breastmnist") == ("phantom", "breastmnist")
    assert len(names("all")) == 12
    with pytest.raises(UserError, match="breastmnist"):
        names("breastmnits")
    with pytest.raises(
        UserError, match="adrenalmnist3d is not for this table: choose among pathmnist,"
    ):
        names("adrenalmnist3d")
    with pytest.raises(UserError, match="different names"):
        names("phantom,phantom")
    assert fractions("0.01,1") == (0.01, 1.0)
    for text in ("many", "0", "1.5", "0.1,0.1", "nan"):
        with pytest.raises(UserError, match="--fractions"):
            fractions(text)


def test_the_grid_goes_dataset_by_dataset():
    names = [cell.name for cell in Grid(("a", "b"), (0.1, 1.0), 2)]
    assert names[:3] == ["a-0.1-0", "a-0.1-1", "a-1-0"]
    assert names[-1] == "b-1-1"
    assert [cell.seed for cell in Grid(("a",), (1.0,), 3, 1000)] == [1000, 1001, 1002]
