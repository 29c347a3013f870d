"""One cell of a table: a run that goes on, of the options and folders that the user names."""

import csv
import json

import pytest
from whole_cells import written

from search.comparison import cells
from search.comparison.cells import Cell
from search.comparison.comparison import Grid
from search.engine.trial import Trial
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from searchspace.errors import UserError
from trainables.classification import trial
from trainables.classification.examination import TestScores
from trainables.study.report import Report


def test_a_cell_has_the_name_of_its_folder():
    assert Cell("breastmnist", 0.1, 3).name == "breastmnist-0.1-3"
    assert Cell("phantom", 1.0, 0).name == "phantom-1-0"


def test_a_command_that_was_stopped_goes_on(make_comparison, run_comparison, monkeypatch):
    comparison, score = make_comparison(), cells._score

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cells, "_score", stop)
    status, printed = run_comparison(comparison)
    assert status == 130
    assert "stopped: give the same command again" in printed
    before = written(comparison.out)
    assert len(before) == 2
    monkeypatch.setattr(cells, "_score", score)
    assert run_comparison(comparison)[0] == 0
    assert before.items() < written(comparison.out).items()


def test_a_cell_with_other_options_is_refused(make_comparison, run_comparison):
    folder = make_comparison().out / "cells" / "phantom-0.05-0"
    folder.mkdir(parents=True)
    run_comparison(make_comparison())
    with pytest.raises(UserError, match=r"holds phantom-0\.05-0 with other options: name a new"):
        run_comparison(make_comparison(settings={"autoencoder_steps": 2}))


def test_a_cell_says_that_it_is_none_to_resume_or_confirm(make_comparison, run_comparison):
    run_comparison(make_comparison())
    folder = RunFolder(make_comparison().out / "cells" / "phantom-0.05-0")
    assert read_manifest(folder).cell
    folder.manifest.unlink()
    with pytest.raises(
        UserError, match=r"0\.05-0 has no manifest\.json: remove it, and it is made"
    ):
        run_comparison(make_comparison())


def test_scores_of_an_earlier_version_are_made_again(make_comparison, run_comparison):
    """Without what single images move there is no verdict."""
    comparison = make_comparison()
    run_comparison(comparison)
    files = sorted(comparison.out.glob("cells/*/scores/*.json"))
    before = [file.read_text() for file in files]
    trained = {file: time for file, time in written(comparison.out).items() if file not in files}
    files[0].write_text(json.dumps(json.loads(before[0])["scores"]))
    run_comparison(comparison)
    assert [file.read_text() for file in files] == before
    assert trained.items() < written(comparison.out).items()


def test_what_is_no_folder_or_no_score_is_said_and_costs_nothing(make_comparison, run_comparison):
    comparison = make_comparison()
    run_comparison(comparison)
    folders = [comparison.out / "cells"]
    folders.append(folders[0] / "phantom-0.05-0")
    folders += [folders[1] / name for name in ("test", "scores")]
    before = written(comparison.out)
    for folder in folders:
        aside = folder.rename(comparison.out / "aside")
        folder.touch()
        with pytest.raises(UserError, match=f"{folder.name} is no folder: remove it, and give"):
            run_comparison(comparison)
        folder.unlink()
        aside.rename(folder)
    file = next(folders[-1].iterdir())
    text = file.read_text()
    for scores in ({"test_clean_bacc": "text"}, {"test_clean_bacc": 0.5}):
        file.write_text(json.dumps({"scores": scores, "images": {}}))
        with pytest.raises(UserError, match=f"{file.name} .*: remove it, and give the same"):
            run_comparison(comparison)
    file.unlink()
    assert run_comparison(comparison)[0] == 0
    assert file.read_text() == text
    after = written(comparison.out)
    assert {path for path in before if before[path] != after[path]} == {file}


def test_folders_that_a_record_names_are_not_used(make_comparison, run_comparison, tmp_path):
    """A cell that someone else made: its autoencoder comes from the user's cache."""
    comparison = make_comparison()
    run_comparison(comparison)
    file = comparison.out / "cells" / "phantom-0.05-0" / "manifest.json"
    values = json.loads(file.read_text())
    values["settings"]["cache"] = str(tmp_path / "strange")
    file.write_text(json.dumps(values))
    manifest = read_manifest(RunFolder(file.parent))
    (cell,) = comparison.grid
    settled = cells._settled(manifest, comparison.plan_of(cell))
    assert settled["cache"] == str(tmp_path / "cache")
    assert run_comparison(comparison)[0] == 0
    assert not (tmp_path / "strange").exists()


def test_a_cell_reads_the_folder_that_the_user_names(make_comparison, tmp_path):
    grid = Grid(("breastmnist",), (0.05,), 1)
    comparison = make_comparison(grid=grid, settings={"data_root": tmp_path})
    (cell,) = grid
    settings = comparison.plan_of(cell).settings
    assert (settings["dataset"], settings["data_root"]) == ("breastmnist", str(tmp_path))


def test_alarms_of_a_training_reach_table_file_and_screen(
    make_comparison, run_comparison, monkeypatch
):
    """A guard that fires stands for a network that masks its gradient."""
    measure, name = trial.guards, "masking_black_box"
    monkeypatch.setattr(trial, "guards", lambda *parts: measure(*parts) | {name: 0.9})
    comparison = make_comparison()
    _, printed = run_comparison(comparison)
    assert f"! alarm {name}, baseline (1 of 1 seed), noise (1 of 1 seed): " in printed
    assert "| baseline ! | 1 |" in printed
    assert "| noise ! | 1 |" in (comparison.out / "table1.md").read_text()
    with (comparison.out / "table1.csv").open() as stream:
        assert all(name in line["alarms"].split() for line in csv.DictReader(stream))


def test_a_flawed_generator_marks_the_methods_that_train_on_its_images():
    """Settings of a table let it train, so that no constraint of its trials says so."""
    details = {"generators": {"hinge": {"alarms": {"copied": 0.2, "generator_collapse": -0.1}}}}
    report = Report(epoch=1, metrics={"val_clean_bacc": 0.5})

    def alarms_of(config):
        trial = Trial("r01", config, reports=[report])
        return cells._result(trial, TestScores({"acc": 0.5}), details).alarms

    assert alarms_of({"source": "hinge"}) == ("copied",)
    assert alarms_of({"source": "repeats"}) == alarms_of({}) == ()
