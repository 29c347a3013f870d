"""Each way a trial can end, and what the Optuna study then holds."""

import math

import optuna
import pytest
import toy_study
from optuna.trial import TrialState

from search.engine.coordinator import Coordinator, Rules
from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.optuna_record import OptunaRecord
from search.engine.proposals import PointSource
from search.engine.schedulers import Asha
from search.engine.trial import Decision, Failure, State
from search.record.journal import open_journal
from search.samplers.registry import sampler_maker
from searchspace.domains import Choice
from searchspace.space import Param, Space
from trainables.study.report import Report, Rung
from trainables.study.study import Floor, Reference

EPOCHS = (1, 3, 9)
MIRROR = "0"  # Optuna's name of the constraint that optuna-dashboard shows


class Log:
    def __init__(self):
        self.events = []

    def notice(self, event, trial, **details):
        self.events.append((event, trial.id if trial else None, details))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def make(tmp_path, clock, log):
    def build(
        references=(),
        trials=5,
        space=toy_study.SPACE,
        time_limit_s=None,
        compute_limit_s=None,
        complete=None,
        limits=lambda config: {},
        floor=None,
        **source,
    ):
        complete = complete or (lambda sample: dict(sample) | {"fault": ""})
        at_random = sampler_maker("random", space, 0, 0)
        rules = Rules(
            PointSource(space, complete, at_random, **source),
            tuple(references),
            trials,
            tuple(Rung(epochs, "m") for epochs in EPOCHS),
            Objective("m", "max"),
            Judge(limits, floor),
        )
        storage = open_journal(tmp_path / "study.journal")
        record = OptunaRecord(storage, "toy", space, "max", at_random)
        coordinator = Coordinator(rules, record, Asha(), [log], clock)
        coordinator.limit(time_limit_s, compute_limit_s)
        return coordinator

    return build


def study_of(coordinator) -> optuna.Study:
    return coordinator._record.study


def report(epoch, value, floor=-1.0):
    rung = EPOCHS.index(epoch)
    return Report(epoch, {"m": value}, constraints={"floor": floor}, rung=rung)


def finish(coordinator, trial, value, floor=-1.0):
    for epoch in EPOCHS:
        decision = coordinator.report(trial.id, report(epoch, value, floor))
    assert decision is Decision.STOP
    coordinator.complete(trial.id)


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


def test_a_stopped_trial_is_told_pruned_with_its_curve(make):
    coordinator = make()
    finish(coordinator, coordinator.propose(), 0.9)
    trial = coordinator.propose()
    assert coordinator.report(trial.id, report(1, 0.2)) is Decision.STOP
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[1]
    assert trial.state is State.PRUNED
    assert trial.reason == "not among the best at rung 1"
    assert told.state is TrialState.PRUNED
    assert told.intermediate_values == {0: 0.2}


def test_a_missed_floor_is_told_complete_and_violated(make):
    coordinator = make()
    finish(coordinator, coordinator.propose(), 0.9, floor=0.1)
    told = study_of(coordinator).trials[0]
    assert told.state is TrialState.COMPLETE
    assert told.constraints == {"floor": 0.1, MIRROR: pytest.approx(1e-10)}
    # optuna-dashboard reads the same from a list
    assert told.system_attrs["constraints"] == [pytest.approx(1e-10)]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_fails_the_trial(make, value):
    coordinator = make()
    trial = coordinator.propose()
    assert coordinator.report(trial.id, report(1, value)) is Decision.STOP
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[0]
    assert trial.state is State.FAILED
    assert trial.reason == f"m is {value} after 1 epochs"
    assert told.state is TrialState.PRUNED
    assert told.constraints["failed"] == 1.0


def test_a_raising_trial_is_never_told_fail(make, log):
    coordinator = make()
    trial = coordinator.propose()
    coordinator.report(trial.id, report(1, 0.9))
    coordinator.fail(trial.id, Failure("OutOfMemoryError", "Traceback ..."))
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[0]
    assert told.state is TrialState.PRUNED
    assert told.constraints["failed"] == 1.0
    assert log.events[-1][2]["trace"] == "Traceback ..."


def test_references_come_first_are_not_counted_and_never_stopped(make):
    inside = {"x": 0.0, "lr": 0.1, "kind": "a", "fault": ""}
    outside = inside | {"fault": "other"}
    coordinator = make([Reference("base", outside), Reference("paper", inside)], trials=1)
    base, paper, sampled = (coordinator.propose() for _ in range(3))
    assert [base.id, paper.id, sampled.id] == ["r01", "r02", "t001"]
    assert coordinator.propose() is None
    assert coordinator.report(base.id, report(1, 0.9)) is Decision.CONTINUE
    assert coordinator.report(paper.id, report(1, 0.1)) is Decision.CONTINUE
    # and they take no place among the best: the first sampled trial goes on, whatever they did
    assert coordinator.report(sampled.id, report(1, 0.05)) is Decision.CONTINUE


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


def test_a_reference_beyond_a_limit_runs_but_cannot_win(make):
    reference = Reference("base", {"x": 1.0, "fault": ""})
    coordinator = make([reference], limits=lambda config: {"too large": config["x"]})
    trial = coordinator.propose()
    coordinator.report(trial.id, report(1, 0.5))
    assert trial.reports[0].constraints == {"floor": -1.0, "too large": 1.0}


def test_a_floor_judges_at_the_same_epoch_and_again_what_was_reported_before(make, log):
    floor = Floor("clean", "m", "base", 0.25)
    coordinator = make([Reference("base", {"fault": ""})], floor=floor)
    base, early, late = (coordinator.propose() for _ in range(3))
    coordinator.report(early.id, report(1, 0.30))
    assert early.reports[0].constraints == {"floor": -1.0}
    coordinator.report(base.id, report(1, 0.50))
    coordinator.report(base.id, report(3, 0.80))
    coordinator.report(late.id, report(1, 0.40))
    assert early.reports[0].constraints["clean"] == pytest.approx(1 - 0.3 / 0.5 - 0.25)
    assert late.reports[0].constraints["clean"] == pytest.approx(1 - 0.4 / 0.5 - 0.25)
    assert [trial for event, trial, _ in log.events if event == "judged"] == [early.id]
    assert log.events[-1][0] == "reported"
    assert early.reports[0].constraints["clean"] > 0 > late.reports[0].constraints["clean"]


def test_a_restarted_trial_repeats_its_reports_unheard(make, log):
    coordinator = make()
    trial = coordinator.propose()
    coordinator.report(trial.id, report(1, 0.5))
    coordinator.report(trial.id, report(3, 0.6))
    coordinator.restart(trial.id, "lost its worker process")
    assert coordinator.report(trial.id, report(1, 0.4)) is Decision.CONTINUE
    assert coordinator.report(trial.id, report(3, 0.4)) is Decision.CONTINUE
    assert coordinator.report(trial.id, report(9, 0.7)) is Decision.STOP
    coordinator.complete(trial.id)
    told = study_of(coordinator).trials[0]
    assert told.intermediate_values == {0: 0.5, 1: 0.6, 2: 0.7}
    assert [event for event, *_ in log.events].count("reported") == 3


def test_the_time_limit_ends_what_runs_and_starts_nothing(make, clock):
    coordinator = make(time_limit_s=10)
    first, second = coordinator.propose(), coordinator.propose()
    coordinator.report(first.id, report(1, 0.5))
    clock.now = 10
    assert coordinator.propose() is None
    assert coordinator.report(first.id, report(3, 0.6)) is Decision.STOP
    coordinator.complete(first.id)
    coordinator.close()
    assert [first.state, second.state] == [State.INTERRUPTED] * 2
    assert second.reason == "time limit"
    told = study_of(coordinator).trials
    assert told[0].state is TrialState.PRUNED
    assert told[0].intermediate_values == {0: 0.5, 1: 0.6}
    assert told[1].state is TrialState.FAIL  # nothing was learned about it


def test_a_trial_that_reaches_its_budget_at_the_limit_is_completed(make, clock):
    coordinator = make(time_limit_s=10)
    trial = coordinator.propose()
    coordinator.report(trial.id, report(3, 0.5))
    clock.now = 11
    coordinator.report(trial.id, report(9, 0.6))
    coordinator.complete(trial.id)
    assert trial.state is State.COMPLETED


def test_a_proposal_is_logged_with_what_was_known(make, log):
    coordinator = make()
    first = coordinator.propose()
    finish(coordinator, first, 0.5)
    coordinator.propose()
    coordinator.propose()
    known = [details["known"] for event, _, details in log.events if event == "proposed"]
    assert known == [
        {"ended": 0, "running": []},
        {"ended": 1, "running": []},
        {"ended": 1, "running": ["t002"]},
    ]


def test_the_study_can_be_opened_by_others(make, tmp_path):
    coordinator = make()
    finish(coordinator, coordinator.propose(), 0.5)
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.journal"))
    )
    assert optuna.load_study(study_name="toy", storage=storage).best_value == 0.5
