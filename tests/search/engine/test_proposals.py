"""What is tried next: known points are answered, those beyond limits refused."""

import pytest
from make_coordinator import finish, study_of
from optuna.trial import TrialState

from searchspace.domains import Choice, Float
from searchspace.errors import UserError
from searchspace.space import Param, Space, When
from trainables.study.study import Reference


def test_known_configs_are_asked_anew_until_the_space_is_exhausted(make, log):
    space = Space("small", (Param("kind", Choice(("a", "b", "c")), ""),))
    reference = Reference("a", {"kind": "a"}, point={"kind": "a"})
    coordinator = make([reference], trials=9, space=space, complete=dict)
    kinds = []
    while (trial := coordinator.propose()) is not None:
        kinds.append(trial.config["kind"])
        finish(coordinator, trial, 0.5)
    assert sorted(kinds) == ["a", "b", "c"]
    assert log.events[-1][0] == "exhausted"
    assert coordinator.propose() is None
    known = [details for event, _, details in log.events if event == "known"]
    assert coordinator.proposals.known == len(known) >= 200
    told = study_of(coordinator).trials
    assert len(told) == 3 + len(known)
    assert {trial.value for trial in told} == {0.5}, "a known one is answered from the record"


def test_a_known_config_that_runs_is_told_as_nothing_learned(make, log):
    space = Space("small", (Param("kind", Choice(("a", "b")), ""),))
    coordinator = make(trials=9, space=space, complete=dict)
    assert {coordinator.propose().config["kind"] for _ in range(2)} == {"a", "b"}
    assert coordinator.propose() is None
    repeats = [details["repeats"] for event, _, details in log.events if event == "known"]
    assert set(repeats) == {"t001", "t002"}
    states = [trial.state for trial in study_of(coordinator).trials]
    assert states.count(TrialState.RUNNING) == 2
    assert states.count(TrialState.FAIL) == len(states) - 2 == len(repeats)


def test_configs_that_mean_the_same_are_one(make):
    def canonical(point):
        return point | {"kind": "a"} if point["kind"] == "b" else point

    space = Space("small", (Param("kind", Choice(("a", "b", "c")), ""),))
    coordinator = make(trials=9, space=space, complete=dict, canonical=canonical)
    kinds = []
    while (trial := coordinator.propose()) is not None:
        kinds.append(canonical(trial.point)["kind"])
    assert sorted(kinds) == ["a", "c"]


def test_the_users_own_points_come_first_each_once(make):
    points = ({"x": 0.1, "lr": 0.1, "kind": "a"}, {"x": 0.2, "lr": 0.1, "kind": "b"})
    coordinator = make(trials=3, first=(*points, points[0]))
    trials = [coordinator.propose() for _ in range(3)]
    assert tuple(trial.point for trial in trials[:2]) == points
    assert trials[2].point not in points
    assert study_of(coordinator).trials[1].params == points[1]


def test_proposals_beyond_a_limit_are_told_but_neither_trained_nor_counted(make, log):
    coordinator = make(trials=5, limits=lambda config: {"too large": config["x"]})
    trials = [coordinator.propose() for _ in range(5)]
    assert [trial.id for trial in trials] == ["t001", "t002", "t003", "t004", "t005"]
    assert all(trial.config["x"] <= 0 for trial in trials)
    refused = [details for event, _, details in log.events if event == "refused"]
    assert coordinator.proposals.refused == len(refused) > 0
    told = study_of(coordinator).get_trials(states=(TrialState.PRUNED,))
    limits = [one["constraints"]["too large"] for one in refused]
    assert [trial.constraints["too large"] for trial in told] == limits
    assert all(trial.constraints["too large"] > 0 for trial in told)


def test_a_search_beyond_all_limits_ends(make, log, monkeypatch):
    monkeypatch.setattr("search.engine.proposals.REFUSALS", 7)
    coordinator = make(limits=lambda config: {"too large": 1.0})
    assert coordinator.propose() is None
    assert log.events[-1] == ("exhausted", None, {"refused": 7, "elapsed_s": 0.0})


ARMS = Space(
    "arms",
    (
        Param("kind", Choice(("a", "b", "c")), ""),
        Param("x", Float(0.0, 1.0), "", when=When("kind", ("a", "b"))),
        Param("flag", Choice((True, False)), "", when=When("kind", ("c",))),
    ),
    arms="kind",
)


def test_each_arm_gets_as_many_trials_as_any_other(make):
    """A reference of an arm does not count, a point of the user's own does."""
    point = {"kind": "b", "x": 0.5}
    reference = Reference("b", point, point=point)
    first = ({"kind": "b", "x": 0.25},)
    coordinator = make([reference], trials=6, space=ARMS, complete=dict, first=first)
    kinds = []
    while (trial := coordinator.propose()) is not None:
        kinds.append(trial.config["kind"])
        ARMS.check(trial.point)
        assert list(trial.point) == list(ARMS.restrict(trial.point)), "in declared order"
        finish(coordinator, trial, 0.5)
    assert kinds[:2] == ["b", "b"]
    assert sorted(kinds[1:]) == ["a", "a", "b", "b", "c", "c"]


def test_an_arm_that_has_no_new_points_leaves_its_trials_to_the_others(make, log):
    coordinator = make(trials=9, space=ARMS, complete=dict)
    kinds = []
    while (trial := coordinator.propose()) is not None:
        kinds.append(trial.config["kind"])
        finish(coordinator, trial, 0.5)
    assert sorted(kinds) == ["a"] * 4 + ["b"] * 3 + ["c"] * 2
    assert log.events[-1][0] != "exhausted"


def test_each_arm_has_a_study_of_its_own(make):
    coordinator = make(trials=6, space=ARMS, complete=dict)
    for value in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        finish(coordinator, coordinator.propose(), value)
    studies = coordinator._record.studies
    values = {arm: {trial.value for trial in study.trials} for arm, study in studies.items()}
    assert values == {"a": {0.1, 0.4}, "b": {0.2, 0.5}, "c": {0.3, 0.6}}
    assert all(set(trial.params) == {"flag"} for trial in studies["c"].trials)


def test_a_point_of_before_there_were_arms_is_one_line(make):
    coordinator = make(trials=6, space=ARMS, complete=dict, first=({"x": 0.5},))
    with pytest.raises(UserError, match="kind is missing: give a value from a, b, c"):
        coordinator.propose()
