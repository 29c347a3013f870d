"""A run opened from what its folder says."""

import io
import json

import pytest
import toy_study
from rich.console import Console

from search.execution.inprocess import InProcess
from search.execution.ray.executor import RayExecutor
from search.record.run_folder import RunFolder
from search.run.session import open_session
from searchspace.errors import UserError


@pytest.fixture
def folder(run_toy):
    return RunFolder(run_toy(trials=1, references="few", settings={"slack": 0.2})[1])


@pytest.fixture
def opened(toy):
    def opener(folder, **change):
        console = Console(file=io.StringIO(), width=80)
        return open_session(folder, lambda name: toy, console, change)

    return opener


def test_plan_and_settings_are_those_of_the_run(folder, opened):
    session = opened(folder)
    assert session.plan.trials == 1
    assert session.plan.run == folder.path
    assert session.settings.slack == 0.2
    assert isinstance(session.executor, InProcess)
    assert [reference.label for reference in session.references] == ["baseline"]
    assert [rung.epochs for rung in session.rungs] == [3, 9]


def test_a_change_of_the_plan_decides_anew_what_runs_the_trials(folder, opened):
    session = opened(folder, in_process=False, trials=7)
    assert isinstance(session.executor, RayExecutor)
    assert session.plan.trials == 7
    assert session.job().ends_processes
    with pytest.raises(UserError, match="unknown setting 'trails'"):
        opened(folder, trails=7)


def test_what_preparing_settles_is_in_settings_and_manifest(folder, opened):
    session = opened(folder).with_settings({"slack": 0.5})
    assert session.settings.slack == opened(folder).settings.slack == 0.5
    assert session.with_settings({}) is session


def test_a_run_that_does_not_describe_itself_is_described_by_its_study(folder, opened):
    assert opened(folder).about == toy_study.ABOUT
    values = json.loads(folder.manifest.read_text())
    folder.manifest.write_text(json.dumps(values | {"about": None}))
    assert opened(folder).about == toy_study.ABOUT
    values["about"]["threat"]["unit"] = "of its own"
    folder.manifest.write_text(json.dumps(values))
    assert opened(folder).about.threat.unit == "of its own"


def test_the_trainings_of_a_confirmation_are_no_run(folder, opened):
    values = json.loads(folder.manifest.read_text())
    folder.manifest.write_text(json.dumps(values | {"confirms": "/runs/x"}))
    with pytest.raises(UserError, match="belongs to a confirmation: name the run /runs/x"):
        opened(folder)


def test_a_cell_of_a_table_whose_test_was_opened_is_no_run(folder, opened):
    values = json.loads(folder.manifest.read_text())
    folder.manifest.write_text(json.dumps(values | {"cell": True}))
    with pytest.raises(UserError, match="is a cell of a table: give the table's own command again"):
        opened(folder)
