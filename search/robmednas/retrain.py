"""Train one network to the end, once: what a folder holds already is not done again."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from search.results.ranking import unmet
from searchspace.errors import UserError
from searchspace.words import plural
from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.door.records import read_json
from trainables.runtime.files import to_json, write_atomically
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.study import Say

robmednas = RobMedNAS()

DONE = "retrained.json"
SILENCE = 20.0  # seconds after which a training says how far it is


@dataclass(frozen=True)
class Retrained:
    """How a training went.

    Attributes:
        epochs: Trained in all.
        best_epoch: Whose weights were kept: that of the lowest loss on val.
        metrics: Of that epoch, on val and ranking.
        seconds: That it took.
        constraints: Of that epoch, met at 0 and below: alarms, and limits of the run; None for
            what is not finite. Empty in files of earlier versions.
    """

    epochs: int
    best_epoch: int
    metrics: dict[str, float]
    seconds: float
    constraints: dict[str, float | None] = field(default_factory=dict)

    @property
    def missed(self) -> tuple[str, ...]:
        """The names of the constraints that it does not meet; such a network cannot win."""
        return tuple(unmet(self.constraints))


OUTCOME = TypeAdapter(Retrained)


def read_retrained(file: Path) -> Retrained:
    """Read how a training went.

    Args:
        file: Of that name `DONE`, which may be a stranger's.

    Raises:
        UserError: If it is damaged.
    """
    try:
        return OUTCOME.validate_python(read_json(file))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise UserError(f"{file} is damaged: {name}: {problem['msg']}") from None


@dataclass
class Progress:
    """Says now and then how far a training is.

    Attributes:
        name: Of the training.
        epochs: In all, at most.
        say: Receives a sentence.
        said: When it last did, by ``time.perf_counter``.
    """

    name: str
    epochs: int
    say: Say
    said: float = field(default_factory=time.perf_counter)

    def after(self, epoch: int) -> None:
        """Say that an epoch is done, unless something was said a short time ago."""
        if time.perf_counter() - self.said >= SILENCE and epoch < self.epochs:
            self.say(f"{self.name}: epoch {epoch} of {self.epochs}")
            self.said = time.perf_counter()


def say_work(folders: Sequence[Path], epochs: int, say: Say) -> bool:
    """Say how many trainings are left, and tell whether there are any.

    Args:
        folders: Of all networks.
        epochs: Of a training, at most.
        say: Receives the sentence.
    """
    untrained = sum(not (folder / DONE).is_file() for folder in folders)
    if untrained:
        trainings = f"{untrained} of {plural(len(folders), 'training')} to do"
        say(f"{trainings}, each of at most {plural(epochs, 'epoch')}")
    return untrained > 0


def retrain(
    config: dict[str, Any],
    settings: RobMedNASSettings,
    assets: Path,
    folder: Path,
    patience: int,
    say: Say,
) -> Retrained:
    """Train until val has not improved for ``patience`` epochs, or for all epochs.

    The weights of the best epoch are saved into ``folder``, and last of all a file that says so: a
    training that was cut short starts again, one that is whole is read.

    Args:
        config: Of the network, whole.
        settings: With the training's seed and its most epochs.
        assets: The slices it is trained on; of the study's `prepare`.
        folder: For the network.
        patience: Epochs without a better val that end the training, from 1. A learning rate that
            follows a schedule is followed to its end.
        say: Told, in a sentence, how it went.

    Raises:
        UserError: If the network answers the same MR differently.
    """
    file = folder / DONE
    if file.is_file():
        outcome = read_retrained(file)
        say(f"{folder.name}: trained already, {plural(outcome.epochs, 'epoch')}")
        return outcome
    started = time.perf_counter()
    trial = robmednas.build(config, settings, assets)
    constant = trial.config.schedule == "constant"
    progress = Progress(folder.name, settings.epochs, say)

    def stop() -> bool:
        progress.after(trial.epoch)
        return constant and trial.epochs_since_best >= patience

    trial.train(settings.epochs, stop=stop)
    try:
        report = trial.evaluate(settings.rungs[-1])
    except UnsteadyError as error:
        raise UserError(f"{folder.name}: {error}") from None
    folder.mkdir(parents=True, exist_ok=True)
    trial.save(folder)
    spent = time.perf_counter() - started
    best = report.best_epoch or trial.epoch
    outcome = Retrained(trial.epoch, best, report.metrics, spent, dict(report.constraints))
    write_atomically(file, to_json(asdict(outcome), indent=2) + "\n")
    say(
        f"{folder.name}: {plural(outcome.epochs, 'epoch')}, the best {outcome.best_epoch}, head "
        f"MAE on ranking {report.metrics['ranking_clean_mae_head']:.1f} HU, {outcome.seconds:.0f} s"
    )
    if outcome.missed:
        say(f"{folder.name}: cannot win: {', '.join(outcome.missed)}")
    return outcome
