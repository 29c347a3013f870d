"""Known generators: one that copies, one that collapsed, and one that learned the distribution."""

import json

import pytest
import torch

from trainables.data.phantoms.lesions import load
from trainables.generative.gan_training import Labelled
from trainables.generative.quality import compare_images, to_pixels
from trainables.metrics.alarms import COPIED, GENERATOR_COLLAPSE
from trainables.models.classifiers import build_classifier
from trainables.runtime.seeding import seeded

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def parts():
    """Three sets of one distribution: training, held-out and further images."""
    images = load(28).train
    pixels = torch.from_numpy(images.pixels).movedim(-1, 1).contiguous()
    labels = torch.from_numpy(images.labels)

    def part(start, stop):
        return Labelled(pixels[start:stop], labels[start:stop], 3)

    return part(0, 240), part(240, 400), part(400, 700)


@pytest.fixture(scope="module")
def critic():
    with seeded(CPU, 0):
        return build_classifier("cnn", 1, (28, 28), 3, 0.0).eval()


def quality(parts, critic, generated):
    train, held_out, _ = parts
    return compare_images(generated, critic, train, held_out, seed=0)


def test_images_of_the_same_distribution_pass(parts, critic):
    report = quality(parts, critic, parts[2])
    assert all(value <= 0 for value in report.alarms.values())
    space = report.spaces["random"]
    assert space.kernel.low <= 0 <= space.kernel.high
    assert space.kernels["noise"].low > 10 * abs(space.kernels["train"].value)
    assert space.manifold.recall.value > 0.7
    assert report.spread == pytest.approx(1, abs=0.1)
    assert report.grey == pytest.approx(1, abs=0.2)
    assert "COP" not in report.line


@pytest.mark.parametrize("axes", [(), (3,), (2,), (2, 3)])
def test_training_images_are_copies_mirrored_ones_too(parts, critic, axes):
    train = parts[0]
    report = quality(parts, critic, Labelled(train.images.flip(axes), train.labels, 3))
    assert report.alarms[COPIED] > 0.5
    assert report.copies.z < -3
    assert "IT COPIES TRAINING IMAGES" in report.line


def test_one_image_a_class_is_a_collapse_that_precision_praises(parts, critic):
    _, held_out, rest = parts
    rows = [int((rest.labels == label).nonzero()[0]) for label in range(3)]
    labels = torch.arange(3).repeat(40)
    report = quality(parts, critic, Labelled(rest.images[rows].repeat(40, 1, 1, 1), labels, 3))
    assert report.alarms[GENERATOR_COLLAPSE] > 0
    assert report.spread == 0
    assert report.spaces["random"].manifold.recall.value < 0.3
    assert "IT LACKS VARIETY" in report.line
    assert report.held_out == len(held_out.labels)


def test_few_images_that_vary_in_brightness_lack_variety(parts, critic):
    """What spread alone let pass: four images a class, each in many shades."""
    _, _, rest = parts
    rows = torch.cat([(rest.labels == label).nonzero()[:4, 0] for label in range(3)]).repeat(33)
    shades = torch.linspace(-70, 70, 33).repeat_interleave(12)[:, None, None, None]
    images = (rest.images[rows].float() + shades).clamp(0, 255).round().to(torch.uint8)
    report = quality(parts, critic, Labelled(images, rest.labels[rows], 3))
    assert report.spread > 0.7
    assert report.alarms[GENERATOR_COLLAPSE] > 0
    assert "IT LACKS VARIETY" in report.line


def test_one_class_that_lacks_variety_is_enough(parts, critic):
    """Two classes are whole; of the third there are three images."""
    _, _, rest = parts
    rows = torch.arange(len(rest.labels))
    third = torch.nonzero(rest.labels == 2).squeeze(1)
    rows[third] = third[torch.arange(len(third)) % 3]
    report = quality(parts, critic, Labelled(rest.images[rows], rest.labels, 3))
    assert report.spread > 0.7
    assert report.spaces["random"].manifold.recall.low > 0.4
    assert report.alarms[GENERATOR_COLLAPSE] > 0
    assert min(report.recalls, key=lambda label: report.recalls[label][0].value) == 2


def test_the_report_survives_json_with_bounds(parts, critic):
    values = json.loads(json.dumps(quality(parts, critic, parts[2]).as_json(), allow_nan=False))
    value, low, high = values["spaces"]["random"]["kid"]
    assert low <= value <= high
    assert set(values["alarms"]) == {COPIED, GENERATOR_COLLAPSE}


def test_pixels_have_their_channels_last():
    images = torch.arange(2 * 3 * 4 * 4).view(2, 3, 4, 4).to(torch.uint8)
    assert to_pixels(images)[1, 2, 3, 0] == images[1, 0, 2, 3]
