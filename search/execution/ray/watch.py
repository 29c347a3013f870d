"""What the driver watches while Tune runs: trials that fall silent, and Ray's own processes.

A worker ends its trial itself once the limit has passed. One that is stopped, or waits for a disk
or a library that does not answer, cannot: then the driver ends it.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, final

import ray
from ray import tune
from ray.tune.experiment import Trial as TuneTrial

from search.engine.coordinator import Coordinator
from search.engine.trial import Failure
from search.execution.ray.processes import check_alive

PATIENCE_S = 20.0  # for the worker's own failure to arrive: longer than a busy machine takes


@final
class Watch(tune.Callback):  # type: ignore[misc]  # Ray is not analysed
    """Tune calls it between any two of its steps, and after each report."""

    def __init__(
        self,
        coordinator: Coordinator,
        limit_s: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch nothing yet.

        Args:
            coordinator: Is told of what does not go on.
            limit_s: Seconds from one report of a trial to the next; None for no limit.
            clock: In seconds.
        """
        self._coordinator = coordinator
        self._limit_s = limit_s
        self._clock = clock
        self._since: dict[str, float] = {}  # when a trial came to its process, or reported

    def on_trial_result(self, iteration: int, trials: Any, trial: TuneTrial, **info: Any) -> None:  # noqa: ANN401, ARG002
        """Count from this report on.

        Args:
            iteration: Of Tune's steps.
            trials: All of Tune's.
            trial: That reported.
            **info: What else Tune says.
        """
        self._since[trial.trial_id] = self._clock()

    def on_step_end(self, iteration: int, trials: Sequence[TuneTrial], **info: Any) -> None:  # noqa: ANN401, ARG002
        """End what is silent for too long.

        Args:
            iteration: Of Tune's steps.
            trials: All of Tune's.
            **info: What else Tune says.

        Raises:
            RayGone: If a process of Ray's own is gone.
        """
        check_alive()
        if self._limit_s is None:
            return
        active = {trial.trial_id: trial for trial in trials if _process_of(trial) is not None}
        now = self._clock()
        self._since = {name: self._since.get(name, now) for name in active}
        for name, since in self._since.items():
            if now - since > self._limit_s + PATIENCE_S:
                self._end(active[name], now - since)

    def _end(self, trial: TuneTrial, silence_s: float) -> None:
        reason = f"no report within {self._limit_s:g} s, and its process did not answer"
        self._coordinator.fail(trial.config["trial"], Failure(reason))
        trial.max_failures = 0  # it does not start again
        self._since[trial.trial_id] += silence_s
        with contextlib.suppress(Exception):  # it may have died in between
            ray.kill(_process_of(trial))


def _process_of(trial: TuneTrial) -> Any:  # noqa: ANN401 - a handle of Ray's
    """Return the actor that a trial has; None while it waits for one, and at its end."""
    return trial.temporary_state.ray_actor
