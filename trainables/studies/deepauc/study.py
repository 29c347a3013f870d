"""The deep AUC study: classifiers trained to maximise the area under a curve [medmnistauc].

What the document leaves open or has wrong, and our choices, are listed in the study's page in docs.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from torch import Tensor

from searchspace.space import Space
from searchspace.studies.deepauc import AUCM, BINARY, CROSS_ENTROPY, MANY_CLASSES
from searchspace.words import plural
from trainables.classification.assets import read_splits
from trainables.classification.learner import Lesson
from trainables.classification.memory import CountExtra, Extra, parameters_of
from trainables.classification.study import Assets, ClassificationStudy
from trainables.data.dataset import Dataset
from trainables.data.splits import Splits
from trainables.models.classifiers import Classifier
from trainables.models.modes import weights_of
from trainables.runtime.config import parse
from trainables.saved.checkpoint import load_classifier
from trainables.saved.weights import Weights
from trainables.studies.deepauc.checks import check_classes, mask_lines
from trainables.studies.deepauc.learner import DeepAUCLearner
from trainables.studies.deepauc.pictures import (
    attack_val,
    draw_attacks,
    draw_curves,
    draw_scores,
)
from trainables.studies.deepauc.pretraining import RECIPE, obtain_pretrained
from trainables.studies.deepauc.settings import LIKELIHOODS, DeepAUCConfig, DeepAUCSettings
from trainables.study.sheet import Sheet
from trainables.study.study import BASELINE, WINNER, Config, Reference, Say

ADVERSARIAL = "adversarial"  # the label of the reference that is trained against attacks
DOCUMENT: dict[str, Any] = {
    "optimiser": "pesg",
    "pesg_lr": 0.1,
    "aucm_lr": 0.1,
    "epoch_decay": 0.1,
    "weight_decay": 1e-3,
    "batch_size": 128,
    "stage_factor": 100.0,
    "positive_share": 0.25,
}
"""The final settings of the document [medmnistauc]."""

ADAM: dict[str, Any] = {"optimiser": "adam", "epoch_decay": 0.0, "weight_decay": 1e-4}
HANDOUT: dict[str, Any] = {
    "aucm_lr": 0.01,
    "epoch_decay": 3e-3,
    "weight_decay": 1e-4,
    "batch_size": 128,
}
LIBAUC: dict[str, Any] = {"class_factor": True, "positive_share": 0.2}
"""What LibAUC's recipe has beside the defaults, which are its own [libauc]."""

PULLED = 3  # copies of the weights beside Adam's: PESG's reference and sum, PDSCA's means


def count_pull(classifier: Classifier, images: Tensor) -> Extra:
    """Count the reference weights of PESG, the sum of its iterates, and the means of PDSCA.

    Args:
        classifier: On the meta device.
        images: Any.
    """
    del images
    return Extra(parameters=PULLED * parameters_of(classifier))


@final
class DeepAUC(ClassificationStudy[DeepAUCSettings, DeepAUCConfig]):
    """Searches losses of an order, and cross-entropy, and how they are minimised."""

    settings = DeepAUCSettings
    config = DeepAUCConfig
    count_extra: CountExtra = staticmethod(count_pull)
    robust_pilot = ADVERSARIAL

    def space(self, settings: DeepAUCSettings) -> Space:
        """Return the space; only two classes have a share of positives in a batch."""
        space = BINARY if settings.task == "binary" else MANY_CLASSES
        return space if settings.loss == "all" else space.of_arm(settings.loss)

    def fixed(self, settings: DeepAUCSettings) -> Config:
        """Return the loss where the settings name one."""
        return {} if settings.loss == "all" else {"loss": settings.loss}

    def references(self, settings: DeepAUCSettings) -> tuple[Reference, ...]:
        """List cross-entropy in several forms, and the document's pairs of loss and optimiser.

        None of them wins beside the arms (`references_of_run`), of which cross-entropy is one.
        Where one loss is searched alone, those of cross-entropy are its controls.
        """
        scaled = any(getattr(settings, name) != value for name, value in settings.PAPER.items())
        binary = settings.task == "binary"

        def reference(label: str, *parts: Config, essential: bool = False) -> Reference:
            values = {name: value for part in parts for name, value in part.items()}
            if not binary:
                values.pop("positive_share", None)
            config = parse(DeepAUCConfig, values).model_dump()
            control = config["loss"] in LIKELIHOODS
            return Reference(label, config, scaled=scaled, essential=essential, control=control)

        zero = {"reference_point": "zero"}
        return (
            reference(BASELINE, ADAM, essential=True),
            reference("decay", DOCUMENT, essential=True),
            reference("balanced", {"loss": "balanced"}, ADAM),
            reference(ADVERSARIAL, {"train_eps": 2.0}, ADAM, essential=True),
            reference("pairwise", {"loss": "pairwise"}, ADAM),
            reference("aucm handout", {"loss": "aucm"}, HANDOUT),
            reference("aucm libauc", {"loss": "aucm"}, LIBAUC),
            reference(
                "compositional", {"loss": "aucm"}, LIBAUC, {"inner_steps": 1, "start": "scratch"}
            ),
            reference("aucm document", {"loss": "aucm"}, DOCUMENT, zero),
            reference("ap document", {"loss": "ap"}, DOCUMENT),
            reference("pauc document", {"loss": "pauc"}, DOCUMENT),
        )

    def controls(self, config: Config, settings: DeepAUCSettings) -> tuple[Reference, ...]:
        """List cross-entropy trained as a trial was: same optimiser, decay, batches and attack.

        The document's recipe makes classifiers robust by its decay, and not by its loss; this
        control shows which of the two a winner owes its score to. A second one leaves out the
        trial's attack as well. Beside a trial of cross-entropy that is the only one, if it has an
        attack: it is the first itself.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        rate = config["aucm_lr"] if config["loss"] == AUCM else config["pesg_lr"]
        values = dict(config) | {"loss": CROSS_ENTROPY, "pesg_lr": rate, "inner_steps": 0}
        references = {item.label: item for item in self.references(settings)}
        clean = {name: value for name, value in values.items() if name != "train_eps"}
        is_another_loss, matched = config["loss"] != CROSS_ENTROPY, list[Reference]()
        if is_another_loss or config["train_eps"]:
            matched.append(references[BASELINE].matched(clean, clean))
        if is_another_loss and config["train_eps"]:
            matched.append(references[ADVERSARIAL].matched(values, values))
        return tuple(matched)

    def make_assets(
        self, settings: DeepAUCSettings, dataset: Dataset, splits: Splits, assets: Path, say: Say
    ) -> Assets:
        """Refuse data without two classes, say what masks are worth, and pre-train a classifier.

        Args:
            settings: Of the run.
            dataset: Opened.
            splits: Of the dataset.
            assets: Folder with the splits.
            say: Receives the progress.
        """
        check_classes(dataset, splits)
        say(f"pre-training the classifier for {plural(settings.pretrain_epochs, 'epoch')} ...")
        model = self._pretrained(settings, assets, say)
        return Assets(digests={"pretrained": model.digest}, lines=mask_lines(dataset, splits))

    def learner(
        self, config: DeepAUCConfig, settings: DeepAUCSettings, lesson: Lesson, assets: Path
    ) -> DeepAUCLearner:
        """Make the learner of a trial, whose classifier may have been pre-trained.

        Args:
            config: Of the trial.
            settings: Of the run, with the trial's seed.
            lesson: The classifier, the training images, and how to train.
            assets: Folder of the run.
        """
        if config.start == "pretrained":
            started = time.perf_counter()
            weights = self._pretrained(settings, assets, lambda _: None).values
            lesson.classifier.load_state_dict(weights)
            lesson.spend("assets", started)
        return DeepAUCLearner(config, lesson)

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: DeepAUCSettings
    ) -> tuple[Sheet, ...]:
        """Draw curves and scores of winner and references, and what an attack on the winner does.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        labels = [label for label in (WINNER, BASELINE, ADVERSARIAL, "decay") if label in models]
        classifiers = {
            label: load_classifier(models[label])[0].to(settings.device) for label in labels
        }
        data = read_splits(assets, settings.device, settings.seed)
        answers = attack_val(classifiers, data, settings.eps, settings.seed)
        worst = settings.eps[-1], settings.seed
        return (
            draw_curves(answers, settings.eps),
            draw_scores(answers, settings.eps),
            draw_attacks(classifiers[WINNER], data, *worst),
        )

    def _pretrained(self, settings: DeepAUCSettings, assets: Path, say: Say) -> Weights:
        data = read_splits(assets, settings.device, settings.seed)

        def train() -> dict[str, Tensor]:
            budget = settings.model_copy(update={"epochs": settings.pretrain_epochs})
            trial = self.build(RECIPE.model_dump(), budget, assets)
            trial.train(budget.epochs)
            return weights_of(trial.classifier)

        return obtain_pretrained(settings, data.train, train, say)
