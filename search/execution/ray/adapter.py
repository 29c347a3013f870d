"""A trial as Ray Tune runs it: one of Tune's steps is one rung."""

from typing import Any

from ray import tune

from search.engine.trial import Failure
from search.execution.ray.nodes import Probe, complaint
from search.execution.worker import Worker, WorkerJob

OUTCOME = "outcome"


class Adapter(tune.Trainable):  # type: ignore[misc]  # Ray is not analysed
    """Runs one trial after the other in the same actor: starting one with torch takes seconds."""

    def setup(self, config: dict[str, Any], job: WorkerJob, probe: Probe | None) -> None:
        """Take the first trial; what all trials share comes once through Ray's object store.

        Args:
            config: Id, config and seed of the trial.
            job: What all trials share.
            probe: What this node has to find; None on a cluster of the driver's machine alone.
        """
        self._job = job
        # Of nodes that joined after the run began; a cluster of this machine alone has none.
        self._complaint = complaint(probe) if probe else ""
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next trial."""
        self._worker = Worker(
            self._job, new_config["trial"], new_config["config"], new_config["seed"]
        )
        return True

    def step(self) -> dict[str, Any]:
        """Go to the next rung. A failure is a result; only a lost process is Tune's to handle."""
        if self._complaint:
            return {OUTCOME: Failure(self._complaint, ends_run=True)}
        return {OUTCOME: self._worker.advance()}
