"""Examine the trainings of finalists on a split, as far as that was not done before."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from search.confirmation.finalists import Finalist
from search.confirmation.plan import ConfirmPlan
from search.confirmation.statistics import Examinations, yardstick_of
from search.engine.objective import Objective
from search.engine.trial import Failure, Trial
from search.execution.tasks import Task
from search.plan import SHIFT
from search.record.run_folder import RunFolder
from search.results.tables import duration
from search.run.session import Session
from searchspace.errors import UserError
from trainables.door.paths import inside
from trainables.study.examination import Exam, read_examination

Split = Literal["ranking", "test"]
Trained = Mapping[str, Sequence[Trial]]
"""The completed trainings of each finalist, by its id, in the order of the seeds."""


@dataclass(frozen=True)
class Confirmation:
    """A confirmation while a process works on it.

    Attributes:
        plan: What the user asked for.
        session: Of the run that is confirmed.
        objective: Of that run.
        finalists: Who takes part.
        folder: Where all is written.
    """

    plan: ConfirmPlan
    session: Session
    objective: Objective
    finalists: tuple[Finalist, ...]
    folder: Path

    @property
    def metric(self) -> str:
        """What finalists are compared by under the ensemble."""
        return yardstick_of(self.objective.metric, self.session.rungs[-1])

    @property
    def trainings(self) -> RunFolder:
        """Where the finalists were trained anew."""
        return RunFolder(inside(self.folder, "training"))

    def file(self, split: Split, training: str) -> Path:
        """Return where the examination of a training is written."""
        return inside(self.folder, "examined", split, f"{training}.npz")


def examine(
    job: Confirmation, trained: Trained, finalists: Sequence[Finalist], split: Split
) -> Examinations:
    """Examine every training of some finalists; what was examined before is read.

    Args:
        job: The confirmation.
        trained: The trainings.
        finalists: Whose trainings are examined; each is attacked from those of the others, too.
        split: ``test`` only once it was opened.

    Raises:
        UserError: If an examination failed; the others have been written.
    """
    depot = job.session.keeping.depot
    subjects = [
        (number, finalist, training)
        for finalist in finalists
        for number, training in enumerate(trained[finalist.id])
    ]
    tasks = [  # seed by seed, as each process keeps what it made on rivals of the same seed
        _task(job, trained, finalists, (finalist, number), split)
        for number, finalist, training in sorted(subjects, key=lambda subject: subject[0])
        if not depot.bring_file(job.file(split, training.id)).is_file()
    ]
    _run(job, tasks, split)
    for task in tasks:
        depot.bring_file(task.file)
    return {
        finalist.id: [
            read_examination(job.file(split, training.id)) for training in trained[finalist.id]
        ]
        for finalist in finalists
    }


def _task(
    job: Confirmation,
    trained: Trained,
    finalists: Sequence[Finalist],
    subject: tuple[Finalist, int],
    split: Split,
) -> Task:
    """Describe the examination of one training, attacked from its rivals of the same seed."""
    session, (finalist, number) = job.session, subject
    training = trained[finalist.id][number]
    rivals = {
        rival.name: job.trainings.trial(trained[rival.id][number].id)
        for rival in finalists
        if rival is not finalist and number < len(trained[rival.id])
    }
    exam = Exam(
        attacks=job.plan.attacks,
        split=split,
        corruptions=split == "test",
        images=job.plan.images,
        seed=session.settings.seed + SHIFT,
        sources=rivals,
    )
    return Task(
        module=session.row.path,
        settings=session.trial_settings,
        model=job.trainings.trial(training.id),
        data=session.folder.assets if split == "ranking" else inside(job.folder, "test"),
        exam=exam,
        file=job.file(split, training.id),
        threads=session.plan.cpus_per_trial,
        depot=session.depot,
    )


def _run(job: Confirmation, tasks: Sequence[Task], split: Split) -> None:
    session, failures, count = job.session, list[str](), 0
    if not tasks:
        return
    session.say(f"attacking {len(tasks)} models on {split}: {job.plan.attacks} ensemble")
    started = time.perf_counter()

    def end(task: Task, failure: Failure | None) -> None:
        nonlocal count
        count += 1
        outcome = "examined" if failure is None else f"failed: {failure.reason}"
        spent = duration(time.perf_counter() - started)
        session.say(f"[{count}/{len(tasks)}] {task.model.name}: {outcome}, {spent}")
        if failure is not None:
            failures.append(f"{task.model.name}: {failure.reason}")

    session.executor.map(tasks, end)
    if failures:
        raise UserError(f"{failures[0]}; the rest is kept: give the same command again")
