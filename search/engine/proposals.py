"""What is tried next: a new point of the space, within the limits.

A point that is known already is answered from the record, and one beyond the limits is refused;
neither costs budget, and the sampler is told of both. All are logged, so that the same questions
can be put again (`search.record.replay`).
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.optuna_record import MakeSampler, OptunaRecord
from search.engine.trial import State, Trial
from searchspace.domains import Value
from searchspace.encoding import digest
from searchspace.space import Space
from trainables.study.study import Config

Point = dict[str, Any]
PATIENCE = 10  # known proposals in a row after which one is drawn at random
ASKS = 200  # known proposals in a row after which the space counts as exhausted
REFUSALS = 500  # proposals in a row beyond the limits after which the search gives up


@dataclass(frozen=True)
class PointSource:
    """Where points come from.

    Attributes:
        space: Where they lie.
        complete: Makes a whole config of a point.
        canonical: Maps a point to the one that stands for all that mean the same; by default only
            what is switched off does not tell two apart.
        first: Points that come before the sampler's: the user's own.
        at_random: Makes samplers of independent draws, for when a sampler knows no new point.
    """

    space: Space
    complete: Callable[[Config], dict[str, Any]]
    at_random: MakeSampler
    canonical: Callable[[Config], Config] = lambda point: point
    first: tuple[Point, ...] = ()


class Proposals:
    """Asks until a point is new and within the limits.

    In a space with arms it asks for the arm with the fewest trials so far, the first of equals. So
    each arm gets as many trials as any other, as long as it has points that the run has not got.
    """

    def __init__(
        self,
        source: PointSource,
        record: OptunaRecord,
        judge: Judge,
        objective: Objective,
        notify: Callable[..., None],
    ) -> None:
        self._source = source
        self._record = record
        self._judge = judge
        self._objective = objective
        self._notify = notify
        self._first = deque(source.first)
        self._script: deque[Point] = deque()
        self._by_digest: dict[str, Trial | None] = {}
        self._counts = dict.fromkeys(source.space.arm_options, 0)
        self.known = 0
        self.refused = 0
        self.refused_in_a_row = 0

    def script(self, points: Iterable[Point]) -> None:
        """Take these points before any other, as a record says that they were taken."""
        self._script.extend(points)

    def insert(self, trial: Trial) -> None:
        """Tell the sampler of a trial whose point is given."""
        if trial.point is not None:
            self._record.ask(trial.id, trial.point)
            self._by_digest[self._digest(trial.point)] = trial

    def next(self, trial_id: str) -> Trial | None:
        """Return a new trial; None where the space, or what the limits leave of it, is used up."""
        if not self._counts:
            return self._next(trial_id, None)
        for arm in sorted(self._counts, key=lambda option: self._counts[option]):
            trial = self._next(trial_id, arm)
            if trial is not None and trial.point is not None:
                self._counts[trial.point[self._source.space.arms]] += 1
                return trial
        return None

    def _next(self, trial_id: str, arm: Value | None) -> Trial | None:
        repeats = self.refused_in_a_row = 0
        while repeats < ASKS and self.refused_in_a_row < REFUSALS:
            make = self._source.at_random if repeats >= PATIENCE else None
            point = self._record.ask(trial_id, self._given(), make, arm)
            name = self._digest(point)
            if name in self._by_digest:
                repeats += 1
                self._answer(trial_id, point, self._by_digest[name])
                continue
            config = self._source.complete(point)
            limits = self._judge.limits(config)
            if all(value <= 0 for value in limits.values()):
                trial = Trial(trial_id, config, point=point)
                self._by_digest[name] = trial
                return trial
            self._by_digest[name] = None
            self._refuse(trial_id, point, config, limits)
        return None

    def _given(self) -> Point | None:
        if self._script:
            return self._script.popleft()
        while self._first:
            point = self._first.popleft()
            if self._digest(point) not in self._by_digest:
                return point
        return None

    def _answer(self, trial_id: str, point: Point, before: Trial | None) -> None:
        """Tell the sampler what is known of a point, which is nothing while it runs."""
        self.known += 1
        self._notify("known", None, point=point, repeats=before.id if before else None)
        if before is None:
            self._record.refuse(trial_id, self._judge.limits(self._source.complete(point)))
            return
        for report in before.reports:
            self._record.report(trial_id, self._objective.value(report), report.rung)
        constraints = before.reports[-1].constraints if before.reports else {}
        if before.state is State.COMPLETED:
            objective, last = self._objective, before.reports[-1]
            second = objective.other.value(last) if objective.other else None
            self._record.complete(trial_id, objective.value(last), constraints, second)
        elif before.state is State.PRUNED:
            self._record.prune(trial_id, constraints)
        elif before.state is State.FAILED:
            self._record.fail(trial_id)
        else:
            self._record.forget(trial_id)

    def _refuse(
        self, trial_id: str, point: Point, config: dict[str, Any], limits: dict[str, float]
    ) -> None:
        self._record.refuse(trial_id, limits)
        self.refused_in_a_row += 1
        self.refused += 1
        self._notify("refused", None, config=config, constraints=limits, point=point)

    def _digest(self, point: Config) -> str:
        return digest(self._source.space, self._source.canonical(point))
