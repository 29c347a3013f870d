"""The study of authentic and synthetic training images: how many of each withstand attack best.

What the poster leaves open, and our choices, are listed in docs/gansplit.md [syntheticsplit].
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from searchspace.space import Space
from searchspace.studies.gansplit import NONE, REPLACE, SOURCE, space_of
from trainables.classification.assets import read_splits
from trainables.classification.learner import Lesson
from trainables.classification.measurement import Robustness
from trainables.classification.memory import CountExtra
from trainables.classification.study import Assets, ClassificationStudy
from trainables.data.dataset import Dataset
from trainables.data.splits import Splits
from trainables.generative.recipes import GENERATORS
from trainables.runtime.config import parse
from trainables.saved.checkpoint import load_classifier
from trainables.studies.gansplit.answers import confusion_scores, middle_radius
from trainables.studies.gansplit.assets import alarms_of, make_generators, synthesis_of
from trainables.studies.gansplit.composition import compose
from trainables.studies.gansplit.learner import GANSplitLearner
from trainables.studies.gansplit.memory import count_generator
from trainables.studies.gansplit.pictures import (
    draw_confusions,
    draw_interpolations,
    draw_nearest,
    draw_samples,
)
from trainables.studies.gansplit.settings import (
    AUGMENTED,
    NOISE,
    PIXELS,
    REPEATS,
    GANSplitConfig,
    GANSplitSettings,
)
from trainables.study.sheet import Sheet
from trainables.study.study import BASELINE, WINNER, Config, Reference, Say

ADVERSARIAL, ADVERSARIAL_ADDED = "adversarial", "adversarial added"
ADDED, HALF, SYNTHETIC = "added", "half", "synthetic only"
POSTER_GENERATOR, POSTER = "dcgan", "poster"
RADIUS = 2.0  # of adversarial training, in 255ths
COPIES = (REPEATS, NOISE, AUGMENTED)  # controls of the same number of images


@final
class GANSplit(ClassificationStudy[GANSplitSettings, GANSplitConfig]):
    """Searches the share of synthetic images, how they are made and chosen, and how to train."""

    settings = GANSplitSettings
    config = GANSplitConfig
    count_extra: CountExtra = staticmethod(count_generator)
    robust_pilot = ADVERSARIAL

    def space(self, settings: GANSplitSettings) -> Space:
        """Return the space, whose arms are authentic images alone and the run's generators."""
        return space_of(settings.generator_names)

    def references(self, settings: GANSplitSettings) -> tuple[Reference, ...]:
        """List authentic images alone, as many others beside them, and splits by a generator.

        The splits take the first generator of the run; the poster's takes a DCGAN for each class.
        None of them wins beside the arms (`references_of_run`), in which each generator and
        authentic images alone have as many trials. Runs of before let those of a generator win.
        """
        space, first = self.space(settings), settings.generator_names[0]

        def reference(label: str, *, essential: bool = True, **values: Any) -> Reference:  # noqa: ANN401
            config = parse(GANSplitConfig, values).model_dump()
            point = space.restrict(config)
            control = config[SOURCE] not in GENERATORS or not space.contains(point)
            return Reference(
                label,
                config,
                essential=essential,
                control=control,
                point=None if control else point,
            )

        poster = (
            (reference(POSTER, essential=False, source=POSTER_GENERATOR, balance="even"),)
            if POSTER_GENERATOR in settings.generator_names
            else ()
        )
        return (
            reference(BASELINE, source=NONE),
            *(reference(source, source=source) for source in COPIES),
            reference(PIXELS, essential=False, source=PIXELS),
            reference(ADDED, source=first),
            reference(HALF, essential=False, source=first, mix=REPLACE, share=0.5),
            reference(SYNTHETIC, source=first, mix=REPLACE, share=1.0),
            *poster,
            reference(ADVERSARIAL, source=NONE, train_eps=RADIUS),
            reference(ADVERSARIAL_ADDED, source=first, train_eps=RADIUS),
        )

    def controls(self, config: Config, settings: GANSplitSettings) -> tuple[Reference, ...]:
        """List what trains as a trial does, without its synthetic images or with others instead.

        These are authentic images alone, without the trial's attack and with it; and repeated,
        noisy and augmented authentic images, in the same number and trained in the same way. Where
        a trial replaces all authentic images, there are none to make others of. Beside a trial of
        authentic images alone they stand without its attack, where it has one.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        references = {item.label: item for item in self.references(settings)}
        attack = (*self.shared, "train_eps", "attack_steps")
        split = (*attack, "mix", "ratio", "balance", "share", "synthetic_weight")
        matched = [references[BASELINE].matched(config, self.shared)]
        if config[SOURCE] == NONE:
            return tuple(matched) if config["train_eps"] else ()
        if config["train_eps"]:
            matched.append(references[ADVERSARIAL].matched(config, attack))
        if config["mix"] != REPLACE or config["share"] < 1:
            matched += [references[source].matched(config, split) for source in COPIES]
        return tuple(matched)

    def make_assets(
        self, settings: GANSplitSettings, dataset: Dataset, splits: Splits, assets: Path, say: Say
    ) -> Assets:
        """Make the generators of the run and the critic, see `make_generators`.

        Args:
            settings: Of the run.
            dataset: Opened.
            splits: Of the dataset.
            assets: Folder with the splits.
            say: Receives the progress.
        """
        return make_generators(settings, dataset, splits, assets, say)

    def alarms(
        self, config: GANSplitConfig, settings: GANSplitSettings, assets: Path
    ) -> Mapping[str, float]:
        """Return the alarms of the trial's generator, unless the settings allow flaws.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run.
        """
        if not config.is_generated or settings.allow_flawed:
            return {}
        return alarms_of(config.source, settings, assets)

    def learner(
        self, config: GANSplitConfig, settings: GANSplitSettings, lesson: Lesson, assets: Path
    ) -> GANSplitLearner:
        """Make the learner of a trial; trials of another seed have another generator.

        Args:
            config: Of the trial; names the source.
            settings: Of the run, with the trial's seed.
            lesson: The classifier, the training images, and how to train.
            assets: Folder of the run.
        """
        started = time.perf_counter()
        synthesis = None
        if config.is_generated:
            synthesis = synthesis_of(config.source, settings, assets)
        lesson.spend("assets", started)
        started = time.perf_counter()
        n_classes = len(read_splits(assets, settings.device, settings.seed).classes)
        mixture = compose(config, lesson.train, n_classes, synthesis, lesson.seed)
        lesson.spend("generation", started)
        return GANSplitLearner(config, lesson, mixture)

    def test_scores(self, robust: Robustness, settings: GANSplitSettings) -> dict[str, float]:
        """Return what every study tells of test, and how many images of a class got each answer.

        Args:
            robust: The answers, clean and attacked.
            settings: Of the run.
        """
        counts = confusion_scores(robust.ranking_report, middle_radius(settings.eps))
        return super().test_scores(robust, settings) | counts

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: GANSplitSettings
    ) -> tuple[Sheet, ...]:
        """Show the winner's generator, and what winner and references answer by class.

        Of a winner without synthetic images it is the first generator of the run.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        loaded = {
            label: load_classifier(models[label])
            for label in (WINNER, BASELINE, SYNTHETIC, ADVERSARIAL)
            if label in models
        }
        config = parse(GANSplitConfig, loaded[WINNER][1].provenance["config"])
        data = read_splits(assets, settings.device, settings.seed)
        source = config.source if config.is_generated else settings.generator_names[0]
        subject = source, synthesis_of(source, settings, assets), data
        classifiers = {
            label: classifier.to(settings.device) for label, (classifier, _) in loaded.items()
        }
        radius = middle_radius(settings.eps)
        return (
            draw_samples(*subject, config, settings.seed),
            draw_nearest(*subject, settings.seed),
            draw_interpolations(*subject, settings.seed),
            draw_confusions(classifiers, data, radius, settings.seed),
        )
