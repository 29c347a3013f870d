"""One trial: the order of its calls is sealed, what it does is the study's."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

from trainables.study.report import Report, Rung


class Trainable(ABC):
    """One trial. Subclasses train and evaluate; the order of the calls is sealed here."""

    def __init__(self) -> None:
        self.epoch = 0
        self._seconds: dict[str, float] = {}

    @final
    def advance(self, rung: Rung, after_epoch: Callable[[], None] = lambda: None) -> Report:
        """Train to a rung, then evaluate the best-on-val epoch so far as the rung says.

        Args:
            rung: Where to.
            after_epoch: Called after each epoch, to keep a checkpoint.

        Raises:
            ValueError: If the trial is already past that rung.
        """
        if rung.epochs < self.epoch:
            raise ValueError(f"trial is at epoch {self.epoch}, cannot go back to {rung.epochs}")
        while self.epoch < rung.epochs:
            self.train(self.epoch + 1)
            after_epoch()
        report = self.evaluate(rung)
        self._seconds = {}
        return report

    @final
    def checkpoint(self) -> dict[str, Any]:
        """Return all that the trial goes on from: nested dicts of tensors, numbers and texts."""
        return {"epoch": self.epoch, "seconds": self.seconds, "state": self.state()}

    @final
    def resume(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from what `checkpoint` returned, as if nothing had come between."""
        self.load_state(checkpoint["state"])
        self.epoch, self._seconds = checkpoint["epoch"], dict(checkpoint["seconds"])

    @final
    def train(self, epochs: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Train until ``epochs`` epochs are done, or ``stop`` says so after one."""
        while self.epoch < epochs:
            self.step()
            self.epoch += 1
            if stop():
                return

    @final
    def spend(self, activity: str, since: float) -> None:
        """Add the time from ``since`` (``time.perf_counter``) to now to an activity, in seconds."""
        self._seconds[activity] = self._seconds.get(activity, 0.0) + time.perf_counter() - since

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by activity since the last report."""
        return dict(self._seconds)

    @abstractmethod
    def step(self) -> None:
        """Train one epoch, validate on val, and keep the weights if it is the best so far."""

    @abstractmethod
    def evaluate(self, rung: Rung) -> Report:
        """Measure the best-on-val epoch so far on the ranking split, as hard as the rung says."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what training goes on from, the best epoch so far included."""

    @abstractmethod
    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the best-on-val model, and what its ranking value rests on, into a folder."""
