"""What all classification studies share: everything except space, references and learner."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, final

import torch

from searchspace.space import Space
from trainables.classification.assets import (
    at_most,
    find_test,
    left_out_lines,
    open_splits,
    read_splits,
    read_test,
    write_data,
    write_test,
)
from trainables.classification.examination import TestScores, examine_saved
from trainables.classification.learner import Choice, Learner, Lesson, check_config
from trainables.classification.measurement import (
    Robustness,
    constant_metrics,
    corrupted_metric,
    measure_robust,
    metrics_of,
)
from trainables.classification.memory import CountExtra, need_of, no_extra
from trainables.classification.pilot import SCALE, measure_anchor
from trainables.classification.preparation.apart import check_apart, used_items
from trainables.classification.settings import ClassificationSettings
from trainables.classification.trial import ClassifierTrial, measurement_of
from trainables.data.dataset import Dataset
from trainables.data.splits import Splits
from trainables.metrics.radii import Anchor, choose_eps
from trainables.runtime.config import Frozen, parse
from trainables.runtime.device import channels_last
from trainables.runtime.memory import Need
from trainables.saved.checkpoint import load_classifier
from trainables.study.examination import Exam, Examination
from trainables.study.sheet import Sheet
from trainables.study.study import (
    BASELINE,
    MEMORY,
    Config,
    Directions,
    EpsChoice,
    Facts,
    Floor,
    Reference,
    Say,
    Study,
)

S = TypeVar("S", bound=ClassificationSettings)
C = TypeVar("C", bound=Frozen)


@dataclass(frozen=True, kw_only=True)
class Assets:
    """Facts on the assets that a study made beside the splits.

    Attributes:
        digests: SHA-256 of frozen models, by name.
        lines: Sentences for the terminal and the manifest.
        details: Further values for the manifest, JSON values only.
    """

    digests: dict[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


class ClassificationStudy(Study[S], Generic[S, C]):
    """A study of classifiers: subclass it, name settings and config, and say how an epoch trains.

    Splits, measurement, alarms, ladder, floor, memory, saving, confirmation and test are the same
    for all and are done here. A subclass says what varies (`space`), which trials every run
    contains (`references`), and how one trial trains (`learner`); it may make assets of its own.
    """

    @property
    @abstractmethod
    def config(self) -> type[C]:
        """The class of a config, which has at least the fields of `ClassifierConfig`."""

    @abstractmethod
    def space(self, settings: S) -> Space:
        """Return the space that the run searches; every parameter is a field of `config`."""

    @abstractmethod
    def references(self, settings: S) -> tuple[Reference, ...]:
        """List the trials that every run contains; ``baseline`` is one of them, and essential."""

    @abstractmethod
    def learner(self, config: C, settings: S, lesson: Lesson, assets: Path) -> Learner:
        """Make what trains a trial's classifier.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            lesson: The classifier, the training images, and how to train.
            assets: Folder of the run, with the files that `make_assets` wrote.
        """

    def make_assets(
        self, settings: S, dataset: Dataset, splits: Splits, assets: Path, say: Say
    ) -> Assets:
        """Make what the study needs beside the splits, once a run; nothing unless overridden.

        Random objects must follow from data, settings and ``settings.seed``, so that a trial with
        another seed can make its own (see `trainables.saved.frozen`).

        Args:
            settings: Of the run.
            dataset: Opened. Its test images may not be used.
            splits: Of the dataset.
            assets: Folder to write into.
            say: Receives a sentence before each step that takes long.
        """
        del settings, dataset, splits, assets, say
        return Assets()

    def alarms(self, config: C, settings: S, assets: Path) -> Mapping[str, float]:
        """Return alarms that a trial raises by its assets, whatever it learns; none by default.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run.

        Returns:
            By names of `alarms.OF_ASSETS`; each is met at 0 and below.
        """
        del config, settings, assets
        return {}

    @property
    def count_extra(self) -> CountExtra:
        """The function that counts the memory of the study's own objects; none by default."""
        return no_extra

    @property
    def shared(self) -> tuple[str, ...]:
        """The values of a config by which any classifier trains, whatever the method."""
        return ("lr", "weight_decay", "batch_size", "dropout")

    def controls(self, config: Config, settings: S) -> tuple[Reference, ...]:
        """List the baseline and all references that are controls, with a trial's `shared` values.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        return tuple(
            reference.matched(config, self.shared)
            for reference in self.references(settings)
            if reference.control or reference.label == BASELINE
        )

    def settings_of(self, config: C, settings: S) -> S:
        """Return the settings that a trial is built with: the run's, unless overridden."""
        del config
        return settings

    def choice(self, config: C, settings: S, assets: Path) -> Choice | None:
        """Return what chooses the epoch of a trial; by default None, the score on clean val.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run. Of its splits only val may be used.
        """
        del config, settings, assets
        return None

    @property
    def pilot(self) -> str:
        """The reference whose clean skill is half lost at the first radius of ``--eps auto``."""
        return BASELINE

    @property
    def robust_pilot(self) -> str | None:
        """The reference that keeps a quarter of its clean skill at the last radius.

        Without one, which is the default, the last radius lies four octaves above the first.
        """
        return None

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: S
    ) -> tuple[Sheet, ...]:
        """Make no pictures, unless overridden.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        del models, assets, settings
        return ()

    def fixed(self, settings: S) -> Config:
        """Return values of a config that the settings fix instead of the space; none by default."""
        del settings
        return {}

    @final
    def complete(self, point: Config, settings: S) -> dict[str, Any]:
        """Turn a point of the space into a whole config; defaults fill what it leaves out."""
        return parse(self.config, {**self.fixed(settings), **point}).model_dump()

    @final
    def metrics(self, settings: S) -> Directions:
        """Map every metric that a trial reports to the better direction."""
        directions: dict[str, Literal["max", "min"]] = {"train_loss": "min"}
        for kind in settings.ranking_attacks:
            directions |= metrics_of(kind, settings.eps, settings.scores)
        if settings.measures_corruptions:
            directions |= dict.fromkeys(map(corrupted_metric, settings.scores), "max")
        return directions

    @final
    def floor(self, settings: S) -> Floor:
        """Return the floor: most of what the baseline's clean score has above chance."""
        metric = f"ranking_clean_{settings.headline}"
        return Floor("clean_floor", metric, BASELINE, settings.floor, above_constant=True)

    @final
    def limits(self, config: Config, settings: S) -> dict[str, float]:
        """Compute the share by which a trial exceeds the limit of memory; empty without a limit."""
        if (gib := settings.memory_gib) is None:
            return {}
        need = self.need(self.settings_of(parse(self.config, config), settings))
        return {MEMORY: need.excess(gib, config["batch_size"])}

    @final
    def need(self, settings: S) -> Need:
        """Predict the memory of a trial, of the classifier and of the study's own objects."""
        return need_of(settings.classifier, settings.channels, settings.shape, self.count_extra)

    @final
    def prepare(self, settings: S, assets: Path, say: Say) -> Facts:
        """Split the data, make the study's own assets, and choose radii where eps is auto.

        Args:
            settings: Of the run.
            assets: An empty folder to write into.
            say: Receives a sentence before each step that takes long.
        """
        dataset, splits = open_splits(settings, say)
        write_data(assets, dataset, splits, seed=settings.seed)
        extra = self.make_assets(settings, dataset, splits, assets, say)
        facts = Facts(
            digests={"data": dataset.digest, "splits": splits.digest} | extra.digests,
            lines=(dataset.source, *splits.notes, *left_out_lines(dataset, splits), *extra.lines),
            default_metric=settings.rungs[-1].metric,
            details={"near_copies": splits.near_copies} | extra.details,
        )
        eps, labels = settings.eps, splits.take(dataset, "ranking").labels
        if settings.eps_auto:
            choice = self._choose_eps(settings, assets, say)
            facts, eps = facts.with_eps(choice), choice.eps
        rest = eps, settings.task, labels, settings.scores
        parts = (constant_metrics(kind, *rest) for kind in settings.ranking_attacks)
        constant = {name: value for part in parts for name, value in part.items()}
        return replace(facts, constant=constant)

    @final
    def used_items(self, assets: Path) -> tuple[str, ...]:
        """Return the name of the set of images that could train, choose or rank in a run.

        Raises:
            UserError: If they are missing or damaged.
        """
        return used_items(assets)

    @final
    def check_apart(self, assets: Path, items: Collection[str]) -> None:
        """Refuse test images that trained, chose or ranked in runs that this run starts from.

        Raises:
            UserError: If there is such a test image.
        """
        check_apart(assets, items)

    @final
    def build(self, config: Config, settings: S, assets: Path) -> ClassifierTrial:
        """Make one trial; of another seed than the run's on other images, see `read_splits`.

        Args:
            config: A whole config.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run; read only.
        """
        trial_config = parse(self.config, config)
        settings = self.settings_of(trial_config, settings)
        return ClassifierTrial(
            study=self.about.name,
            config=check_config(trial_config),
            settings=settings,
            data=read_splits(assets, settings.device, settings.seed),
            make_learner=lambda lesson: self.learner(trial_config, settings, lesson, assets),
            need=self.need(settings),
            choice=self.choice(trial_config, settings, assets),
            alarms=self.alarms(trial_config, settings, assets),
        )

    @final
    def check_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Make sure that the dataset still has the recorded test images; nothing is written.

        Args:
            settings: Of the run.
            assets: Folder of the run.
            folder: For the test split alone.
            say: Receives a sentence before each step that takes long.

        Raises:
            UserError: As of `open_test`.
        """
        find_test(folder, assets, settings, say)

    @final
    def open_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Write the recorded test images into a folder, unless they are there already.

        Args:
            settings: Of the run.
            assets: Folder of the run.
            folder: For the test split alone.
            say: Receives a sentence before each step that takes long.

        Raises:
            UserError: If the dataset has not all test images that it had when the run was prepared.
        """
        write_test(folder, assets, settings, say)

    @final
    def examine(self, model: Path, data: Path, settings: S, exam: Exam) -> Examination:
        """Examine a classifier that a trial saved, under an ensemble of attacks.

        Args:
            model: Folder of the saved model.
            data: Folder of the run's assets, or of the test split.
            settings: Of the run.
            exam: The split, the attacks, the seed, and other models to take attacks from.
        """
        return examine_saved(model, data, settings, exam)

    def score_test(self, model: Path, data: Path, settings: S, images: int | None) -> TestScores:
        """Score a saved classifier on test: clean, under noise, FGSM, PGD and the run's attack.

        Args:
            model: Folder of the saved classifier.
            data: Folder of the test split.
            settings: Of the run.
            images: The greatest number of images; None for all.

        Returns:
            Also bounds of the 95 % interval of the clean AUC over images, ``low.test_clean_auc``
            and so on; and what `Robustness.beside` adds.
        """
        classifier, card = load_classifier(model)
        test = read_test(data, torch.device(settings.device))
        test = test if images is None else at_most(test, images)
        measurement = measurement_of(settings, card.task, self.need(settings))
        network = channels_last(classifier.to(test.images.device))
        robust = measure_robust(network, test, measurement, "test")
        beside = robust.beside(test.near, "test", measurement.scores)
        scores = self.test_scores(robust, settings) | beside
        return TestScores(scores, robust.samples("test", measurement.headline))

    def test_scores(self, robust: Robustness, settings: S) -> dict[str, float]:
        """Return what `score_test` tells of answers to test.

        Args:
            robust: The answers, clean and attacked.
            settings: Of the run.
        """
        del settings
        return robust.metrics | robust.clean_auc_bounds("test")

    def _choose_eps(self, settings: S, assets: Path, say: Say) -> EpsChoice:
        """Train the pilots, attack them on val, and choose radii between what each keeps."""
        configs = {reference.label: reference.config for reference in self.references(settings)}

        def anchor(name: str) -> Anchor:
            say(f"training the {name}, to choose eps ...")
            trial = self.build(configs[name], settings, assets)
            trial.train(settings.epochs)
            with trial.at_best():
                return measure_anchor(trial.classifier, trial.data.val, trial.measurement, name)

        baseline, robust = anchor(self.pilot), self.robust_pilot
        return choose_eps(baseline, anchor(robust) if robust else None, settings.eps, SCALE)
