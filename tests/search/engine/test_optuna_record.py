"""What the Optuna study holds of a trial."""

import optuna
import pytest
from make_coordinator import MIRROR, finish, study_of
from optuna.trial import TrialState

from search.engine.trial import State
from trainables.study.study import Reference


def test_a_completed_trial_is_told_complete_with_its_curve(make):
    coordinator = make()
    trial = coordinator.propose()
    finish(coordinator, trial, 0.7)
    told = study_of(coordinator).trials[0]
    assert trial.state is State.COMPLETED
    assert told.state is TrialState.COMPLETE
    assert told.value == 0.7
    assert told.intermediate_values == {0: 0.7, 1: 0.7, 2: 0.7}
    assert told.constraints == {"floor": -1.0, MIRROR: 0.0}
    assert told.params == {name: trial.config[name] for name in ("x", "lr", "kind")}
    assert told.user_attrs["trial"] == "t001"


def test_a_missed_floor_is_told_complete_and_violated(make):
    coordinator = make()
    finish(coordinator, coordinator.propose(), 0.9, floor=0.1)
    told = study_of(coordinator).trials[0]
    assert told.state is TrialState.COMPLETE
    assert told.constraints == {"floor": 0.1, MIRROR: pytest.approx(1e-10)}
    # optuna-dashboard reads the same from a list
    assert told.system_attrs["constraints"] == [pytest.approx(1e-10)]


def test_only_references_that_a_point_of_the_space_says_are_told(make):
    inside = {"x": 0.0, "lr": 0.1, "kind": "a", "fault": ""}
    point = {"x": 0.0, "lr": 0.1, "kind": "a"}
    references = [
        Reference("inside", inside, point=point),
        Reference("outside", inside | {"fault": "other"}),
    ]
    coordinator = make(references, trials=1)
    for value in (0.5, 0.6):
        finish(coordinator, coordinator.propose(), value)
    told = study_of(coordinator).trials
    assert [trial.user_attrs["trial"] for trial in told] == ["r01"]
    assert told[0].value == 0.5
    assert told[0].params == {"x": 0.0, "lr": 0.1, "kind": "a"}


def test_the_study_can_be_opened_by_others(make, tmp_path):
    coordinator = make()
    finish(coordinator, coordinator.propose(), 0.5)
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.journal"))
    )
    assert optuna.load_study(study_name="toy", storage=storage).best_value == 0.5
