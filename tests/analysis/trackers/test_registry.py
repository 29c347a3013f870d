"""Trackers by name; those that are extras are tested where they are installed."""

import sys

import pytest
from make_run import Blueprint

from analysis.trackers.registry import write_log
from searchspace.errors import UserError


def test_an_unknown_tracker_names_the_near_ones(build, tmp_path):
    with pytest.raises(UserError, match="unknown log 'tensorbord': did you mean tensorboard"):
        write_log("tensorbord", build(Blueprint("t001")), tmp_path)


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_what_is_not_installed_is_said(build, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=rf"needs {name}: pip install '.*\[{name}\]'"):
        write_log(name, build(Blueprint("t001")), tmp_path)


def test_a_folder_that_cannot_be_made(build, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_log("tensorboard", build(Blueprint("t001")), tmp_path / "file")
