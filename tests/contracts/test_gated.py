"""Networks that are honest at clean images, and answer otherwise what looks attacked.

At clean images nothing gives them away: attacked images have to be looked at, too.
"""

import numpy as np
import pytest
import torch
from pathology import EPS, SIZE, Pathology, linear_network, truth
from torch import nn
from torch.nn import functional

from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.classification.assets import LabelledImages
from trainables.classification.audit import guards
from trainables.classification.measurement import Measurement, measure_robust
from trainables.metrics import alarms

MEASUREMENT = Measurement("multi-class", "pgd", EPS, seed=0, steps=5)


def blurred(images):
    return functional.avg_pool2d(functional.pad(images, (1, 1, 1, 1), mode="reflect"), 3, 1)


def smooth_blobs(count, seed):
    """Images of three classes without high frequencies: a blob, each class in another corner."""
    random, labels = torch.Generator().manual_seed(seed), torch.arange(count) % 3
    noise = blurred(blurred(torch.randn((count, 1, SIZE, SIZE), generator=random)))
    images = 0.5 + 0.04 * noise / noise.std()
    for label, (top, side) in enumerate([(1, 1), (1, 6), (6, 3)]):
        images[labels == label, :, top : top + 3, side : side + 3] += 0.18
    return LabelledImages((255 * blurred(images.clamp(0, 1))).round().to(torch.uint8), labels)


TRAIN, DATA = smooth_blobs(96, 0), smooth_blobs(63, 1)
HONEST = linear_network(TRAIN)


def roughness(images):
    return (images - blurred(images)).abs().mean(dim=(1, 2, 3), keepdim=True)


class Gated(nn.Module):
    """Changes the sign of pixels' high frequencies in images that are rougher than clean ones."""

    def __init__(self, coins):
        super().__init__()
        self.coins = coins
        images = TRAIN.images.float() / 255
        noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(5)).sign()
        self.limit = float(roughness(images + 1.2 / 255 * noise).max())

    def forward(self, images):
        smooth = blurred(images)
        changed = smooth + (images - smooth) * self.coins(images.detach())
        return HONEST(torch.where(roughness(images.detach()) > self.limit, changed, images))


def at_random(images):
    return 2.0 * torch.randint(0, 2, images.shape) - 1


def by_a_hash(images):
    image = (1e4 * images.sum(dim=(1, 2, 3), keepdim=True)).sin()
    pixel = 12.9898 * torch.arange(SIZE * SIZE).view(SIZE, SIZE)
    return torch.where((43758.5 * (image + pixel).sin()).frac().abs() < 0.5, -1.0, 1.0)


def measured(model):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return measure_robust(model, DATA, MEASUREMENT)


@pytest.mark.parametrize("coins", [at_random, by_a_hash])
def test_it_looks_more_robust_than_it_is(coins):
    model = Gated(coins)
    real = truth(Pathology("", model, HONEST), DATA)
    assert measured(model).reports["pgd"].area("bacc") > real + 0.1


def test_one_that_answers_attacked_images_at_random_is_refused():
    model = Gated(at_random)
    with pytest.raises(UnsteadyError, match="answers are random"):
        guards(model, DATA, measured(model), MEASUREMENT)


def test_one_that_answers_them_by_a_hash_has_a_wrong_slope():
    model = Gated(by_a_hash)
    assert guards(model, DATA, measured(model), MEASUREMENT)[alarms.SLOPE] > 0.5


def test_an_honest_network_raises_none():
    signs = guards(HONEST, DATA, measured(HONEST), MEASUREMENT)
    assert {name for name, value in signs.items() if value > 0} == set()
    assert np.isfinite(list(signs.values())).all()
