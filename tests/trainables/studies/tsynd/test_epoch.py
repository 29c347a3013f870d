from contextlib import nullcontext

import pytest
import torch

from trainables.losses.likelihood import cross_entropy
from trainables.models.classifiers import build_classifier
from trainables.runtime.seeding import generator, seeded
from trainables.studies.tsynd.epoch import train_epoch
from trainables.studies.tsynd.regimes import Batch

CPU = torch.device("cpu")
N = 10


@pytest.fixture
def data() -> Batch:
    """Images, codes and labels that carry their number."""
    numbers = torch.arange(N)
    images = (20 * numbers.to(torch.uint8))[:, None, None, None].expand(N, 1, 28, 28).clone()
    return Batch(images, numbers.float()[:, None, None, None].expand(N, 2, 7, 7), numbers % 3)


class Watch:
    """Runs an epoch and writes down what synthesis and loss were given."""

    def __init__(self, data, maker=None, *, half_batch=4, seed=0, lr=0.0) -> None:
        with seeded(CPU, 0):
            self.classifier = build_classifier("cnn", 1, (28, 28), 3, dropout=0.0)
        self.maker = maker
        self.batches: list[Batch] = []
        self.labels: list[torch.Tensor] = []
        self.losses: list[torch.Tensor] = []
        self.weights: list[torch.Tensor] = []
        self.inputs: list[torch.Tensor] = []
        self.classifier.register_forward_pre_hook(lambda _, inputs: self.inputs.append(inputs[0]))
        optimiser = torch.optim.SGD(self.classifier.parameters(), lr=lr)
        self.mean_loss = train_epoch(
            self.classifier, optimiser, data, self.synthesise, self.loss,
            half_batch=half_batch, generator=generator(CPU, seed), autocast=nullcontext,
        )  # fmt: skip

    def synthesise(self, batch):
        self.batches.append(batch)
        self.weights.append(self.classifier.head.weight.detach().clone())
        self.classifier.eval()  # a careless regime
        return None if self.maker is None else self.maker(batch)

    def loss(self, logits, labels):
        assert self.classifier.training
        self.labels.append(labels)
        self.losses.append(cross_entropy(logits, labels))
        return self.losses[-1]

    @property
    def numbers(self):
        """Which images each step was given."""
        return [(255 * batch.images[:, 0, 0, 0] / 20).round().long() for batch in self.batches]


def negative(batch: Batch) -> torch.Tensor:
    return 1 - batch.images


@pytest.mark.parametrize(("half_batch", "sizes"), [(1, [1] * N), (4, [4, 4, 2]), (99, [N])])
def test_every_image_is_seen_once(data, half_batch, sizes):
    watch = Watch(data, negative, half_batch=half_batch)
    assert [len(batch.labels) for batch in watch.batches] == sizes
    order = torch.cat(watch.numbers).tolist()
    assert sorted(order) == list(range(N)) != order


def test_images_codes_and_labels_stay_together(data):
    watch = Watch(data)
    for batch, numbers in zip(watch.batches, watch.numbers, strict=True):
        assert torch.equal(batch.images, data.images[numbers].float() / 255)
        assert torch.equal(batch.latents, data.latents[numbers])
        assert torch.equal(batch.labels, data.labels[numbers])


def test_all_regimes_see_the_same_images_in_the_same_order(data):
    alone, doubled = Watch(data, seed=3), Watch(data, negative, seed=3)
    assert [n.tolist() for n in alone.numbers] == [n.tolist() for n in doubled.numbers]
    another = Watch(data, seed=4)
    assert [n.tolist() for n in alone.numbers] != [n.tolist() for n in another.numbers]


def test_made_images_follow_the_real_ones_and_carry_their_labels(data):
    watch = Watch(data, negative)
    for batch, images, labels in zip(watch.batches, watch.inputs, watch.labels, strict=True):
        assert torch.equal(images, torch.cat([batch.images, 1 - batch.images]))
        assert torch.equal(labels, torch.cat([batch.labels, batch.labels]))


def test_a_batch_without_made_images_is_the_real_half(data):
    watch = Watch(data)
    for batch, images, labels in zip(watch.batches, watch.inputs, watch.labels, strict=True):
        assert torch.equal(images, batch.images)
        assert torch.equal(labels, batch.labels)


def test_images_are_made_anew_at_every_step_for_the_classifier_as_it_is(data):
    watch = Watch(data, negative, lr=0.1)
    assert len(watch.weights) == 3
    assert not torch.equal(watch.weights[0], watch.weights[1])
    assert not torch.equal(watch.weights[1], watch.weights[2])


def test_a_step_descends(data):
    """One batch, plain gradient descent: the loss afterwards is lower."""
    first = Watch(data, half_batch=N, lr=0.05)
    with torch.no_grad():
        images = data.images.float() / 255
        after = cross_entropy(first.classifier(images), data.labels).mean()
    assert float(after) < first.mean_loss


def test_the_mean_loss_weighs_steps_by_their_images(data):
    """Steps of 4, 4 and 2 images."""
    watch = Watch(data)
    assert watch.mean_loss == pytest.approx(float(torch.cat(watch.losses).detach().mean()))


def test_images_made_in_half_precision_are_trained_on_in_single(data):
    watch = Watch(data, lambda batch: (1 - batch.images).bfloat16())
    assert all(images.dtype == torch.float32 for images in watch.inputs)


def test_only_making_images_runs_in_the_given_precision(data):
    flags = []

    def make(batch):
        flags.append(torch.is_autocast_enabled("cpu"))
        return batch.images

    with seeded(CPU, 0):
        classifier = build_classifier("cnn", 1, (28, 28), 3)

    def loss(logits, labels):
        flags.append(torch.is_autocast_enabled("cpu"))
        return cross_entropy(logits, labels)

    train_epoch(
        classifier, torch.optim.SGD(classifier.parameters(), lr=0.1), data, make, loss,
        half_batch=N, generator=generator(CPU, 0),
        autocast=lambda: torch.autocast("cpu", torch.bfloat16),
    )  # fmt: skip
    assert flags == [True, False]
