"""The one brain of a search: what is tried next, what stops, what is known. It knows no Ray.

An executor only translates: it asks `propose` for a trial whenever it has room, hands every report
to `report` and obeys the decision, and says `complete` or `fail` once when a trial has ended. All
of it in one thread. So an executor may also be a simulator: ``clock`` is an argument.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from search.judge import Judge
from search.objective import Objective
from search.optuna_record import OptunaRecord
from search.schedulers import Scheduler
from search.trial import Decision, Failure, State, Trial
from searchspace.encoding import digest
from searchspace.space import Space
from trainables.protocol import Config, Reference, Report

ASKS = 50  # proposals in a row that may be known already before the space counts as exhausted
REFUSALS = 500  # proposals in a row that may be beyond the limits before the search gives up


class Observer(Protocol):
    """Is told what happens, in order."""

    def notice(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401
        """Take note: proposed, refused, reported, judged, restarted, ended, exhausted."""


@dataclass(frozen=True)
class Rules:
    """How a search is run.

    Attributes:
        space: Where configs are sampled.
        complete: Makes a whole config of a point of the space.
        references: Trials that every run contains.
        trials: How many sampled trials.
        rungs: Epochs at which trials report; the last is the budget.
        objective: What ranks.
        judge: Completes the constraints of reports.
        time_limit_s: Seconds after which nothing new starts and running trials end; None for no
            limit.
    """

    space: Space
    complete: Callable[[Config], dict[str, Any]]
    references: tuple[Reference, ...]
    trials: int
    rungs: tuple[int, ...]
    objective: Objective
    judge: Judge
    time_limit_s: float | None = None


class Coordinator:
    """Proposes trials, judges reports, and tells the truth to sampler and records."""

    def __init__(
        self,
        rules: Rules,
        record: OptunaRecord,
        scheduler: Scheduler,
        observers: Sequence[Observer],
        clock: Callable[[], float],
    ) -> None:
        self.rules = rules
        self.trials: dict[str, Trial] = {}
        self._record = record
        self._scheduler = scheduler
        self._observers = observers
        self._clock = clock
        self._start = clock()
        self._waiting = deque(rules.references)
        self._sampled = 0
        self._refused_in_a_row = 0
        self.refused = 0
        self._known: set[str] = set()
        self._interrupted = False
        self._exhausted = False

    def propose(self) -> Trial | None:
        """Return the next trial, references first; None where nothing more is to be tried."""
        if self.over or self._exhausted:
            return None
        if self._waiting:
            return self._start_reference(self._waiting.popleft())
        if self._sampled >= self.rules.trials:
            return None
        trial = self._start_sampled()
        if trial is None:
            self._exhausted = True
            self._notify("exhausted", None, refused=self._refused_in_a_row)
        return trial

    def report(self, trial_id: str, report: Report) -> Decision:
        """Take a trial's report at a rung, and decide whether it goes on."""
        trial = self.trials[trial_id]
        if trial.state is not State.RUNNING:
            return Decision.STOP
        if report.epoch <= trial.epoch:  # a restarted trial repeats itself
            return Decision.CONTINUE
        judge = self.rules.judge
        is_level = judge.sets_level(trial, report)
        report = judge.judge(trial, report)
        trial.reports.append(report)
        value = self.rules.objective.value(report)
        sound = math.isfinite(value)
        if sound:
            self._record.report(trial_id, value, report.epoch)
        decision = self._decide(trial, report) if sound else Decision.STOP
        self._notify("reported", trial, report=report, value=value, decision=decision)
        if is_level:
            self._judge_again(report.epoch)
        if not sound:
            metric = self.rules.objective.metric
            self.fail(trial_id, Failure(f"{metric} is {value} after {report.epoch} epochs"))
        return decision

    def complete(self, trial_id: str) -> None:
        """End a trial that was told to stop: completed at its budget, else pruned, interrupted."""
        trial = self.trials[trial_id]
        if trial.state is not State.RUNNING:
            return
        constraints = trial.reports[-1].constraints if trial.reports else {}
        if trial.epoch == self.rules.rungs[-1]:
            value = self.rules.objective.value(trial.reports[-1])
            self._record.complete(trial_id, value, constraints)
            self._end(trial, State.COMPLETED)
        elif trial.reason:
            self._record.prune(trial_id, constraints)
            self._end(trial, State.PRUNED, trial.reason)
        else:
            self._interrupt(trial)

    def fail(self, trial_id: str, failure: Failure) -> None:
        """End a trial that cannot go on."""
        trial = self.trials[trial_id]
        if trial.state is State.RUNNING:
            self._record.fail(trial_id)
            self._end(trial, State.FAILED, failure.reason, trace=failure.trace)

    def restart(self, trial_id: str, reason: str) -> None:
        """Take note that a trial lost its worker and starts again; what it reported stays known."""
        self._notify("restarted", self.trials[trial_id], reason=reason)

    def interrupt(self) -> None:
        """Let nothing new start; what runs ends at its next report, or when the executor stops."""
        self._interrupted = True

    def close(self) -> None:
        """End what still runs."""
        for trial in self.trials.values():
            if trial.state is State.RUNNING:
                self._interrupt(trial)

    @property
    def total(self) -> int:
        """How many trials the run will have, references included."""
        return len(self.rules.references) + self.rules.trials

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    @property
    def interrupted(self) -> bool:
        """Whether the user ended the run."""
        return self._interrupted

    @property
    def over(self) -> bool:
        """Whether the user or the time limit ended the run."""
        limit = self.rules.time_limit_s
        return self._interrupted or (limit is not None and self.elapsed_s >= limit)

    def _start_reference(self, reference: Reference) -> Trial:
        trial_id = f"r{len(self.rules.references) - len(self._waiting):02d}"
        point, config = reference.point, dict(reference.config)
        if point is not None:
            self._record.insert(trial_id, point)
            self._known.add(digest(self.rules.space, point))
        trial = Trial(trial_id, config, reference.label, reference.scaled, reference.control)
        return self._begin(trial, told_to_sampler=point is not None)

    def _start_sampled(self) -> Trial | None:
        trial_id = f"t{self._sampled + 1:03d}"
        known = self._refused_in_a_row = 0
        while known < ASKS and self._refused_in_a_row < REFUSALS:
            sample = self._record.ask(trial_id, self._is_new)
            if sample is None:
                known += 1
                continue
            self._known.add(digest(self.rules.space, sample))
            config = self.rules.complete(sample)
            limits = self.rules.judge.limits(config)
            if all(value <= 0 for value in limits.values()):
                self._sampled += 1
                return self._begin(Trial(trial_id, config))
            self._refuse(trial_id, config, limits)
        return None

    def _refuse(self, trial_id: str, config: dict[str, Any], limits: dict[str, float]) -> None:
        """Answer a proposal without training it; the sampler learns from it, no budget is spent."""
        self._record.refuse(trial_id, limits)
        self._refused_in_a_row += 1
        self.refused += 1
        self._notify("refused", None, config=config, constraints=limits)

    def _judge_again(self, epoch: int) -> None:
        """Judge what was reported before the reference that sets the level."""
        for trial in self.trials.values():
            for place, report in enumerate(trial.reports):
                judged = self.rules.judge.judge(trial, report)
                if report.epoch == epoch and judged is not report:
                    trial.reports[place] = judged
                    self._notify("judged", trial, epoch=epoch, constraints=judged.constraints)

    def _is_new(self, sample: dict[str, Any]) -> bool:
        return digest(self.rules.space, sample) not in self._known

    def _begin(self, trial: Trial, **details: Any) -> Trial:  # noqa: ANN401
        trial.started_s = self.elapsed_s
        self.trials[trial.id] = trial
        running = [other.id for other in self.trials.values() if other.state is State.RUNNING]
        ended = len(self.trials) - len(running)
        known = {"ended": ended, "running": [one for one in running if one != trial.id]}
        self._notify("proposed", trial, config=trial.config, known=known, **details)
        return trial

    def _decide(self, trial: Trial, report: Report) -> Decision:
        if report.epoch >= self.rules.rungs[-1] or self.over:
            return Decision.STOP
        if (
            trial.is_reference
        ):  # always run to the end, and take no sampled trial's place among the best
            return Decision.CONTINUE
        decision = self._scheduler.decide(report.epoch, self.rules.objective.standing(report))
        if decision is Decision.STOP:
            trial.reason = f"not among the best at epoch {report.epoch}"
        return decision

    def _interrupt(self, trial: Trial) -> None:
        if trial.reports:
            self._record.prune(trial.id, trial.reports[-1].constraints)
        else:
            self._record.forget(trial.id)
        self._end(
            trial, State.INTERRUPTED, "stopped by the user" if self._interrupted else "time limit"
        )

    def _end(self, trial: Trial, state: State, reason: str = "", trace: str = "") -> None:
        trial.state, trial.reason, trial.ended_s = state, reason, self.elapsed_s
        self._notify("ended", trial, state=state, reason=reason, trace=trace)

    def _notify(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401
        for observer in self._observers:
            observer.notice(event, trial, **details)
