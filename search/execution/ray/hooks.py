"""Tune's searcher, scheduler and stopper, each a thin translation to the coordinator."""

from typing import Any, final

from ray.tune import Stopper
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from search.engine.coordinator import Coordinator
from search.engine.trial import Decision, Failure
from search.execution.ray.adapter import OUTCOME

FINISHED: str = Searcher.FINISHED
STOP: str = TrialScheduler.STOP
CONTINUE: str = TrialScheduler.CONTINUE


@final
class TuneSearcher(Searcher):  # type: ignore[misc]  # Ray is not analysed
    """Tune's searcher: proposes, and learns of lost trials."""

    def __init__(self, coordinator: Coordinator, restarts: int) -> None:
        super().__init__()
        self._coordinator = coordinator
        self._restarts = restarts
        self._ids: dict[str, str] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        """Pass on a proposal."""
        trial = self._coordinator.propose()
        if trial is None:
            return FINISHED
        self._ids[trial_id] = trial.id
        return {"trial": trial.id, "config": trial.config, "seed": trial.seed}

    def on_trial_complete(
        self,
        trial_id: str,
        result: dict[str, Any] | None = None,  # noqa: ARG002 - Tune passes it by name
        error: bool = False,  # noqa: FBT001, FBT002 - Tune's signature
    ) -> None:
        """Pass on the end of a trial, whether it was stopped or had finished.

        Args:
            trial_id: Tune's.
            result: The last one, which was passed on before.
            error: Whether Tune gave the trial up: its process was lost too often.
        """
        engine_id = self._ids[trial_id]
        if error:
            times = f"{self._restarts + 1} times"
            reason = f"lost its worker process {times} (out of memory?)"
            self._coordinator.fail(engine_id, Failure(reason))
        else:
            self._coordinator.complete(engine_id)

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Save nothing: the run keeps its own record."""


@final
class TuneScheduler(FIFOScheduler):  # type: ignore[misc]  # Ray is not analysed
    """Tune's scheduler: passes results on and decisions back."""

    _supports_buffered_results = False  # each result is judged before the next step

    def __init__(self, coordinator: Coordinator) -> None:
        super().__init__()
        self._coordinator = coordinator
        self._added: set[str] = set()

    def on_trial_add(self, tune_controller: object, trial: TuneTrial) -> None:  # noqa: ARG002
        """Take note of a trial that is added again: it lost its process, Tune restarts it."""
        if trial.trial_id in self._added:
            self._coordinator.restart(
                trial.config["trial"], "lost its worker process, starts again"
            )
        self._added.add(trial.trial_id)

    def on_trial_result(
        self,
        tune_controller: object,  # noqa: ARG002
        trial: TuneTrial,
        result: dict[str, Any],
    ) -> str:
        """Pass on a report or a failure.

        Args:
            tune_controller: Tune's own.
            trial: Tune's, with the engine's id in its config.
            result: What `Adapter.step` returned, and what Tune adds.
        """
        engine_id, outcome = trial.config["trial"], result[OUTCOME]
        self._coordinator.place(engine_id, result["hostname"])  # Tune adds it to each result
        if isinstance(outcome, Failure):
            self._coordinator.fail(engine_id, outcome)
            return STOP
        decision = self._coordinator.report(engine_id, outcome)
        return STOP if decision is Decision.STOP else CONTINUE


@final
class TuneStopper(Stopper):  # type: ignore[misc]  # Ray is not analysed
    """Tune's stopper: ends the run where the user or the time limit did."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    def __getstate__(self) -> dict[str, object]:
        """Keep nothing: Tune pickles its stopper into its own state, which is not used."""
        return {}

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002
        """Leave single trials to the scheduler."""
        return False

    def stop_all(self) -> bool:
        """Whether the run is over."""
        return self._coordinator.over
