"""The nonrobust study: how much of what a network uses is brittle [nonrobust].

What the document leaves open, and our choices, are listed in docs/nonrobust.md.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from torch import Tensor

from searchspace.space import Space
from searchspace.studies.nonrobust import ATTACKED, STANDARD, TRADES, WIDE, space_of
from trainables.classification.assets import read_splits
from trainables.classification.examination import TestScores
from trainables.classification.learner import Choice, Lesson
from trainables.classification.memory import CountExtra, Extra, parameters_of
from trainables.classification.preparation.apart import check_model
from trainables.classification.study import Assets, ClassificationStudy
from trainables.data.dataset import Dataset
from trainables.data.splits import Splits
from trainables.models.classifiers import Classifier
from trainables.models.modes import weights_of
from trainables.runtime.config import parse
from trainables.studies.nonrobust.choice import choose_by_attack, choose_by_made
from trainables.studies.nonrobust.conditions import scores_of
from trainables.studies.nonrobust.learner import NonrobustLearner
from trainables.studies.nonrobust.making import Maker
from trainables.studies.nonrobust.pictures import draw_twins
from trainables.studies.nonrobust.settings import (
    LABEL_OF,
    LABELS,
    NOISE,
    RANDOM,
    TRUE,
    UNTRAINED,
    NonrobustConfig,
    NonrobustSettings,
)
from trainables.studies.nonrobust.sources import check_source, describe_sets
from trainables.study.examination import Exam
from trainables.study.sheet import Sheet
from trainables.study.study import BASELINE, Config, Reference, Say

PUBLISHED: dict[str, Any] = {
    "regime": TRADES,
    "train_eps": 8.0,
    "optimiser": "sgd",
    "lr": 0.1,
    "weight_decay": 2e-4,
    "batch_size": 128,
}
"""The settings of TRADES on images of 32 pixels [trades]."""

FEW = 3  # networks with random weights that stay where few references are asked for
MATCHED = ("class_weights", "augmentation", "width")  # what controls take over as well


def count_source(classifier: Classifier, images: Tensor) -> Extra:
    """Count the network that a set is made with.

    Args:
        classifier: On the meta device.
        images: Any.
    """
    del images
    return Extra(parameters=parameters_of(classifier))


@final
class Nonrobust(ClassificationStudy[NonrobustSettings, NonrobustConfig]):
    """Searches training that withstands attack, beside networks that see brittle features alone."""

    settings = NonrobustSettings
    config = NonrobustConfig
    count_extra: CountExtra = staticmethod(count_source)
    robust_pilot = TRADES

    def space(self, settings: NonrobustSettings) -> Space:
        """Return the space; the width is searched up to that of the settings' network."""
        return space_of(settings.classifier)

    def settings_of(
        self, config: NonrobustConfig, settings: NonrobustSettings
    ) -> NonrobustSettings:
        """Return the settings with the network of a trial, whose width may be its own."""
        if config.width is None:
            return settings
        return settings.model_copy(update={"classifier": f"{WIDE}{config.width}"})

    @property
    def shared(self) -> tuple[str, ...]:
        """The values by which any regime trains."""
        return (*super().shared, *MATCHED)

    def references(self, settings: NonrobustSettings) -> tuple[Reference, ...]:
        """List training on true images, on made sets alone, and the controls of the latter.

        Networks of made sets show what brittle features are worth. None of them can win, and of
        the others only trials can (`references_of_run`), as two references are of TRADES.
        """
        scaled = any(getattr(settings, name) != value for name, value in settings.PAPER.items())

        def reference(label: str, *, essential: bool = False, **values: Any) -> Reference:  # noqa: ANN401
            config = parse(NonrobustConfig, values).model_dump()
            twins = config["images"] != TRUE
            return Reference(label, config, scaled=scaled, essential=essential, control=twins)

        sets = [
            reference(LABEL_OF[name], images=name, essential=name == RANDOM)
            for name in settings.made_sets
        ]
        sources = [
            reference(
                f"{UNTRAINED} {number + 1}", images=UNTRAINED, source=number, essential=number < FEW
            )
            for number in range(settings.untrained)
        ]
        return (
            reference(BASELINE, essential=True),
            reference(TRADES, regime=TRADES, essential=True),
            reference("pgd", regime="pgd"),
            reference("half", regime="half"),
            reference("trades published", **PUBLISHED),
            *sets,
            reference("labels only", images=LABELS),
            reference("noise only", images=NOISE),
            *sources,
        )

    def controls(self, config: Config, settings: NonrobustSettings) -> tuple[Reference, ...]:
        """List standard training and TRADES with a trial's values, but not the trial's regime.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        regimes = {BASELINE: STANDARD, TRADES: TRADES}
        attack = ("train_eps", "train_steps") if config["regime"] in ATTACKED else ()
        rivals = [item for item in self.references(settings) if item.label in regimes]
        return tuple(
            item.matched(config, (*self.shared, *attack))
            for item in rivals
            if regimes[item.label] != config["regime"]
        )

    def make_assets(
        self,
        settings: NonrobustSettings,
        dataset: Dataset,
        splits: Splits,
        assets: Path,
        say: Say,
    ) -> Assets:
        """Train the source, make the sets of the run's seed, and say how they came out.

        Args:
            settings: Of the run.
            dataset: Opened.
            splits: Of the dataset.
            assets: Folder with the splits.
            say: Receives the progress.
        """
        del dataset, splits
        unknown = None
        if settings.source is not None:
            unknown = check_model(
                assets, settings.source, "--source", allow_unknown=settings.allow_unknown_source
            )
        maker = self.maker(settings, assets, say)
        lines = (*check_source(maker), *([unknown] if unknown else []))
        sets, digests, details = describe_sets(maker)
        return Assets(digests=digests, lines=(*lines, *sets), details={"made_sets": details})

    def learner(
        self, config: NonrobustConfig, settings: NonrobustSettings, lesson: Lesson, assets: Path
    ) -> NonrobustLearner:
        """Make the learner of a trial, on true images or on a set of its seed.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            lesson: The classifier, the training images, and how to train.
            assets: Folder of the run.
        """
        if config.images == TRUE:
            return NonrobustLearner(config, lesson, lesson.train.images, lesson.train.labels)
        started = time.perf_counter()
        twins = self.maker(settings, assets).make(config.images, "train", config.source)
        lesson.spend("assets", started)
        return NonrobustLearner(config, lesson, twins.images, twins.labels)

    def choice(
        self, config: NonrobustConfig, settings: NonrobustSettings, assets: Path
    ) -> Choice | None:
        """Choose the epoch by what a trial trains for: val under its attack, or val made as train.

        By clean val, luck would choose among networks that know nothing of it.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run.
        """
        if config.images != TRUE:
            twins = self.maker(settings, assets).make(config.images, "val", config.source)
            return choose_by_made(twins)
        if config.regime == STANDARD:
            return None
        data = read_splits(assets, settings.device, settings.seed)
        return choose_by_attack(data, config.train_eps / 255, settings.seed)

    def score_test(
        self, model: Path, data: Path, settings: NonrobustSettings, images: int | None
    ) -> TestScores:
        """Score a saved classifier on test: clean, under the ensemble, and under corruptions.

        Args:
            model: Folder of the saved classifier.
            data: Folder of the test split.
            settings: Of the run.
            images: The greatest number of images; None for all.
        """
        exam = Exam("quick", "test", corruptions=True, images=images, seed=settings.seed)
        return TestScores(scores_of(self.examine(model, data, settings, exam), "test"))

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: NonrobustSettings
    ) -> tuple[Sheet, ...]:
        """Show images, their twins of each made set, and what source and student answer.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        maker = self.maker(settings, assets)
        return tuple(draw_twins(maker, name, models) for name in settings.made_sets)

    def maker(self, settings: NonrobustSettings, assets: Path, say: Say = lambda _: None) -> Maker:
        """Return what makes the sets of a seed.

        Args:
            settings: Of the run, with the trial's seed.
            assets: Folder of the run.
            say: Receives the progress.
        """

        def train(config: NonrobustConfig) -> dict[str, Tensor]:
            trial = self.build(config.model_dump(), settings, assets)
            trial.train(settings.epochs)
            with trial.at_best():
                return weights_of(trial.classifier)

        recipes = {"standard": NonrobustConfig(), "robust": NonrobustConfig(regime="trades")}
        data = read_splits(assets, settings.device, settings.seed)
        return Maker(settings, data, recipes, train, say)
