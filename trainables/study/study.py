"""The interface between engine and study: space, references, assets, trials.

The engine (package ``search``) knows this file and no study; a study knows this file and no engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
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

WINNER = "winner"  # the label of the best trial among the models of `Study.illustrate`
BASELINE = "baseline"  # the reference that every study has, and most floors compare with
MATCHED = "matched"  # begins the label of a control that trains with the winner's values

MEMORY = "max_memory"
"""The name of the memory limit, beyond which a trial cannot run; also the name of its setting."""

Config = Mapping[str, Any]
Directions = Mapping[str, Literal["max", "min"]]
Say = Callable[[str], None]
S = TypeVar("S", bound=StudySettings)


@dataclass(frozen=True)
class Reference:
    """A trial that every run contains, for comparison: a baseline or a paper's config.

    Attributes:
        label: Short name for tables, such as ``baseline``.
        config: The whole config.
        scaled: True where the run's model or budget is smaller than the paper's.
        essential: True where it stays when the user asks for few references.
        control: True where it lies outside the study's question: it is compared with, but never
            wins. In a run whose space has arms, no reference wins (`Study.references_of_run`).
        point: The point of the space that stands for ``config``, for the sampler; None where there
            is no such point.
    """

    label: str
    config: dict[str, Any]
    _: KW_ONLY
    scaled: bool = False
    essential: bool = False
    control: bool = False
    point: dict[str, Any] | None = None

    def matched(self, config: Config, shared: Collection[str]) -> "Reference":
        """Return this reference with some values of a trial: a control that is matched to it.

        Args:
            config: Of the trial.
            shared: Names of the values that the control takes over, where both configs have them.
        """
        values = {name: config[name] for name in shared if name in config and name in self.config}
        return replace(
            self,
            label=f"{MATCHED} {self.label}",
            config=self.config | values,
            control=True,
            point=None,
        )


@dataclass(frozen=True)
class Floor:
    """The least quality of a trial that has trained to its end, relative to a reference.

    Attributes:
        name: Of the constraint.
        metric: A key of `Report.metrics` whose values are positive.
        reference: The label of the reference.
        slack: The share by which a trial may be worse than the reference, at least 0: of what the
            reference has beyond ``zero``.
        zero: The value of a constant answer; None where the slack is a share of the reference's
            value. A study leaves it None and sets ``above_constant``; the engine fills it in.
        above_constant: Whether ``zero`` is to be the run's ``Facts.constant`` of the metric.
    """

    name: str
    metric: str
    reference: str
    slack: float
    _: KW_ONLY
    zero: float | None = None
    above_constant: bool = False

    def reach(self, level: float, direction: Literal["max", "min"]) -> float:
        """Return what a reference of this level has beyond zero; the slack is a share of it.

        Args:
            level: The reference's value.
            direction: Whether more or less of the metric is better.

        Returns:
            At most 0, or NaN, where the reference is no better than a constant answer.
        """
        if self.zero is None:
            return level
        return level - self.zero if direction == "max" else self.zero - level


@dataclass(frozen=True)
class EpsChoice:
    """Radii that a run chose by itself, and the reason.

    Attributes:
        eps: In the unit of the study's threat model, rising from 0.
        line: For the terminal and the manifest.
        details: The numbers that the choice is based on, JSON values only.
    """

    eps: tuple[float, ...]
    line: str
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The outcome of preparing a run, for the manifest and the reader.

    Attributes:
        digests: SHA-256 of data, splits and frozen models, by name.
        lines: Sentences for the terminal and the manifest: the source of the data, the split that
            ranks.
        default_metric: The metric that ranks unless the user names another.
        details: Further values for the manifest, JSON values only.
        constant: By metric, the value of an answer that never looks at the input: the largest
            class, chance, a trivial prediction. Tables show it as a row of its own.
        settled: The values of the settings that the user left to the run.
    """

    digests: dict[str, str]
    lines: tuple[str, ...]
    default_metric: str
    details: dict[str, Any] = field(default_factory=dict)
    constant: dict[str, float] = field(default_factory=dict)
    settled: dict[str, Any] = field(default_factory=dict)

    def with_eps(self, choice: EpsChoice) -> "Facts":
        """Return these facts together with the radii that the run chose."""
        return replace(
            self,
            lines=(*self.lines, choice.line),
            details=self.details | {"eps_auto": choice.details},
            settled=self.settled | {"eps": choice.eps},
        )


class Study(ABC, Generic[S]):
    """A question that the engine can search: what may vary, what is compared, how a trial runs.

    One instance serves all runs of a process and holds no state of any run. The engine calls the
    methods in this order:

    ===============  ==============================================================================
    `parse_settings` before anything is written: the values that the user fixed become settings
    `space`          whenever a sampler needs it
    `references`     before preparing, to check that the essential ones fit; then as first trials,
                     see `references_of_run`
    `limits`         on every config, right before its training would start
    `prepare`        once a run, on the driver, into the run's folder of assets
    `used_items`     on an earlier run that this run starts from, before anything is written
    `check_apart`    after `prepare`, where a run starts from earlier ones: before its first trial
    `complete`       on every point that the sampler proposes: a point becomes a whole config
    `build`          in a worker, once for each trial that it runs, and again after a restart
    `starts`         before the first proposal: where a sampler that learns begins
    `controls`       after the last trial of the search: what is compared with its winner
    `illustrate`     on the driver, after the last trial, with the models of the best trials
    `check_test`     by a confirmation, before it trains anything
    `open_test`      by a confirmation alone, once the winner is recorded
    `examine`        in a worker, by a confirmation, on one saved model and one split
    ===============  ==============================================================================

    A `UserError` is for the user to correct: it ends the run with one line. After any other
    exception of a trial, that trial has failed and the search goes on.
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
        """Validate the values that are fixed for a run.

        Raises:
            UserError: In one line, if a name is unknown or a value out of bounds.
        """
        return parse(self.settings, values)

    def ladder(self, settings: S) -> tuple[Rung, ...]:
        """List the rungs at which trials are compared, in rising order of epochs."""
        return settings.rungs

    @abstractmethod
    def space(self, settings: S) -> Space:
        """Return the space that the run searches."""

    @abstractmethod
    def complete(self, point: Config, settings: S) -> dict[str, Any]:
        """Turn a point of the space into a whole config: JSON values only."""

    @abstractmethod
    def references(self, settings: S) -> tuple[Reference, ...]:
        """List the trials that every run contains; the one that `floor` names is essential."""

    @final
    def references_of_run(self, settings: S) -> tuple[Reference, ...]:
        """List the references as a run takes them: beside arms none may win.

        Arms are methods that must have the same chance: each has as many sampled trials. A
        reference that could win, or that the sampler learns of, would be one more candidate of its
        own arm. So in a space with arms all references are controls, and no sampler is told of
        them. Elsewhere they are what the study says.

        Args:
            settings: Of the run.
        """
        references = self.references(settings)
        if not self.space(settings).arms:
            return references
        return tuple(replace(reference, control=True, point=None) for reference in references)

    def starts(self, settings: S) -> tuple[Config, ...]:
        """Return points of the space around which a search begins; none by default.

        Where a good point is known, a search that begins anywhere wastes its first trials. Before a
        sampler has learnt, the run tries small changes of these points in place of random ones.
        """
        del settings
        return ()

    def controls(self, config: Config, settings: S) -> tuple[Reference, ...]:
        """List the controls matched to a trial: other methods, trained with the trial's values.

        A search tunes how its trials train (learning rate, weight decay, batches), and no
        reference. What is gained by that is not gained by the method. So the run trains these
        controls after the search, for its winner, and reports the gain over the best of them.
        None by default, for a study that tunes nothing that its references could take over.

        Args:
            config: Of the winner.
            settings: Of the run.

        Returns:
            Labels begin with ``matched`` (see `Reference.matched`). A control that has the config
            of a trial of the run is that trial, and is not trained again.
        """
        del config, settings
        return ()

    @abstractmethod
    def metrics(self, settings: S) -> Directions:
        """Map every metric that a trial will report to the better direction."""

    @abstractmethod
    def floor(self, settings: S) -> Floor | None:
        """Return the least quality that a trial needs to win; None where any will do."""

    @abstractmethod
    def limits(self, config: Config, settings: S) -> dict[str, float]:
        """Compute the constraints that need no training; each is met at 0 and below."""

    @abstractmethod
    def prepare(self, settings: S, assets: Path, say: Say) -> Facts:
        """Make what all trials share, once a run: splits, frozen models.

        Args:
            settings: Of the run.
            assets: An empty folder to write into. No test image goes into it.
            say: Receives a sentence before each step that takes long.
        """

    def used_items(self, assets: Path) -> tuple[str, ...]:
        """Return digests of all items that trained, chose or ranked in a run.

        A run may start from the best of an earlier one. What these were chosen by must not be in
        its test split. Nothing by default, for a study whose test split is the same in all runs.
        They are written into the plan of a run that starts from this one: of many items, return the
        digest of the set.

        Args:
            assets: The folder that `prepare` wrote, of the earlier run.

        Raises:
            UserError: If the folder does not say what was used.
        """
        del assets
        return ()

    def check_apart(self, assets: Path, items: Collection[str]) -> None:
        """Refuse a test split in which earlier runs trained, chose or ranked; by default nothing.

        Args:
            assets: The folder that `prepare` wrote, of this run.
            items: What `used_items` returned of the runs that this run starts from, and of those
                that they started from.

        Raises:
            UserError: If one of them is in the test split of this run; the line says how many are,
                and what to do.
        """
        del assets, items

    @abstractmethod
    def build(self, config: Config, settings: S, assets: Path) -> Trainable:
        """Make one trial, ready to train.

        Args:
            config: A whole config, from `complete` or a reference.
            settings: Of the run; those of a trial with another seed differ in ``seed``.
            assets: The folder that `prepare` wrote; read only.
        """

    def check_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Raise what `open_test` would raise, as far as that is known before; by default nothing.

        A confirmation trains for hours before it opens the test split.

        Args:
            settings: Of the run.
            assets: The folder that `prepare` wrote.
            folder: For the test split alone; nothing is written.
            say: Receives a sentence before each step that takes long.
        """
        del settings, assets, folder, say

    @abstractmethod
    def open_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Write the test split into a folder, unless it is there already.

        Args:
            settings: Of the run.
            assets: The folder that `prepare` wrote. Nothing in it may be in the test split.
            folder: For the test split alone.
            say: Receives a sentence before each step that takes long.
        """

    @abstractmethod
    def examine(self, model: Path, data: Path, settings: S, exam: "Exam") -> "Examination":
        """Examine a model that a trial saved, on the ranking or the test split.

        Args:
            model: The folder that `Trainable.save` wrote.
            data: For ``ranking`` the run's assets, for ``test`` the folder that `open_test` wrote.
            settings: Of the run.
            exam: The split, the attacks, the seed, and other models to take attacks from.
        """

    @abstractmethod
    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: S
    ) -> "tuple[Sheet, ...]":
        """Make the pictures of a run, from images that its trials may see.

        Args:
            models: Folders that `Trainable.save` wrote, by label: ``winner``, and the references.
            assets: The folder that `prepare` wrote.
            settings: Of the run.
        """
