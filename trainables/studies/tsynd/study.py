"""The TSynD study: classifiers trained beside images of high epistemic uncertainty [tsynd].

What the paper leaves open, and the choices made, are listed in docs/tsynd.md.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from searchspace.space import Space
from searchspace.tsynd import SPACE
from trainables.classification.learner import Lesson
from trainables.classification.memory import CountAlso
from trainables.classification.study import Assets, ClassificationStudy, read_splits
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
from trainables.study.study import BASELINE, WINNER, Reference, Say


@final
class TSynD(ClassificationStudy[TSynDSettings, TSynDConfig]):
    """Searches how images of high uncertainty are made, and how a classifier trains on them."""

    settings = TSynDSettings
    config = TSynDConfig
    count_also: CountAlso = staticmethod(count_autoencoder)

    def space(self, settings: TSynDSettings) -> Space:
        """Return what varies: the same whatever is fixed."""
        del settings
        return SPACE

    def references(self, settings: TSynDSettings) -> tuple[Reference, ...]:
        """List the paper's arms, the control that it lacks, and adversarial training."""
        scaled = any(getattr(settings, name) != value for name, value in settings.PAPER.items())

        def reference(label: str, *, essential: bool = False, **config: Any) -> Reference:  # noqa: ANN401
            whole = parse(TSynDConfig, config)
            control = whole.regime != "tsynd"
            # A control carries unused parameters, and would teach the sampler its value for them.
            point = None if control else SPACE.restrict(whole.model_dump())
            return Reference(
                label,
                whole.model_dump(),
                scaled=scaled,
                essential=essential,
                control=control,
                point=point,
            )

        return (
            reference(BASELINE, regime="baseline", essential=True),
            reference("reconstruction", regime="reconstruction"),
            reference("noise", regime="noise", latent_sigma=1.0),
            reference("adversarial", regime="adversarial"),
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

    def make_assets(
        self, settings: TSynDSettings, dataset: Dataset, splits: Splits, assets: Path, say: Say
    ) -> Assets:
        """Train the autoencoder, see `make_autoencoder`."""
        return make_autoencoder(settings, dataset, splits, assets, say)

    def learner(
        self, config: TSynDConfig, settings: TSynDSettings, lesson: Lesson, assets: Path
    ) -> TSynDLearner:
        """Make what trains in the regime of a config; another seed has another autoencoder."""
        started = time.perf_counter()
        codes = codes_of(assets, settings, decodes=config.regime in DECODING)
        lesson.spend("assets", started)
        return TSynDLearner(config, lesson, codes)

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: TSynDSettings
    ) -> tuple[Sheet, ...]:
        """Show the images that the winner's regime makes, and baseline against winner."""
        autoencoder = codes_of(assets, settings, decodes=True).autoencoder
        data = read_splits(assets, settings.device)
        studio = Studio(data, autoencoder.model, autoencoder.latent_std, settings.seed)
        loaded = {
            name: load_classifier(models[name]) for name in (BASELINE, WINNER) if name in models
        }
        classifiers = {
            name: classifier.to(settings.device) for name, (classifier, _) in loaded.items()
        }
        config = parse(TSynDConfig, loaded[WINNER][1].provenance["config"])
        return (
            draw_optimised(studio, classifiers[WINNER], config),
            draw_attention(studio, classifiers),
            draw_adversarial(studio, classifiers),
        )
