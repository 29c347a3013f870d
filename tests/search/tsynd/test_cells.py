"""One cell of the tables: a run that goes on, of the options and folders that the user names."""

import json

import pytest
from whole_cells import written

from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.tsynd import cells
from search.tsynd.cells import Cell
from searchspace.errors import UserError


def test_a_cell_has_the_name_of_its_folder():
    assert Cell("breastmnist", 0.1, 3).name == "breastmnist-0.1-3"
    assert Cell("phantom", 1.0, 0).name == "phantom-1-0"


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


@pytest.mark.usefixtures("two_methods")
def test_a_cell_with_other_options_is_refused(make_plan, run_table):
    folder = make_plan().out / "cells" / "phantom-0.05-0"
    folder.mkdir(parents=True)
    run_table(make_plan())
    with pytest.raises(UserError, match=r"holds phantom-0\.05-0 with other options: name a new"):
        run_table(make_plan(settings={"autoencoder_steps": 2}))


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


def test_a_cell_reads_the_folder_that_the_user_names(make_plan, tmp_path):
    plan = make_plan(datasets=("breastmnist",), settings={"data_root": tmp_path})
    (cell,) = plan.cells()
    settings = plan.plan_of(cell).settings
    assert (settings["dataset"], settings["data_root"]) == ("breastmnist", str(tmp_path))
