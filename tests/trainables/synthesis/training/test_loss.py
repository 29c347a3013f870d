"""Losses of training: known answers of each, and weights of head and background."""

import pytest
import torch
from torch.nn import functional

from trainables.synthesis.training.loss import KNEE, PIXELS, training_loss


def test_inside_weighs_one_and_outside_its_share():
    prediction = torch.tensor([[[[1.0, 3.0]]]])
    target = torch.tensor([[[[0.0, 0.0]], [[1.0, 0.0]]]])
    for background, expected in ((1.0, 2.0), (0.0, 1.0), (0.5, (1 + 1.5) / 1.5)):
        value = training_loss("l1", background)(prediction, target)
        assert value.tolist() == [pytest.approx(expected)]


def test_squared_is_the_mean_squared_error():
    random = torch.Generator().manual_seed(0)
    prediction, ct = (torch.randn(3, 1, 4, 4, generator=random) for _ in range(2))
    target = torch.cat([ct, torch.zeros_like(ct)], dim=1)
    expected = ((prediction - ct) ** 2).mean(dim=(1, 2, 3))
    torch.testing.assert_close(training_loss("mse", 1.0)(prediction, target), expected)


def test_huber_is_torchs_with_its_knee_at_100_hu():
    errors = torch.linspace(-0.2, 0.2, 41)
    expected = functional.smooth_l1_loss(errors, torch.zeros(41), beta=KNEE, reduction="none")
    torch.testing.assert_close(PIXELS["huber"](errors), expected)
    assert pytest.approx(100 / 2500) == KNEE
