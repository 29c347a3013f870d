"""The learner: every loss learns, stages end, attacks reach training, and training goes on."""

import copy

import pytest
import torch

from searchspace.studies.deepauc import LOSSES
from trainables.metrics.orders.rank_scores import roc_auc
from trainables.runtime.config import parse
from trainables.studies.deepauc.learner import DeepAUCLearner
from trainables.studies.deepauc.settings import BALANCED, DeepAUCConfig


def learner_of(lesson, **values):
    return DeepAUCLearner(parse(DeepAUCConfig, {"batch_size": 8, **values}), lesson)


def auc_of(lesson):
    with torch.no_grad():
        logits = lesson.classifier.eval()(lesson.train.images.float() / 255)
    scores = (logits[:, 1] - logits[:, 0]).numpy()
    return roc_auc(scores, lesson.train.labels.numpy().astype(bool))


@pytest.mark.parametrize("loss", [BALANCED, *LOSSES])
def test_every_loss_puts_positives_above_negatives(make_lesson, loss):
    lesson = make_lesson(epochs=12)
    optimiser = {"pesg_lr": 0.05} if loss == "aucm" else {"optimiser": "adam", "adam_lr": 3e-3}
    learner = learner_of(lesson, loss=loss, positive_share=0.4, **optimiser)
    for number in range(12):
        learner.epoch(number)
    assert auc_of(lesson) > 0.95


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize(
    "loss",
    [
        {"loss": "aucm"},
        {"loss": "aucm", "inner_steps": 1},
        {"loss": "ap"},
        {"loss": "pauc"},
        {"loss": "cross_entropy"},
    ],
)
def test_training_goes_on_bit_for_bit(make_lesson, loss, share):
    values = {**loss, "positive_share": share, "augmentation": "affine"}
    first = learner_of(make_lesson(), **values)
    first.epoch(0)
    second = learner_of(make_lesson(seed=0), **values)
    second.lesson.classifier.load_state_dict(copy.deepcopy(first.lesson.classifier.state_dict()))
    second.load_state(copy.deepcopy(first.state()))
    losses = [[learner.epoch(number) for number in (1, 2, 3)] for learner in (first, second)]
    assert losses[0] == losses[1]
    weights = [list(learner.lesson.classifier.state_dict().values()) for learner in (first, second)]
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_cross_entropy_and_the_margin_take_turns(make_lesson, monkeypatch):
    lesson, turns = make_lesson(epochs=12), []
    learner = learner_of(lesson, loss="aucm", inner_steps=2, aucm_lr=0.05, positive_share=0.4)
    for name in ("step", "inner_step"):
        move = getattr(learner.optimiser, name)
        monkeypatch.setattr(
            learner.optimiser, name, lambda name=name, move=move: (turns.append(name), move())
        )
    for number in range(12):
        learner.epoch(number)
    assert turns[:7] == ["inner_step", "inner_step", "step"] * 2 + ["inner_step"]
    assert auc_of(lesson) > 0.95


def test_stages_end_at_a_half_and_three_quarters(make_lesson):
    learner = learner_of(make_lesson(epochs=4), pesg_lr=0.1, stage_factor=10)
    rates = []
    for number in range(4):
        learner.epoch(number)
        rates.append(learner.optimiser.lr)
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.001])


def test_the_number_of_steps_does_not_depend_on_the_share(make_lesson):
    for share in (None, 0.1, 0.9):
        learner = learner_of(make_lesson(), positive_share=share)
        assert len(list(learner._batches(0))) == 3


@pytest.mark.parametrize("radius", [0.0, 8.0])
def test_attacked_images_stay_within_the_radius_and_lose_score(make_lesson, radius):
    lesson = make_lesson()
    learner = learner_of(lesson, train_eps=radius, optimiser="adam")
    learner.epoch(0)
    images, labels = lesson.train.images.float() / 255, lesson.train.labels
    attacked = learner._attacked(images, labels, (0, 0))
    assert (attacked - images).abs().max() <= radius / 255 + 1e-6
    lesson.classifier.eval()
    with torch.no_grad():
        clean, worse = (lesson.loss(lesson.classifier(x), labels) for x in (images, attacked))
    assert torch.equal(clean, worse) if radius == 0 else (worse >= clean - 1e-6).all()


def test_volumes_are_learned_as_images_are(make_lesson):
    lesson = make_lesson(epochs=8, shape=(8, 9, 10))
    learner = learner_of(
        lesson, loss="pairwise", optimiser="adam", adam_lr=5e-3, augmentation="affine"
    )
    for number in range(8):
        learner.epoch(number)
    assert auc_of(lesson) > 0.9
