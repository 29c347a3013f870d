"""The learner: every regime learns, TRADES is the published loop, and training goes on."""

import copy
import math

import pytest
import torch

from searchspace.studies.nonrobust import REGIMES
from trainables.attacks.gradient import TradesAttack
from trainables.attacks.threat import pixels
from trainables.metrics.orders.rank_scores import roc_auc
from trainables.runtime.config import parse
from trainables.runtime.seeding import derive
from trainables.studies.nonrobust.learner import NonrobustLearner
from trainables.studies.nonrobust.settings import NonrobustConfig, NonrobustSettings
from trainables.studies.nonrobust.study import Nonrobust


def learner_of(lesson, **values):
    config = parse(NonrobustConfig, {"batch_size": 8, "train_steps": 2, **values})
    return NonrobustLearner(config, lesson, lesson.train.images, lesson.train.labels)


def auc_of(lesson):
    with torch.no_grad():
        logits = lesson.classifier.eval()(lesson.train.images.float() / 255)
    scores = (logits[:, 1] - logits[:, 0]).numpy()
    return roc_auc(scores, lesson.train.labels.numpy().astype(bool))


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_every_regime_learns(make_lesson, regime, optimiser):
    lesson = make_lesson(epochs=8)
    rate = 3e-3 if optimiser == "adam" else 0.05
    learner = learner_of(lesson, regime=regime, optimiser=optimiser, lr=rate, train_eps=2.0)
    losses = [learner.epoch(number) for number in range(8)]
    assert min(losses[-3:]) < losses[0]
    assert auc_of(lesson) > 0.9


@pytest.mark.parametrize("regime", REGIMES)
def test_training_goes_on_bit_for_bit(make_lesson, regime):
    values = {"regime": regime, "augmentation": "affine", "class_weights": "balanced"}
    first = learner_of(make_lesson(), **values)
    first.epoch(0)
    second = learner_of(make_lesson(), **values)
    second.lesson.classifier.load_state_dict(copy.deepcopy(first.lesson.classifier.state_dict()))
    second.load_state(copy.deepcopy(first.state()))
    losses = [[learner.epoch(number) for number in (1, 2, 3)] for learner in (first, second)]
    assert losses[0] == losses[1]


def test_trades_is_the_published_loop_on_one_batch(make_lesson):
    """The reference is the published code: kl_div, eval while attacking, two passes."""
    lesson = make_lesson()
    learner = learner_of(lesson, regime="trades", beta=6.0, train_eps=8.0)
    images, labels = lesson.train.images[:8].float() / 255, lesson.train.labels[:8]
    network = copy.deepcopy(lesson.classifier).eval()
    with torch.no_grad():
        clean = network(images)
    attack = TradesAttack(steps=2)
    moved = attack(network, images, clean, pixels(8 / 255), derive(lesson.seed, "attack", 0, 0))
    network.train()
    logits = network(images)
    natural = torch.nn.functional.cross_entropy(logits, labels)
    robust = torch.nn.functional.kl_div(
        torch.log_softmax(network(moved), dim=1), logits.softmax(dim=1), reduction="batchmean"
    )
    expected = natural + 6.0 * robust
    loss = learner._loss(images, labels, (0, 0))
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    loss.backward()
    expected.backward()
    pairs = zip(lesson.classifier.parameters(), network.parameters(), strict=True)
    for parameter, reference in pairs:
        torch.testing.assert_close(parameter.grad, reference.grad, rtol=1e-4, atol=1e-5)


def test_half_of_the_half_batch_is_clean(make_lesson):
    lesson = make_lesson()
    sizes = []
    lesson.classifier.register_forward_hook(
        lambda module, inputs, _: sizes.append(len(inputs[0])) if module.training else None
    )
    learner_of(lesson, regime="half").epoch(0)
    assert sizes == [8] * 3  # 12 of the 24 images, 4 a step, each with its twin


def steps_of(learner, number=0):
    steps = []
    hook = learner.optimiser.register_step_post_hook(lambda *_: steps.append(1))
    learner.epoch(number)
    hook.remove()
    return len(steps)


@pytest.mark.parametrize("batch_size", [5, 7, 8, 24, 32])
@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_and_its_controls_take_as_many_steps(make_lesson, regime, batch_size):
    """With 24 images; else a gain is that of longer training."""
    study, settings = Nonrobust(), parse(NonrobustSettings, {"dataset": "phantom"})
    trial = parse(
        NonrobustConfig, {"regime": regime, "batch_size": batch_size, "train_steps": 3}
    ).model_dump()
    controls = study.controls(trial, settings)
    assert controls
    for values in (trial, *(control.config for control in controls)):
        learner = learner_of(make_lesson(), **values)
        assert [steps_of(learner, number) for number in (0, 1)] == [math.ceil(24 / batch_size)] * 2


def test_two_epochs_of_the_half_batch_show_every_image_in_both_forms(make_lesson):
    learner = learner_of(make_lesson(), regime="half", batch_size=7)
    epochs = [torch.cat(learner._batches(number)).tolist() for number in range(4)]
    assert sorted(epochs[0] + epochs[1]) == sorted(epochs[2] + epochs[3]) == list(range(24))
    assert set(epochs[0]) != set(epochs[2])
    assert max(len(rows) for number in range(4) for rows in learner._batches(number)) <= 4


def test_weights_of_classes_make_them_count_alike(make_lesson):
    lesson = make_lesson()
    learner = learner_of(lesson, class_weights="balanced")
    sums = [float(learner.weights[label]) * count for label, count in ((0, 16), (1, 8))]
    assert sums == pytest.approx([12.0, 12.0])
    assert learner_of(lesson).weights.tolist() == [1.0, 1.0]


def test_the_rate_falls_as_each_recipe_says(make_lesson):
    for optimiser, rates in (("adam", [1, 1, 0.1, 0.01]), ("sgd", [1, 1, 1, 0.1])):
        learner = learner_of(make_lesson(epochs=4), optimiser=optimiser, lr=1e-3)
        factors = []
        for number in range(4):
            factors.append(learner.optimiser.param_groups[0]["lr"] * 1e3)
            learner.epoch(number)
        assert factors == pytest.approx(rates)


def test_volumes_are_learned_as_images_are(make_lesson):
    lesson = make_lesson(epochs=6, shape=(8, 9, 10))
    learner = learner_of(lesson, regime="trades", augmentation="flips", lr=5e-3, train_eps=1.0)
    for number in range(6):
        learner.epoch(number)
    assert auc_of(lesson) > 0.9


def test_made_images_are_taken_as_they_are(make_lesson):
    lesson = make_lesson()
    images = lesson.train.images.float() / 255
    config = parse(NonrobustConfig, {"batch_size": 8})
    learners = [
        NonrobustLearner(config, lesson, pixels, lesson.train.labels)
        for pixels in (images, lesson.train.images)
    ]
    rows = torch.arange(5)
    torch.testing.assert_close(learners[0]._pixels(rows), learners[1]._pixels(rows))
