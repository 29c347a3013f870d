"""Where a model lies, and whether test is opened for it."""

import json

import pytest
from make_run import METRIC, Blueprint, make_run

from search.record.run_folder import OPENINGS
from search.storage.guard import Location, count_model, dataset_of, locate, refuse_trial
from searchspace.errors import UserError


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run", [Blueprint("t001", metrics={METRIC: 0.3})])


@pytest.mark.parametrize(
    ("part", "chosen"),
    [
        ("best", True),
        ("confirm/best", True),
        ("trials/t001", False),
        ("confirm/training/trials/c01.3", False),
    ],
)
def test_a_model_in_a_run_is_told_by_its_place(run, part, chosen):
    assert locate(run / part) == Location(run, chosen)


def test_a_link_to_a_model_is_followed(run, tmp_path):
    (run / "trials" / "t001").mkdir(parents=True, exist_ok=True)
    (tmp_path / "mine").symlink_to(run / "trials" / "t001")
    assert locate(tmp_path / "mine") == Location(run, chosen=False)


def test_a_training_of_a_confirmation_in_a_folder_of_its_own_is_a_single_trial(run, tmp_path):
    run.rename(tmp_path / "training")
    location = locate(tmp_path / "training" / "trials" / "c01.3")
    assert location == Location(tmp_path / "training", chosen=False)


@pytest.mark.parametrize("part", ["best", "trials/t001", "export"])
def test_a_model_outside_any_run_lies_in_none(tmp_path, part):
    assert locate(tmp_path / part) is None


def test_a_single_trial_is_refused_in_one_line(run):
    refuse_trial(Location(run, chosen=True), run / "best", "")
    with pytest.raises(UserError, match=r"single trial of .*: name .*run, or try val$"):
        refuse_trial(Location(run, chosen=False), run / "trials" / "t001", "try val")


def test_a_model_opens_test_once(run):
    said = []
    for digest in ("a" * 64, "a" * 64, "b" * 64):
        count_model(Location(run, chosen=True), digest, said.append)
    assert said[0].startswith("test of run is opened, and counted there")
    assert said[-1].startswith("the test split of run was opened 2 times")
    assert len(json.loads((run / OPENINGS).read_text())) == 2


def test_a_run_names_its_dataset(run):
    assert dataset_of(run) == "phantom"
