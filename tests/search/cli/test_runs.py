"""What a person types to take up a run, and what it changes."""

import pytest
from typer.testing import CliRunner

from search.cli import runs
from search.cli.app import app
from search.plan import Plan
from search.record.manifest import new_manifest
from search.record.run_folder import create_run_folder
from searchspace.errors import UserError


@pytest.fixture
def resumed(monkeypatch):
    """Return what `resume` would change of a run's plan."""
    changes = []
    monkeypatch.setattr(
        "search.run.runner.resume",
        lambda run, change, find, console, named, retry: changes.append(change) or 0,
    )
    monkeypatch.setattr(runs, "_count", lambda text, folder: {"+20": 32, "40": 40}[text])

    def invoke(*words):
        result = CliRunner().invoke(app, ["resume", "run", *words])
        assert result.exit_code == 0, result.output
        return changes[-1]

    return invoke


LIMITS = {"time_limit_s": None, "compute_limit_s": None, "trial_limit_s": None}


def test_limits_count_anew_and_the_rest_stays(resumed):
    assert resumed() == LIMITS
    assert resumed("--time-limit", "5") == LIMITS | {"time_limit_s": 5.0}


def test_what_is_named_changes(resumed):
    change = resumed("--trials", "+20", "--race", "2", "--concurrency", "3", "--on-ray")
    assert change == LIMITS | {"trials": 32, "race": 2, "concurrency": 3, "in_process": False}
    assert resumed("--seed-check", "4") == LIMITS | {"seed_check": 4}


@pytest.fixture
def folder(tmp_path, toy):
    """The folder of a run that was to have twelve trials."""
    run = create_run_folder(tmp_path / "run")
    new_manifest(run, Plan(study="toy", trials=12), toy.load_settings()())
    return run


@pytest.mark.parametrize(("text", "count"), [("+20", 32), ("40", 40), ("12", 12)])
def test_trials_are_counted_on_or_in_all(folder, text, count):
    assert runs._count(text, folder) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "--trials is 'many': give a number such as"),
        ("+0", "--trials is '.0': give a number"),
        ("-3", "--trials is '-3'"),
        ("²", "--trials is '²'"),
        ("9" * 5000, "--trials is '9"),
        ("11", "--trials 11 is less than the run's 12"),
    ],
)
def test_a_wrong_number_of_trials_is_one_line(folder, text, message):
    with pytest.raises(UserError, match=message):
        runs._count(text, folder)


def test_places_that_the_user_names_are_handed_on(monkeypatch, tmp_path):
    locations = []
    monkeypatch.setattr(
        "search.run.runner.resume",
        lambda run, change, find, console, named, retry: locations.append(named) or 0,
    )
    words = ["--data", "d", "--folder", "marker=m", "--storage", "s3://b/r"]
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["resume", "run", *words])
    assert result.exit_code == 0, result.output
    folders = {"data": tmp_path / "d", "data_root": tmp_path / "d", "marker": tmp_path / "m"}
    assert locations == [folders | {"storage": "s3://b/r"}]


def test_a_folder_without_a_name_is_one_line():
    with pytest.raises(UserError, match="--folder is '/data': write NAME=PATH"):
        runs.named_folders(None, None, ["/data"], None)
