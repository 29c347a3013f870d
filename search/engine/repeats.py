"""Configs that are trained again with other seeds, once the search itself has ended."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from search.engine.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which configs are trained again, and why.

    Attributes:
        purpose: Names the choice; a later one of the same purpose may add to it.
        trials: Ids of the trials whose configs are trained again.
        seeds: Added to the run's seed, from 1.
        by_value: Whether the trials were chosen for their values. Then the value of their first
            training is that of a lucky seed, and counts no more.
        after: How many configs the run had tried by then.
    """

    purpose: str
    trials: tuple[str, ...]
    seeds: tuple[int, ...]
    by_value: bool
    after: int


@final
class Repeats:
    """The further trainings that a run still owes, in order, and the choices behind them.

    Attributes:
        choices: In order.
    """

    def __init__(self) -> None:
        self.choices: list[Choice] = []
        self._queue: deque[Trial] = deque()

    def __bool__(self) -> bool:
        """Whether a training is owed."""
        return bool(self._queue)

    def next(self) -> Trial:
        """Take the next training off the queue."""
        return self._queue.popleft()

    def add(self, choice: Choice, trials: Mapping[str, Trial]) -> int:
        """Queue the trainings of a choice that the run has not got, and return their number.

        Args:
            choice: Its trials are among ``trials``.
            trials: Of the run, by id.
        """
        queued = {trial.id for trial in self._queue}
        new = [
            _repeat(trials[name], seed, by_value=choice.by_value)
            for name in choice.trials
            for seed in choice.seeds
            if not {repeat_id(name, seed)} & (queued | trials.keys())
        ]
        if new:
            self.choices.append(choice)
            self._queue.extend(new)
        return len(new)

    def owe(self, trials: Iterable[Trial]) -> None:
        """Queue trials that repeat no other, such as matched controls."""
        self._queue.extend(trials)

    def last(self, purpose: str) -> Choice | None:
        """Return the latest choice of a purpose; None where there was none."""
        matches = [choice for choice in self.choices if choice.purpose == purpose]
        return matches[-1] if matches else None


def repeat_id(name: str, seed: int) -> str:
    """Name the training of a trial's config with another seed: ``t005.2`` is the second."""
    return f"{name}.{seed + 1}"


def own_trials(trials: Iterable[Trial]) -> list[Trial]:
    """List the trials of the search itself: no repeats, and no controls matched to its winner."""
    return [trial for trial in trials if not (trial.repeats or trial.is_matched)]


def _repeat(trial: Trial, seed: int, *, by_value: bool) -> Trial:
    return Trial(
        repeat_id(trial.id, seed),
        trial.config,
        repeats=trial.id,
        seed=seed,
        by_value=by_value,
    )
