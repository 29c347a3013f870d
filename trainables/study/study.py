"""What a study offers to the engine: its space, its references, its trials, its assets.

The engine (package ``search``) knows this file and no study; a study knows this file and no engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, final

from searchspace.space import Space
from trainables.runtime.config import parse
from trainables.study.about import About
from trainables.study.report import Rung
from trainables.study.settings import StudySettings
from trainables.study.trial import Trainable

if TYPE_CHECKING:  # NumPy, which the command line does without
    from trainables.study.examination import Exam, Examination
    from trainables.study.sheet import Sheet

WINNER = "winner"  # its label among the models of `Study.illustrate`
BASELINE = "baseline"  # the reference that every study has, and that most floors rest on

MEMORY = "max_memory"
"""The limit beyond which a trial is not just unwanted but cannot run; its setting's name, too."""

Config = Mapping[str, Any]
Directions = Mapping[str, Literal["max", "min"]]
Say = Callable[[str], None]
S = TypeVar("S", bound=StudySettings)


@dataclass(frozen=True)
class Reference:
    """A trial that every run contains, to compare with: a baseline or a paper's setting.

    Attributes:
        label: Short name for tables, such as ``baseline``.
        config: The whole config.
        scaled: True where the run's model or budget is smaller than the paper's.
        essential: Stays where the user asks for few references.
        control: Outside the study's question: compared with, but never the winner.
        point: The point of the space that says the same as ``config``, told to the sampler; None
            where no point does.
    """

    label: str
    config: dict[str, Any]
    _: KW_ONLY
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


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The outcome of preparing a run, for the manifest and the reader.

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

    def choosing(self, choice: Chosen) -> "Facts":
        """Return these facts, and which radii were chosen."""
        return replace(
            self,
            lines=(*self.lines, choice.line),
            details=self.details | {"eps_auto": choice.details},
            settled=self.settled | {"eps": choice.eps},
        )


class Study(ABC, Generic[S]):
    """A question that the engine can search: what may vary, what is compared, how a trial runs.

    One instance serves all runs of a process and holds no state of any. The engine calls, in this
    order:

    ===============  ==============================================================================
    `parse_settings` before anything is written: what the user fixed becomes settings
    `space`          with the settings, whenever a sampler needs it
    `references`     before preparing, to see that the essential ones fit; then as first trials
    `limits`         on every config, right before it would be trained
    `prepare`        once a run, on the driver, into the run's folder of assets
    `complete`       on every point that the sampler proposes: a point becomes a whole config
    `build`          in a worker, once for each trial that it runs, and again after a restart
    `illustrate`     on the driver, after the last trial, with the models of the best trials
    `open_test`      by a confirmation alone, once its winner is written down
    `examine`        in a worker, by a confirmation, on one saved model and one split
    ===============  ==============================================================================

    What a study raises as `UserError` is the user's to mend and ends the run in one line; whatever
    else a trial raises makes that trial failed, and the search goes on.
    """

    @property
    @abstractmethod
    def settings(self) -> type[S]:
        """The class of the study's settings; its ``about`` says what the study is."""

    @final
    @property
    def about(self) -> About:
        """The description of the study."""
        return self.settings.about

    @final
    def parse_settings(self, values: Mapping[str, Any]) -> S:
        """Validate what is fixed for a run.

        Raises:
            UserError: With one clear line, if a name is unknown or a value out of bounds.
        """
        return parse(self.settings, values)

    def ladder(self, settings: S) -> tuple[Rung, ...]:
        """List the rungs at which trials are compared, each as far as the one before or farther."""
        return settings.rungs

    @abstractmethod
    def space(self, settings: S) -> Space:
        """Return what varies in this run."""

    @abstractmethod
    def complete(self, point: Config, settings: S) -> dict[str, Any]:
        """Turn a point of the space into a whole config: JSON values only."""

    @abstractmethod
    def references(self, settings: S) -> tuple[Reference, ...]:
        """List the trials that every run contains; the one that `floor` names is essential."""

    @abstractmethod
    def metrics(self, settings: S) -> Directions:
        """List every metric that a trial will report, and whether more or less of it is better."""

    @abstractmethod
    def floor(self, settings: S) -> Floor | None:
        """Say what quality, relative to a reference, a trial needs to win; None for no demand."""

    @abstractmethod
    def limits(self, config: Config, settings: S) -> dict[str, float]:
        """Compute the constraints that need no training, met at 0 and below; often none."""

    @abstractmethod
    def prepare(self, settings: S, assets: Path, say: Say) -> Facts:
        """Do once what all trials share, into the folder ``assets``: splits, frozen models.

        Args:
            settings: Of the run.
            assets: An empty folder. No test image goes into it.
            say: Told what takes long, a sentence at a time.
        """

    @abstractmethod
    def build(self, config: Config, settings: S, assets: Path) -> Trainable:
        """Make one trial.

        Args:
            config: A whole config, as `complete` or a reference gives it.
            settings: Of the run; those of a trial with another seed differ in ``seed``.
            assets: What `prepare` wrote; read only.
        """

    @abstractmethod
    def open_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Write the test split into a folder, unless it is there: only a confirmation does.

        Args:
            settings: Of the run.
            assets: What `prepare` wrote: what trained, chose or ranked must not be in test.
            folder: For the test split alone.
            say: Told what takes long.
        """

    @abstractmethod
    def examine(self, model: Path, data: Path, settings: S, exam: "Exam") -> "Examination":
        """Examine a model that a trial saved, on the ranking or the test split.

        Args:
            model: Folder that `Trainable.save` wrote.
            data: For ``ranking`` the run's assets, for ``test`` what `open_test` wrote.
            settings: Of the run.
            exam: How: the split, the attacks, the seed, other models to take attacks from.
        """

    @abstractmethod
    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: S
    ) -> "tuple[Sheet, ...]":
        """Show what a run came to, on images that its trials may see.

        Args:
            models: Folders that `Trainable.save` wrote, by label: ``winner``, and the references.
            assets: What `prepare` wrote.
            settings: Of the run.
        """
