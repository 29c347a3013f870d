"""One trial: the order of the calls is fixed here, training and evaluation are the study's."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

from trainables.study.report import Report, Rung


class Trainable(ABC):
    """One trial. Subclasses train and evaluate; the order of the calls is fixed here."""

    def __init__(self) -> None:
        self.epoch = 0
        self._seconds: dict[str, float] = {}

    @final
    def advance(self, rung: Rung, after_epoch: Callable[[], None] = lambda: None) -> Report:
        """Train to a rung, then evaluate the best-on-val epoch so far as the rung says.

        Args:
            rung: The epochs to reach, and how hard to attack there.
            after_epoch: Called after each epoch, to write a checkpoint.

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
        """Return the state that the trial goes on from: nested dicts of tensors, numbers, texts."""
        return {"epoch": self.epoch, "seconds": self.seconds, "state": self.state()}

    @final
    def resume(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from the value of `checkpoint`, as if the trial had not been interrupted."""
        self.load_state(checkpoint["state"])
        self.epoch, self._seconds = checkpoint["epoch"], dict(checkpoint["seconds"])

    @final
    def train(self, epochs: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Train until ``epochs`` epochs are done, or ``stop`` returns true after an epoch."""
        while self.epoch < epochs:
            self.step()
            self.epoch += 1
            if stop():
                return

    @final
    def spend(self, activity: str, since: float) -> None:
        """Add the seconds since ``since``, a value of ``time.perf_counter``, to an activity."""
        self._seconds[activity] = self._seconds.get(activity, 0.0) + time.perf_counter() - since

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds since the last report, by activity."""
        return dict(self._seconds)

    @abstractmethod
    def step(self) -> None:
        """Train one epoch, measure it on val, and keep its weights if it is the best so far."""

    @abstractmethod
    def evaluate(self, rung: Rung) -> Report:
        """Measure the best-on-val epoch so far on the ranking split, at the level of the rung."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return the state of training, the best epoch so far included."""

    @abstractmethod
    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state`."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the best-on-val model, and the scores behind its rank, into a folder."""
