"""The one brain of a search: what is tried next, what stops, what is known. It knows no Ray.

An executor only translates: it asks `propose` for a trial whenever it has room, hands every report
to `report` and obeys the decision, and says `complete` or `fail` once when a trial has ended. All
of it in one thread. So an executor may also be a simulator (``clock`` is an argument), or the
record of an earlier run (`search.record.replay`).
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from search.engine.agreement import Agreement, Pair, agreement, pair_of
from search.engine.matching import match
from search.engine.optuna_record import OptunaRecord
from search.engine.proposals import Proposals
from search.engine.repeats import Choice, Repeats, own_trials
from search.engine.rules import Observer, Rules
from search.engine.schedulers import Scheduler, promoted_share
from search.engine.trial import Decision, Failure, State, Trial
from trainables.study.report import Report
from trainables.study.study import Reference


class Coordinator:
    """Proposes trials, judges reports, and tells the truth to sampler and records.

    The lifetime of a trial, by what the executor calls. In any other state `report`, `complete` and
    `fail` change nothing, so that a message that comes late or twice does no harm.

    ================= ========================== ==================================================
    state of trial    call                       state afterwards
    ================= ========================== ==================================================
    none              `propose`                  RUNNING: a reference, a point of the sampler, a
                                                 `repeat`, or a trial that goes on
    RUNNING           `place`                    RUNNING; called before the report it came with
    RUNNING           `report` -> CONTINUE       RUNNING: train to the next rung, then report
    RUNNING           `report` -> STOP           RUNNING: stop it, then call `complete`; FAILED
                                                 at once where the value is not a finite number
    RUNNING           `restart`                  RUNNING: it begins again, or from its checkpoint;
                                                 a rung that it reports once more is not counted
    RUNNING, stopped  `complete`                 COMPLETED at the last rung, PRUNED where the
                                                 scheduler stopped it, else INTERRUPTED
    RUNNING           `fail`                     FAILED; INTERRUPTED where the failure ends the
                                                 whole run (`Failure.ends_run`)
    RUNNING           `close`                    INTERRUPTED
    INTERRUPTED       `propose`, in a run that   RUNNING: see `take_up`, which is called right
                      is resumed                 after the record was put to a new coordinator
    FAILED            `retry`, before `take_up`  RUNNING: it is proposed again, and begins anew
    ================= ========================== ==================================================

    The run as a whole: `limit` is called before the first `propose`; `interrupt` and `halt` may be
    called at any time, after which `propose` returns None and every `report` is answered by STOP;
    `repeat` and `match` are called right after an executor has returned, and make further trials;
    `close` is called last, once.

    Attributes:
        rules: How the search is run.
        observers: Called with every event, in order; more may be added before the first one.
        trials: By id, in the order of proposal.
        agreements: How well each rung ranks as the next one does, by rung.
        spent_s: Seconds of training and attacking, over all trials.
        stopped: Why the run ended before its trials did; empty while it goes on.
        halted: Whether a failure ended it.
        proposals: Where trials come from.
        repeats: Further trainings of configs, see `repeat`.
    """

    def __init__(
        self,
        rules: Rules,
        record: OptunaRecord,
        scheduler: Scheduler,
        observers: Sequence[Observer],
        clock: Callable[[], float],
    ) -> None:
        self.rules = rules
        self.observers = list(observers)
        self.trials: dict[str, Trial] = {}
        self.agreements: dict[int, Agreement] = {}
        self._pairs: dict[int, list[Pair]] = {}
        self.spent_s = 0.0
        self.stopped = ""
        self.proposals = Proposals(rules.source, record, rules.judge, rules.objective, self._notify)
        self._record = record
        self._scheduler = scheduler
        self._clock = clock
        self._start = clock()
        self._time_limit_s = self._compute_limit_s = math.inf
        self._waiting = deque(rules.references)
        self._unfinished: deque[Trial] = deque()
        self.repeats = Repeats()
        self._has_room: Callable[[], bool] = lambda: True
        self._running: dict[str, Trial] = {}
        self._sampled = 0
        self._interrupted = False
        self._exhausted = False
        self.halted = False

    def limit(
        self,
        time_s: float | None,
        compute_s: float | None,
        has_room: Callable[[], bool] | None = None,
    ) -> None:
        """Let nothing new start after some more seconds, and running trials end.

        Args:
            time_s: Of the clock; None for no limit.
            compute_s: Of all trials' training and attacking, summed; None for no limit.
            has_room: Tells whether the record takes further sampled trials; what runs does not
                end. None for no limit.
        """
        if has_room is not None:
            self._has_room = has_room
        if time_s is not None:
            self._time_limit_s = self.elapsed_s + time_s
        if compute_s is not None:
            self._compute_limit_s = self.spent_s + compute_s

    def propose(self) -> Trial | None:
        """Return the next trial, references first; None where nothing more is to be tried."""
        if self.over:
            return None
        if self.repeats:
            return self._begin(self.repeats.next())
        if self._unfinished:
            trial = self._unfinished.popleft()
            self.restart(trial.id, "goes on")
            return trial
        if self._waiting:
            return self._start_reference(self._waiting.popleft())
        if not self._samples or not self._has_room():
            return None
        sampled = self.proposals.next(f"t{self._sampled + 1:03d}")
        if sampled is None:
            self._exhausted = True
            self._notify("exhausted", None, refused=self.proposals.refused_in_a_row)
            return None
        self._sampled += 1
        return self._begin(sampled)

    def report(self, trial_id: str, report: Report) -> Decision:
        """Take a trial's report at a rung, and decide whether it goes on."""
        trial = self.trials[trial_id]
        if trial.state is not State.RUNNING:
            return Decision.STOP
        for note in report.notes:
            self._notify("noted", trial, note=note)
        if report.rung <= trial.rung:  # a restarted trial repeats itself
            stopped = trial.rung == self._last or trial.reason
            return Decision.STOP if stopped else Decision.CONTINUE
        judge = self.rules.judge
        sound = self.rules.objective.sound(report)
        is_level = sound and judge.sets_level(trial, report)
        report = judge.judge(trial, report)
        trial.reports.append(report)
        self.spent_s += sum(report.seconds.values())
        value = self.rules.objective.value(report)
        if sound:
            self._record.report(trial_id, value, report.rung)
        decision = self._decide(trial, report) if sound else Decision.STOP
        self._notify("reported", trial, report=report, value=value, decision=decision)
        if is_level:
            self._judge_again(report.rung)
        if report.rung > 0:
            self._compare(trial, report.rung - 1)
        if not sound:
            metric = self.rules.objective.metric_of(report)
            self.fail(trial_id, Failure(f"{metric} is {value} after epoch {report.epoch}"))
        return decision

    def place(self, trial_id: str, node: str) -> None:
        """Take note of the machine that a trial runs on."""
        self.trials[trial_id].node = node

    def complete(self, trial_id: str) -> None:
        """End a trial that was told to stop: completed at its budget, else pruned, interrupted."""
        trial = self.trials[trial_id]
        if trial.state is not State.RUNNING:
            return
        constraints = trial.reports[-1].constraints if trial.reports else {}
        if trial.rung == self._last:
            objective, last = self.rules.objective, trial.reports[-1]
            second = objective.other.value(last) if objective.other else None
            self._record.complete(trial_id, objective.value(last), constraints, second)
            self._end(trial, State.COMPLETED)
        elif trial.reason:
            self._record.prune(trial_id, constraints)
            self._end(trial, State.PRUNED, trial.reason)
        else:
            self._interrupt(trial)

    def fail(self, trial_id: str, failure: Failure) -> None:
        """End a trial that cannot go on; the whole run where no other could either."""
        trial = self.trials[trial_id]
        if trial.state is not State.RUNNING:
            return
        if failure.ends_run:
            self.stopped, self.halted = failure.reason, True
            self._notify("halted", trial, reason=failure.reason)
            self._interrupt(trial)
            return
        self._record.fail(trial_id)
        self._end(trial, State.FAILED, failure.reason, trace=failure.trace)

    def restart(self, trial_id: str, reason: str) -> None:
        """Take note that a trial starts again, or goes on; what it reported stays known."""
        self._notify("restarted", self.trials[trial_id], reason=reason)

    def interrupt(self) -> None:
        """Let nothing new start; what runs ends at its next report, or when the executor stops."""
        self._interrupted = True
        self.stopped = "stopped by the user"

    def halt(self, reason: str) -> None:
        """Do as `interrupt` does, for a failure of all; another thread may call it."""
        self.stopped, self.halted = reason, True

    def repeat(
        self, purpose: str, trials: Iterable[str], seeds: Iterable[int], *, by_value: bool
    ) -> int:
        """Propose the configs of some trials again, with other seeds; return how many are new.

        Args:
            purpose: Why, in a word: `Repeats.last` finds the choice again.
            trials: Their ids.
            seeds: Added to the run's seed, from 1.
            by_value: Whether the trials were chosen for their values.
        """
        choice = Choice(
            purpose=purpose,
            trials=tuple(trials),
            seeds=tuple(seeds),
            by_value=by_value,
            after=len(own_trials(self.trials.values())),
        )
        new = self.repeats.add(choice, self.trials)
        if new:
            self._notify("repeated", None, choice=choice)
        return new

    def match(self, trial_id: str, references: Sequence[Reference]) -> list[Trial]:
        """Propose the controls that are matched to a trial, once; return those that are new.

        Args:
            trial_id: The winner's.
            references: Its controls, see `trainables.study.study.Study.controls`.
        """
        trial = self.trials[trial_id]
        controls = {} if trial.controls else match(trial, references, self.trials)
        if not controls:
            return []
        new = [control for control in controls.values() if control.id not in self.trials]
        trial.controls = {label: control.id for label, control in controls.items()}
        self.repeats.owe(new)
        self._notify("matched", trial, controls=trial.controls, references=references)
        return new

    def can_retry(self, trial: Trial) -> bool:
        """Tell whether a trial failed, and might not again; a value that is no number would."""
        reports = trial.reports
        return trial.state is State.FAILED and all(map(self.rules.objective.sound, reports))

    def retry(self, trial_id: str) -> None:
        """Forget that a trial failed, so that `take_up` lets it be proposed again.

        The sampler knew of the failure when it proposed what came after it. So to the sampler this
        is one more trial of the same point.
        """
        trial = self.trials[trial_id]
        trial.state, trial.reason, trial.ended_s = State.RUNNING, "", None
        self._running[trial_id] = trial
        if not trial.repeats and not trial.is_matched:
            self.proposals.insert(trial)
        self._notify("retried", trial)

    def take_up(self) -> None:
        """Let the trials that still run be proposed again: the process that ran them is gone."""
        for trial in list(self._running.values()):
            if trial.rung == self._last or trial.reason:  # told to stop, and never heard of again
                self.complete(trial.id)
            else:
                self._unfinished.append(trial)

    def close(self) -> None:
        """End what still runs."""
        for trial in list(self._running.values()):
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
        """Whether the user, a limit or a failure of everything ended the run."""
        if not self.stopped:
            self.stopped = self._limit_reached()
        return bool(self.stopped)

    @property
    def lacks_room(self) -> bool:
        """Whether trials are left out because the record has no room for them."""
        return self._samples and not self._has_room()

    @property
    def _samples(self) -> bool:
        """Whether sampled trials are left."""
        return self._sampled < self.rules.trials and not self._exhausted

    @property
    def _last(self) -> int:
        return len(self.rules.rungs) - 1

    def _limit_reached(self) -> str:
        if self.elapsed_s >= self._time_limit_s:
            return "time limit"
        return "compute limit" if self.spent_s >= self._compute_limit_s else ""

    def _start_reference(self, reference: Reference) -> Trial:
        trial_id = f"r{len(self.rules.references) - len(self._waiting):02d}"
        trial = Trial(
            trial_id,
            dict(reference.config),
            reference.label,
            reference.scaled,
            reference.control,
            point=reference.point,
        )
        self.proposals.insert(trial)
        return self._begin(trial)

    def _judge_again(self, rung: int) -> None:
        """Judge what was reported before the reference that sets the level."""
        for trial in self.trials.values():
            for number, report in enumerate(trial.reports):
                judged = self.rules.judge.judge(trial, report)
                if report.rung == rung and judged is not report:
                    trial.reports[number] = judged
                    self._notify("judged", trial, rung=rung, constraints=judged.constraints)

    def _compare(self, trial: Trial, rung: int) -> None:
        """Measure whether a rung ranks as the next one does; say so where that changes a rule."""
        pair = pair_of(trial, rung, self.rules.objective)
        if pair is None:
            return
        before, pairs = self.agreements.get(rung), self._pairs.setdefault(rung, [])
        pairs.append(pair)
        current = self.agreements[rung] = agreement(pairs, rung)
        share = promoted_share(current)
        if share != promoted_share(before):
            self._notify("agreement", None, agreement=current, share=str(share))

    def _begin(self, trial: Trial) -> Trial:
        trial.started_s = self.elapsed_s
        counts = {"ended": len(self.trials) - len(self._running), "running": list(self._running)}
        self.trials[trial.id] = self._running[trial.id] = trial
        self._notify("proposed", trial, config=trial.config, point=trial.point, known=counts)
        return trial

    def _decide(self, trial: Trial, report: Report) -> Decision:
        if report.rung >= self._last or self.over:
            return Decision.STOP
        if trial.is_reference or trial.repeats:  # runs to the end, and takes no one's place
            return Decision.CONTINUE
        share = promoted_share(self.agreements.get(report.rung))
        standing = self.rules.objective.standing(report)
        decision = self._scheduler.decide(report.rung, standing, share)
        if decision is Decision.STOP:
            trial.reason = f"not among the best at rung {report.rung + 1}"
        return decision

    def _interrupt(self, trial: Trial) -> None:
        if trial.reports:
            self._record.prune(trial.id, trial.reports[-1].constraints)
        else:
            self._record.forget(trial.id)
        self._end(trial, State.INTERRUPTED, self.stopped or "the run ended")

    def _end(self, trial: Trial, state: State, reason: str = "", trace: str = "") -> None:
        del self._running[trial.id]
        trial.state, trial.reason, trial.ended_s = state, reason, self.elapsed_s
        self._notify("ended", trial, state=state, reason=reason, trace=trace)

    def _notify(self, event: str, trial: Trial | None, **details: Any) -> None:  # noqa: ANN401
        for observer in self.observers:
            observer.notice(event, trial, elapsed_s=round(self.elapsed_s, 3), **details)
