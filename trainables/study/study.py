"""What a study offers to the engine: a trainable, its reports, its references.

The engine (package ``search``) knows this file and no study; a study knows this file and no engine.
A *step* is one epoch. A trial is advanced from rung to rung of the study's ladder, a rung being
where trials are compared: how long they have trained and how hard they are attacked. It reports
once at each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from searchspace.space import Space
from trainables.study.report import Rung
from trainables.study.trial import Trainable

if TYPE_CHECKING:  # the command line reads this file before it loads NumPy
    from trainables.study.examination import Exam, Examination
    from trainables.study.sheet import Sheet

WINNER = "winner"  # its label among the models of `StudyModule.illustrate`

MEMORY = "max_memory"
"""The limit beyond which a trial is not just unwanted but cannot run; its setting's name, too."""

Config = Mapping[str, Any]
Directions = Mapping[str, Literal["max", "min"]]
Say = Callable[[str], None]


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
    """What a module such as ``trainables.studies.tsynd.study`` offers to the engine."""

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
