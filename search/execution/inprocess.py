"""The executor without Ray: one trial after the other in this process, to debug one."""

from search.engine.coordinator import Coordinator
from search.engine.trial import Decision, Failure
from search.execution.worker import Job, Worker


def execute(coordinator: Coordinator, job: Job) -> None:
    """Run trials until none is proposed."""
    while (trial := coordinator.propose()) is not None:
        worker = Worker(job, trial.id, trial.config, trial.seed)
        decision = Decision.CONTINUE
        while decision is Decision.CONTINUE:
            outcome = worker.advance()
            if isinstance(outcome, Failure):
                coordinator.fail(trial.id, outcome)
                break
            decision = coordinator.report(trial.id, outcome)
        coordinator.complete(trial.id)
