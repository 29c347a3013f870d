"""One trial, whatever trains it: the best epoch, what is measured, what is saved."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score
from torch.nn import functional

from trainables.classification import trial as module
from trainables.classification.assets import Data, LabelledImages, at_most
from trainables.classification.measurement import measure_robust
from trainables.classification.settings import ClassificationSettings
from trainables.classification.trial import ClassifierTrial
from trainables.metrics.classification import mean_recall
from trainables.metrics.curve import area
from trainables.runtime.config import Frozen
from trainables.runtime.device import channels_last
from trainables.runtime.memory import Need
from trainables.saved.checkpoint import load_classifier
from trainables.study.report import Level, Rung

EPS = (0.0, 4 / 255)
LEVEL = Level("fgsm", None, 1, EPS, images=9)
CLASSES = ("dark", "grey", "light")


class Config(Frozen):
    batch_size: int = 12
    dropout: float = 0.0


class Descent:
    """Plain gradient steps on all images at once, and one number that has to survive."""

    def __init__(self, lesson) -> None:
        self.lesson, self.epochs = lesson, 0
        self.optimiser = torch.optim.SGD(lesson.classifier.parameters(), lr=0.5)

    def epoch(self, number):
        assert number == self.epochs
        self.epochs += 1
        self.lesson.classifier.train()
        images, labels = self.lesson.train.images.float() / 255, self.lesson.train.labels
        loss = self.lesson.loss(self.lesson.classifier(images), labels).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())

    def state(self):
        return {"epochs": self.epochs}

    def load_state(self, state):
        self.epochs = state["epochs"]


def images(seed: int, count: int = 12) -> LabelledImages:
    """Noise around three greys, one a class."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    pixels = (
        60
        + 65 * labels[:, None, None, None]
        + torch.randint(-55, 55, (count, 1, 28, 28), generator=random)
    )
    return LabelledImages(pixels.clamp(0, 255).to(torch.uint8), labels)


DATA = Data("multi-class", CLASSES, images(0), images(1), images(2))
SETTINGS = ClassificationSettings(device="cpu", precision="fp32", eps=EPS, epochs=6)


def make(
    data: Data = DATA, settings: ClassificationSettings = SETTINGS, choice=None
) -> ClassifierTrial:
    return ClassifierTrial(
        study="made-up", config=Config(), settings=settings, data=data, make_learner=Descent,
        need=Need(0, 1), choice=choice,
    )  # fmt: skip


def weights(trial):
    return {name: value.clone() for name, value in trial.classifier.state_dict().items()}


def equal(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def script(monkeypatch, *values):
    """Let val say these balanced accuracies and losses, epoch by epoch."""
    lines = iter(values)

    def measure(classifier, data, measurement, split):
        bacc, loss = next(lines)
        return {"val_clean_bacc": bacc, "val_loss": loss}

    monkeypatch.setattr(module, "measure_clean", measure)


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([(0.5, 1.0), (0.6, 0.9), (0.6, 0.8), (0.6, 0.85), (0.4, 0.1)], 3),
        ([(0.7, 1.0), (0.6, 0.1), (0.5, 0.1)], 1),
        ([(0.5, 1.0), (0.5, 1.0), (0.5, 1.0)], 1),
        ([(0.5, 1.0), (0.4, 0.1), (0.6, 9.0)], 3),
        ([(math.nan, math.nan), (0.4, 1.0)], 2),
        ([(0.4, 1.0), (math.nan, 0.1)], 1),
        ([(0.4, math.nan), (0.4, 9.0)], 2),
    ],
)
def test_the_best_epoch_is_that_of_balanced_accuracy_then_loss(monkeypatch, values, best):
    """An epoch that diverged is never the best."""
    script(monkeypatch, *values)
    trial, states = make(), []
    for epoch in range(1, len(values) + 1):
        trial.train(epoch)
        states.append(weights(trial))
    assert trial.best.epoch == best
    assert equal(trial.best.weights, states[best - 1])
    report = trial.evaluate(Rung(0, "m", LEVEL))
    assert report.best_epoch == best
    assert report.metrics["val_loss"] == values[best - 1][1]


def test_val_is_measured_after_every_epoch():
    """Against a forward pass of the test's own and scikit-learn."""
    trial, expected = make(), []
    for epoch in range(1, 5):
        trial.train(epoch)
        trial.classifier.eval()
        with torch.no_grad():
            logits = trial.classifier(DATA.val.images.float() / 255)
        score = balanced_accuracy_score(DATA.val.labels, logits.argmax(dim=1))
        expected.append((score, -float(functional.cross_entropy(logits, DATA.val.labels))))
    best = max(expected)
    assert trial.best.epoch == expected.index(best) + 1
    assert trial.best.key == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("nothing", [math.nan, -math.inf])
def test_a_study_may_choose_the_epoch_by_something_else(nothing):
    keys = iter([(0.5, 1.0), (0.7, nothing), (0.7, 0.0), (0.7, 0.0), (nothing,)])
    trial = make(choice=lambda _: next(keys))
    trial.train(5)
    assert trial.best.epoch == 3


def test_corruptions_are_measured_where_the_study_says_so():
    class Corrupted(ClassificationSettings):
        measures_corruptions = True

    names = {f"ranking_corrupted_{score}" for score in ("acc", "bacc", "auc")}
    for settings, measured in ((SETTINGS, set()), (Corrupted(**SETTINGS.model_dump()), names)):
        trial = make(settings=settings)
        trial.train(1)
        report = trial.evaluate(Rung(1, "any", LEVEL))
        assert names & set(report.metrics) == measured


def test_the_best_epoch_is_what_is_evaluated_and_training_goes_on_from_the_last(monkeypatch):
    script(monkeypatch, (0.9, 1.0), *[(0.5, 1.0)] * 3)
    trial = make()
    trial.advance(Rung(1, "m", LEVEL))
    first = weights(trial)
    trial.train(4)
    last = weights(trial)
    trial.evaluation = None  # as in a fresh process
    report = trial.evaluate(Rung(0, "m", LEVEL))
    assert equal(weights(trial), last)
    assert not equal(last, first)
    trial.classifier.load_state_dict(first)
    ranking, measurement = at_most(DATA.ranking, LEVEL.images), trial.measurement.at(LEVEL)
    expected = measure_robust(trial.classifier, ranking, measurement).metrics
    assert {name: report.metrics[name] for name in expected} == expected


def test_an_epoch_is_evaluated_once_a_level(monkeypatch):
    script(monkeypatch, (0.9, 1.0), (0.5, 1.0), (0.95, 1.0))
    calls = []

    def watch(*arguments):
        calls.append(arguments[3:])
        return measure_robust(*arguments)

    monkeypatch.setattr(module, "measure_robust", watch)
    trial = make()
    first, second = trial.advance(Rung(1, "m", LEVEL)), trial.advance(Rung(2, "m", LEVEL))
    assert calls == [()]  # of the ranking split alone
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.metrics == second.metrics
    assert trial.advance(Rung(3, "m", LEVEL)).best_epoch == 3
    assert len(calls) == 2
    trial.advance(Rung(3, "m", Level("fgsm", None, 1, EPS, images=3)))
    assert len(calls) == 3


def test_a_classifier_that_learnt_nothing_has_collapsed():
    trial = make()
    trial.train(1)
    for tensor in trial.best.weights.values():
        tensor.zero_()
    assert trial.evaluate(Rung(1, "m", LEVEL)).constraints["collapse"] > 0


def test_a_saved_trial_answers_alike(tmp_path, monkeypatch):
    """Its files hold the best epoch's model, not the last, and the scores behind its rank."""
    script(monkeypatch, (0.5, 1.0), (0.9, 1.0), (0.5, 1.0))
    trial = make()
    report = trial.advance(Rung(3, "m"))
    last = weights(trial)
    trial.save(tmp_path)
    assert equal(weights(trial), last)
    loaded, card = load_classifier(tmp_path)
    channels_last(loaded)  # as trials are, so that the last digits agree
    inputs = DATA.ranking.images.float() / 255
    with trial.at_best():
        trial.classifier.eval()
        assert torch.equal(loaded(inputs), trial.classifier(inputs))
    metrics = measure_robust(loaded, DATA.ranking, trial.measurement).metrics
    assert {name: report.metrics[name] for name in metrics} == metrics
    assert (card.task, card.classes, card.channels) == ("multi-class", CLASSES, 1)
    assert card.provenance["epoch"] == 2
    assert card.provenance["study"] == "made-up"
    assert card.provenance["config"] == trial.config.model_dump()
    assert ClassificationSettings(**card.provenance["settings"]) == SETTINGS
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as arrays:
        value = area(arrays["eps"], mean_recall(arrays["scores"], arrays["labels"]))
    assert value == pytest.approx(report.metrics["ranking_pgd_bacc_curve"])
    low, high = report.intervals["ranking_pgd_bacc_curve"]
    assert low <= value <= high


def test_a_checkpoint_holds_weights_learner_and_best_epoch():
    trial, restored = make(), make()
    trial.train(3)
    restored.resume(trial.checkpoint())
    assert restored.epoch == restored.learner.epochs == 3
    assert equal(weights(restored), weights(trial))
    assert (restored.best.epoch, restored.best.key) == (trial.best.epoch, trial.best.key)
    for number in (4, 5):
        trial.train(number)
        restored.train(number)
    assert equal(weights(restored), weights(trial))


def test_older_checkpoints_hold_the_learners_parts_beside_the_classifiers():
    trial, restored = make(), make()
    trial.train(2)
    state = trial.state()
    restored.load_state({**state.pop("learner"), **state})
    assert restored.learner.epochs == 2


def test_the_learner_sees_the_training_images_and_no_others():
    lesson = make().learner.lesson
    assert lesson.train is DATA.train
    assert (lesson.task, lesson.epochs, lesson.seed) == ("multi-class", 6, 0)
    splits = [value for value in vars(lesson).values() if isinstance(value, LabelledImages | Data)]
    assert splits == [DATA.train]


def test_the_first_weights_follow_from_the_seed_alone():
    torch.manual_seed(1)
    first = make()
    torch.manual_seed(2)
    again, another = make(), make(settings=SETTINGS.model_copy(update={"seed": 1}))
    assert equal(weights(first), weights(again))
    assert not equal(weights(first), weights(another))


def test_seconds_of_the_learner_are_not_training_twice():
    """The learner claims 1000 seconds; both activities still add up to the duration."""
    trial = make()
    spend, epoch = trial.learner.lesson.spend, trial.learner.epoch

    def slow(number):
        spend("generation", module.time.perf_counter() - 1000)
        return epoch(number)

    trial.learner.epoch = slow
    trial.train(1)
    generation, training = trial.seconds["generation"], trial.seconds["training"]
    assert generation == pytest.approx(1000, abs=50)
    assert generation + training == pytest.approx(0, abs=50)


def test_what_was_not_measured_cannot_be_saved(tmp_path):
    trial = make()
    trial.train(1)
    with pytest.raises(ValueError, match="nothing was evaluated yet"):
        trial.save(tmp_path)
