"""Equal steps for every split, weights in the loss, and training that goes on bit for bit."""

import pytest
import torch

from trainables.studies.gansplit.composition import compose
from trainables.studies.gansplit.learner import GANSplitLearner, epoch_rows
from trainables.studies.gansplit.settings import GANSplitConfig

FAST = {"batch_size": 8, "lr": 3e-3}


def make(make_lesson, synthesis=None, **values):
    config = GANSplitConfig(**FAST | {"source": "hinge" if synthesis else "none"} | values)
    lesson = make_lesson()
    mixture = compose(config, lesson.train, 2, synthesis, lesson.seed)
    return GANSplitLearner(config, lesson, mixture)


@pytest.mark.parametrize("total", [24, 48, 36, 7])
def test_epochs_are_stretches_of_passes_over_all_images(total):
    rows = torch.cat([epoch_rows(number, 24, total, 0) for number in range(6)])
    assert len(rows) == 6 * 24
    for start in range(0, len(rows) - total + 1, total):
        assert sorted(rows[start : start + total].tolist()) == list(range(total))


def test_the_order_follows_from_the_seed_and_differs_between_passes():
    first, second, shuffled = (
        epoch_rows(number, 9, 9, seed) for number, seed in ((0, 0), (1, 0), (0, 1))
    )
    assert torch.equal(first, epoch_rows(0, 9, 9, 0))
    assert not torch.equal(first, second)
    assert not torch.equal(first, shuffled)


def test_all_splits_take_as_many_steps(make_lesson, synthesis):
    steps = []
    for values in (
        {"synthesis": None},
        {"ratio": 3.0},
        {"ratio": 0.1},
        {"mix": "replace", "share": 1.0},
    ):
        learner = make(make_lesson, **{"synthesis": synthesis} | values)
        for number in range(2):
            learner.epoch(number)
        (state,) = {int(value["step"]) for value in learner.optimiser.state.values()}
        steps.append(state)
    assert steps == [6] * 4


def test_synthetic_images_count_as_much_as_their_weight(make_lesson, synthesis):
    learner = make(make_lesson, synthesis, ratio=1.0, synthetic_weight=0.25)
    rows = torch.tensor([0, 1, 24, 25])
    images = learner.mixture.images[rows].float() / 255
    learner.lesson.classifier.train()
    losses = learner.lesson.loss(learner.lesson.classifier(images), learner.mixture.labels[rows])
    expected = (losses * torch.tensor([1, 1, 0.25, 0.25])).sum() / 2.5
    assert learner._step(rows, (0, 0)) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_training_lowers_the_loss_and_goes_on_bit_for_bit(make_lesson, synthesis):
    uninterrupted = make(make_lesson, synthesis, train_eps=2.0, attack_steps=1)
    losses = [uninterrupted.epoch(number) for number in range(4)]
    assert losses[-1] < losses[0]
    first = make(make_lesson, synthesis, train_eps=2.0, attack_steps=1)
    for number in range(2):
        first.epoch(number)
    second = make(make_lesson, synthesis, train_eps=2.0, attack_steps=1)
    second.lesson.classifier.load_state_dict(first.lesson.classifier.state_dict())
    second.load_state(first.state())
    assert [second.epoch(number) for number in (2, 3)] == losses[2:]


def test_training_against_attacks_changes_images_within_the_radius(make_lesson):
    learner = make(make_lesson, train_eps=4.0, attack_steps=2)
    images, labels = learner.mixture.images[:6].float() / 255, learner.mixture.labels[:6]
    change = (learner._attacked(images, labels, (0, 0)) - images).abs()
    assert 0 < change.max() <= 4 / 255 + 1e-6
    assert make(make_lesson)._attacked(images, labels, (0, 0)) is images
