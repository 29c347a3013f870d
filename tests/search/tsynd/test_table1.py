"""The command on the phantom: trained once, measured once, continued."""

import csv
import json

import pytest

from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.tsynd import cells
from search.tsynd.table1 import dataset_names, numbers
from searchspace.errors import UserError

METHODS = ["baseline", "noise", "TSynD", "TSynD, entropy", "adversarial"]


def read(file):
    with file.open() as stream:
        return list(csv.DictReader(stream))


def written(folder):
    files = [*folder.glob("cells/*/trials/*/model.json"), *folder.glob("cells/*/scores/*.json")]
    return {file: file.stat().st_mtime_ns for file in files}


@pytest.mark.slow
def test_every_method_is_trained_and_measured_once(make_plan, run_table):
    plan = make_plan()
    status, printed = run_table(plan)
    rows = read(plan.out / "table1.csv")
    assert status == 0
    assert [row["method"] for row in rows] == METHODS
    for row in rows:
        assert 0 <= float(row["test_fgsm_acc_eps8"]) <= 1
        assert row["test_pgd_bacc_skill"]
    assert "cell 1 of 1: phantom-0.05-0" in printed
    assert (plan.out / "table1.md").read_text() in printed
    assert len(written(plan.out)) == 2 * len(METHODS)


@pytest.mark.usefixtures("two_methods")
def test_what_was_done_is_not_done_again_and_seeds_are_added(make_plan, run_table):
    plan = make_plan()
    run_table(plan)
    before = written(plan.out)
    assert len(before) == 4
    run_table(plan)
    assert written(plan.out) == before
    run_table(make_plan(seeds=2))
    assert before.items() < written(plan.out).items()
    assert [row["seed"] for row in read(plan.out / "table1.csv")] == ["0", "0", "1", "1"]
    assert " ± " in (plan.out / "table1.md").read_text()


@pytest.mark.usefixtures("two_methods")
def test_a_command_that_was_stopped_goes_on(make_plan, run_table, monkeypatch):
    plan, measure = make_plan(), cells._measure

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cells, "_measure", stop)
    status, printed = run_table(plan)
    assert status == 130
    assert "stopped: give the same command again" in printed
    before = written(plan.out)
    assert len(before) == 2
    monkeypatch.setattr(cells, "_measure", measure)
    assert run_table(plan)[0] == 0
    assert before.items() < written(plan.out).items()


@pytest.mark.slow
@pytest.mark.usefixtures("two_methods")
def test_on_ray_it_is_the_same(make_plan, run_table, tmp_path, monkeypatch, child_environment):
    monkeypatch.setenv("PYTHONPATH", child_environment["PYTHONPATH"])  # of Ray's processes
    plan = make_plan()
    run_table(plan)
    on_ray = make_plan(out=tmp_path / "on-ray", machine={"in_process": False, "concurrency": 2})
    assert run_table(on_ray)[0] == 0
    tables = [(folder / "table1.csv").read_text() for folder in (plan.out, on_ray.out)]
    assert tables[0] == tables[1]


@pytest.mark.usefixtures("two_methods")
def test_a_cell_with_other_options_is_refused(make_plan, run_table):
    folder = make_plan().out / "cells" / "phantom-0.05-0"
    folder.mkdir(parents=True)
    run_table(make_plan())
    with pytest.raises(UserError, match=r"holds phantom-0\.05-0 with other options: name a new"):
        run_table(make_plan(settings={"autoencoder_steps": 2}))


def test_a_cell_reads_the_folder_that_the_user_names(make_plan, tmp_path):
    plan = make_plan(datasets=("breastmnist",), settings={"data_root": tmp_path})
    (cell,) = plan.cells()
    settings = plan.plan_of(cell).settings
    assert (settings["dataset"], settings["data_root"]) == ("breastmnist", str(tmp_path))


@pytest.mark.usefixtures("two_methods")
def test_folders_that_a_record_names_are_not_used(make_plan, run_table, tmp_path):
    """A cell that someone else made: its autoencoder comes from the user's cache."""
    plan = make_plan()
    run_table(plan)
    file = plan.out / "cells" / "phantom-0.05-0" / "manifest.json"
    values = json.loads(file.read_text())
    values["settings"]["cache"] = str(tmp_path / "strange")
    file.write_text(json.dumps(values))
    manifest = read_manifest(RunFolder(file.parent))
    (cell,) = plan.cells()
    assert cells._settled(manifest, plan.plan_of(cell))["cache"] == str(tmp_path / "cache")
    assert run_table(plan)[0] == 0
    assert not (tmp_path / "strange").exists()


def test_names_and_shares_are_checked():
    assert dataset_names("phantom, breastmnist") == ("phantom", "breastmnist")
    assert len(dataset_names("all")) == 12
    with pytest.raises(UserError, match="breastmnist"):
        dataset_names("breastmnits")
    with pytest.raises(UserError, match="different names"):
        dataset_names("phantom,phantom")
    assert numbers("0.01,1") == (0.01, 1.0)
    for text in ("many", "0", "1.5", "0.1,0.1", "nan"):
        with pytest.raises(UserError, match="--fractions"):
            numbers(text)
