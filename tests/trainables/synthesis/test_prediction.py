"""Predictions in HU."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.synthesis.prediction import predict
from trainables.synthesis.slices import to_hu

CPU = torch.device("cpu")


class Affine(nn.Module):
    """Predicts w MR + b."""

    def __init__(self, weight=0.2, bias=-0.1):
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, images):
        return self.weight * images + self.bias


@pytest.fixture
def split(heads):
    return heads.data.train


def test_a_prediction_is_in_hu_and_in_eval_mode(split):
    network = nn.Sequential(Affine(), nn.Dropout(0.5)).train()
    mr, _ = split.batch([0, 1, 2], CPU)
    hu = predict(network, mr, batch_size=2)
    np.testing.assert_allclose(hu, to_hu(network[0](mr)).detach()[:, 0], rtol=1e-5)
    assert network.training


def test_a_prediction_that_is_not_finite_is_said(split):
    mr, _ = split.batch([0], CPU)
    with pytest.raises(FloatingPointError, match="not finite"):
        predict(Affine(bias=float("nan")), mr)


def test_who_tracks_sees_every_batch(split):
    mr, _ = split.batch([0, 1, 2], CPU)
    sizes = []

    def track(batches):
        for batch in batches:
            sizes.append(len(batch))
            yield batch

    predict(Affine(), mr, batch_size=2, track=track)
    assert sizes == [2, 1]
