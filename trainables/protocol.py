"""What a study offers to the engine: a trainable, its reports, its references.

The engine (package ``search``) knows this file and no study; a study knows this file and no engine.
A *step* is one epoch. A trial is advanced from rung to rung of the study's ladder, a rung being
where trials are compared: how long they have trained and how hard they are attacked. It reports
once at each.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, final

from searchspace.space import Space

if TYPE_CHECKING:  # the command line reads this file before it loads NumPy
    from trainables.examination import Exam, Examination
    from trainables.sheet import Sheet

WINNER = "winner"  # its label among the models of `StudyModule.illustrate`

MEMORY = "max_memory"
"""The limit beyond which a trial is not just unwanted but cannot run; its setting's name, too."""

Config = Mapping[str, Any]
Directions = Mapping[str, Literal["max", "min"]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Level:
    """How hard a model is attacked: a fidelity beside epochs.

    Attributes:
        attack: The kind that ranks, a name of the study's attacks.
        steps: Of its gradient, or queries of a black box; None for the attack's own.
        restarts: From other random starts, at least 1.
        eps: Radii in the unit of the study's threat model, rising from 0.
        images: At most so many images (subjects) of the ranking split, the same for all trials;
            None for all.
        audit: Whether what betrays masked gradients is measured, which costs more.
    """

    attack: str
    steps: int | None
    restarts: int
    eps: tuple[float, ...]
    images: int | None = None
    audit: bool = False


@dataclass(frozen=True)
class Rung:
    """Where trials are compared.

    Attributes:
        epochs: How long they have trained; may be the same as at the rung before.
        metric: A key of `Report.metrics`: what they are compared by, unless the user names another.
        level: How hard they are attacked; None where nothing is.
    """

    epochs: int
    metric: str
    level: Level | None = None


@dataclass(frozen=True)
class Report:
    """What a trial says at a rung, of its best-on-val epoch so far.

    Attributes:
        epoch: Epochs trained.
        metrics: Scores by name, ``{split}_{measurement}_{score}``; every value finite or NaN.
        intervals: 95 % intervals (low, high) of some of the metrics.
        constraints: Each is met where its value is at most 0.
        seconds: Time spent since the last report, by activity.
        best_epoch: The epoch that val chose and whose model was measured, where val chooses.
        rung: Its place on the ladder, from 0; the worker fills it in.
        notes: What the user should be told.
    """

    epoch: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    constraints: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    best_epoch: int | None = None
    rung: int = 0
    notes: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class Reference:
    """A trial that every run contains, to compare with: a baseline or a paper's setting.

    Attributes:
        label: Short name shown in tables, such as ``baseline``.
        config: The whole config.
        scaled: True where the run's model or budget is smaller than the paper's.
        essential: Kept where the user asks for few references.
        control: Outside the study's question: compared with, but never the winner.
        point: The point of the space that says the same as ``config``, told to the sampler; None
            where no point does.
    """

    label: str
    config: dict[str, Any]
    scaled: bool = False
    essential: bool = False
    control: bool = False
    point: dict[str, Any] | None = None


@dataclass(frozen=True)
class Floor:
    """A demand on a trial's quality, relative to a reference after as many epochs.

    Attributes:
        name: Of the constraint.
        metric: A key of `Report.metrics` whose values are positive.
        reference: The label of the reference.
        slack: Share by which a trial may be worse than the reference, at least 0.
    """

    name: str
    metric: str
    reference: str
    slack: float


@dataclass(frozen=True)
class Chosen:
    """Radii that a run chose for itself, and why.

    Attributes:
        eps: In the unit of the study's threat model, rising from 0.
        line: For the terminal and the manifest.
        details: What the choice rests on, JSON values only.
    """

    eps: tuple[float, ...]
    line: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What preparing a run found, for the manifest and the reader.

    Attributes:
        digests: SHA-256 of data, splits and frozen models, by name.
        lines: Sentences for the terminal and the manifest: where the data come from, which split
            ranks.
        default_metric: The one that ranks unless the user names another.
        details: Anything else worth keeping, JSON values only.
        settled: Settings that the user left to the run, as it chose them.
    """

    digests: dict[str, str]
    lines: tuple[str, ...]
    default_metric: str
    details: dict[str, Any] = field(default_factory=dict)
    settled: dict[str, Any] = field(default_factory=dict)

    def choosing(self, chosen: Chosen) -> "Facts":
        """Return these facts, and which radii were chosen."""
        return replace(
            self,
            lines=(*self.lines, chosen.line),
            details=self.details | {"eps_auto": chosen.details},
            settled=self.settled | {"eps": chosen.eps},
        )


class StudyModule(Protocol):
    """What a module such as ``trainables.tsynd`` offers to the engine."""

    def parse_settings(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - each study's own type
        """Validate what is fixed for a run; raises UserError with one clear line."""

    def space(self, settings: Any) -> Space:  # noqa: ANN401
        """Return what varies in this run."""

    def metrics(self, settings: Any) -> Directions:  # noqa: ANN401
        """List every metric that a trial will report, and whether more or less of it is better."""

    def prepare(self, settings: Any, assets: Path, say: Say) -> Facts:  # noqa: ANN401
        """Do once what all trials share, into the folder ``assets``: splits, frozen models."""

    def build(self, config: Config, settings: Any, assets: Path) -> Trainable:  # noqa: ANN401
        """Make one trial from a full config."""

    def references(self, settings: Any) -> tuple[Reference, ...]:  # noqa: ANN401
        """List the trials that every run contains."""

    def complete(self, sample: Config, settings: Any) -> dict[str, Any]:  # noqa: ANN401
        """Turn a point of the space into a full config."""

    def limits(self, config: Config, settings: Any) -> dict[str, float]:  # noqa: ANN401
        """Compute the constraints that need no training, met at 0 and below; often none."""

    def ladder(self, settings: Any) -> tuple[Rung, ...]:  # noqa: ANN401
        """List the rungs on which trials are compared, each as far as the one before or farther."""

    def open_test(self, settings: Any, assets: Path, folder: Path, say: Say) -> None:  # noqa: ANN401
        """Write the test split into a folder, unless it is there: only a confirmation does."""

    def examine(self, model: Path, data: Path, settings: Any, exam: "Exam") -> "Examination":  # noqa: ANN401
        """Examine a model that a trial saved, on the ranking or the test split.

        Args:
            model: Folder that `Trainable.save` wrote.
            data: For ``ranking`` the run's assets, for ``test`` what `open_test` wrote.
            settings: Of the run.
            exam: How.
        """

    def illustrate(
        self,
        models: Mapping[str, Path],
        assets: Path,
        settings: Any,  # noqa: ANN401
    ) -> "tuple[Sheet, ...]":
        """Show what a run came to, on images that its trials may see.

        Args:
            models: Folders that `Trainable.save` wrote, by label: ``winner``, and the references.
            assets: What `prepare` wrote.
            settings: Of the run.
        """

    def floor(self, settings: Any) -> Floor | None:  # noqa: ANN401
        """Say what quality, relative to a reference, a trial needs to win; None for no demand."""
