"""A coordinator of the toy's space, and what its tests do with it."""

import optuna
import toy_study

from search.engine.coordinator import Coordinator
from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.optuna_record import OptunaRecord
from search.engine.proposals import PointSource
from search.engine.rules import Rules
from search.engine.schedulers import Asha
from search.engine.trial import Decision
from search.record.journal import open_journal
from search.samplers.registry import sampler_maker
from trainables.study.report import Report, Rung

EPOCHS = (1, 3, 9)
MIRROR = "0"  # Optuna's name of the constraint that optuna-dashboard shows


class Log:
    def __init__(self):
        self.events = []

    def notice(self, event, trial, **details):
        self.events.append((event, trial.id if trial else None, details))


class StoppedClock:
    now = 0.0

    def __call__(self):
        return self.now


def make_coordinator(
    folder,
    clock,
    log,
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
    storage = open_journal(folder / "study.journal")
    record = OptunaRecord(storage, "toy", space, "max", at_random)
    coordinator = Coordinator(rules, record, Asha(), [log], clock)
    coordinator.limit(time_limit_s, compute_limit_s)
    return coordinator


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
