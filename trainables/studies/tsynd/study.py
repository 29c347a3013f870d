"""The TSynD study: classifiers trained beside images of high epistemic uncertainty [tsynd].

The questions that the paper leaves open, and our choices, are listed in docs/tsynd.md.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from searchspace.space import Space
from searchspace.studies.tsynd import ADVERSARIAL, SPACE, TSYND
from trainables.classification.assets import read_splits
from trainables.classification.learner import Lesson
from trainables.classification.memory import CountExtra
from trainables.classification.study import Assets, ClassificationStudy
from trainables.data.dataset import Dataset
from trainables.data.splits import Splits
from trainables.runtime.config import parse
from trainables.saved.checkpoint import load_classifier
from trainables.studies.tsynd.assets import codes_of, make_autoencoder
from trainables.studies.tsynd.learner import TSynDLearner
from trainables.studies.tsynd.memory import count_autoencoder
from trainables.studies.tsynd.pictures import (
    Studio,
    draw_adversarial,
    draw_attention,
    draw_optimised,
)
from trainables.studies.tsynd.regimes import DECODING
from trainables.studies.tsynd.settings import TSynDConfig, TSynDSettings
from trainables.study.sheet import Sheet
from trainables.study.study import BASELINE, WINNER, Config, Reference, Say

# References that stand for a regime, and have its name.
CONTROLS = (BASELINE, "reconstruction", "noise", ADVERSARIAL)

SCALE = ("epochs", "classifier")  # settings that are smaller than the paper's, for most


@final
class TSynD(ClassificationStudy[TSynDSettings, TSynDConfig]):
    """Searches how images of high uncertainty are made, and how a classifier trains on them."""

    settings = TSynDSettings
    config = TSynDConfig
    count_extra: CountExtra = staticmethod(count_autoencoder)
    robust_pilot = ADVERSARIAL

    def space(self, settings: TSynDSettings) -> Space:
        """Return the space, which does not depend on the settings."""
        del settings
        return SPACE

    def references(self, settings: TSynDSettings) -> tuple[Reference, ...]:
        """List the paper's regimes, a control that it lacks, and adversarial training.

        Adversarial training lies in the space, as the paper's settings do. It wins by its trials:
        beside the arms no reference does (`references_of_run`), as there are four of the paper's.
        """
        scaled = any(getattr(settings, name) != settings.PAPER[name] for name in SCALE)

        def reference(label: str, *, essential: bool = False, **config: Any) -> Reference:  # noqa: ANN401
            trial_config = parse(TSynDConfig, config)
            point = SPACE.restrict(trial_config.model_dump())
            control = not SPACE.contains(point)  # of a regime that is not searched
            return Reference(
                label,
                trial_config.model_dump(),
                scaled=scaled,
                essential=essential,
                control=control,
                point=None if control else point,
            )

        return (
            reference(BASELINE, regime="baseline", essential=True),
            reference("reconstruction", regime="reconstruction"),
            reference("noise", regime="noise", latent_sigma=1.0),
            reference(ADVERSARIAL, regime=ADVERSARIAL, essential=True),
            *(
                reference(
                    f"paper {iterations}/{sigma}",
                    essential=(iterations, sigma) == (50, 1.0),
                    latent_lr=0.1,
                    latent_iterations=iterations,
                    latent_sigma=sigma,
                )
                for iterations in (50, 100)
                for sigma in (0.1, 1.0)
            ),
        )

    def controls(self, config: Config, settings: TSynDSettings) -> tuple[Reference, ...]:
        """List the baseline, reconstruction, noise and adversarial training, as a trial trains.

        Noise takes the trial's sigma as well: it is the trial without the ascent. Beside a trial
        of the adversarial regime there is no adversarial control: the trial is that itself.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        rivals = [regime for regime in CONTROLS if regime != config["regime"]]
        shared = {"noise": (*self.shared, "latent_sigma")}
        return tuple(
            reference.matched(config, shared.get(reference.label, self.shared))
            for reference in self.references(settings)
            if reference.label in rivals
        )

    def make_assets(
        self, settings: TSynDSettings, dataset: Dataset, splits: Splits, assets: Path, say: Say
    ) -> Assets:
        """Make the autoencoder of the run, see `make_autoencoder`.

        Args:
            settings: Of the run.
            dataset: Opened.
            splits: Of the dataset.
            assets: Folder to write into.
            say: Receives the progress.
        """
        return make_autoencoder(settings, dataset, splits, assets, say)

    def learner(
        self, config: TSynDConfig, settings: TSynDSettings, lesson: Lesson, assets: Path
    ) -> TSynDLearner:
        """Make the learner of a trial; trials of another seed have another autoencoder.

        Args:
            config: Of the trial; names the regime.
            settings: Of the run, with the trial's seed.
            lesson: The classifier, the training images, and how to train.
            assets: Folder of the run.
        """
        started = time.perf_counter()
        codes = codes_of(assets, settings, decodes=config.regime in DECODING)
        lesson.spend("assets", started)
        return TSynDLearner(config, lesson, codes)

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: TSynDSettings
    ) -> tuple[Sheet, ...]:
        """Show the images that a winner of TSynD trains beside, and compare winner and baseline.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        autoencoder = codes_of(assets, settings, decodes=True).autoencoder
        data = read_splits(assets, settings.device, settings.seed)
        studio = Studio(data, autoencoder.model, autoencoder.latent_std, settings.seed)
        loaded = {
            name: load_classifier(models[name]) for name in (BASELINE, WINNER) if name in models
        }
        classifiers = {
            name: classifier.to(settings.device) for name, (classifier, _) in loaded.items()
        }
        config = parse(TSynDConfig, loaded[WINNER][1].provenance["config"])
        sheets = [draw_attention(studio, classifiers), draw_adversarial(studio, classifiers)]
        if config.regime == TSYND:  # beside attacked images there is nothing to show
            sheets.insert(0, draw_optimised(studio, classifiers[WINNER], config))
        return tuple(sheets)
