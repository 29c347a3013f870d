"""The worst case of an area is that of each image: a linear model, its formula, every corner."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.evaluation import evaluate
from trainables.attacks.gradient import PGD
from trainables.metrics.orders.rank_scores import average_precision, partial_auc, roc_auc

# Ten images of six pixels, some at the edge of the box; worked in closed form.
WEIGHTS, BIAS = torch.tensor([1.5, -2.0, 0.8, -0.6, 1.1, -1.3]), 0.2
IMAGES = torch.tensor(
    [
        [0.0, 0.34, 0.37, 0.37, 0.99, 0.63],
        [0.67, 1.0, 0.68, 0.12, 0.05, 0.85],
        [0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
        [1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
        [0.76, 0.54, 0.11, 0.87, 0.14, 0.44],
        [0.59, 0.32, 0.42, 0.89, 0.45, 0.54],
        [0.97, 0.28, 0.89, 0.36, 0.31, 0.88],
        [0.07, 0.87, 1.0, 0.89, 0.06, 0.24],
        [0.78, 0.44, 0.01, 0.69, 0.8, 0.97],
        [0.15, 0.25, 0.84, 0.09, 0.27, 0.45],
    ]
)
LABELS = torch.tensor([1, 0, 0, 1, 1, 0, 1, 0, 1, 0])
EPS = (0.0, 0.02, 0.05, 0.1, 0.2)
AREAS = (0.76, 0.76, 0.72, 0.48, 0.36)
PRECISIONS = (0.79619047619, 0.79619047619, 0.729523809524, 0.611111111111, 0.563492063492)
PARTIAL = (0.625, 0.625, 0.5625, 0.5, 0.5)  # up to 40 % false positives


class Linear(nn.Module):
    """Logits -z / 2 and z / 2."""

    def forward(self, images):
        z = images.flatten(1) @ WEIGHTS + BIAS
        return torch.stack([-z / 2, z / 2], dim=1)


@pytest.fixture(scope="module")
def margins():
    """Scores of the last class under PGD at each radius, (E, N)."""
    images = IMAGES.reshape(10, 1, 2, 3)
    report = evaluate(Linear(), images, LABELS, "binary", PGD(steps=20), EPS, seed=0)
    return report.logits[..., 1] - report.logits[..., 0]


def test_areas_under_attack_are_those_worked_in_closed_form(margins):
    positive = LABELS.numpy().astype(bool)
    for row, scores in enumerate(margins):
        assert roc_auc(scores, positive) == pytest.approx(AREAS[row], abs=1e-6)
        assert average_precision(scores, positive) == pytest.approx(PRECISIONS[row], abs=1e-6)
        assert partial_auc(scores, positive, 0.4) == pytest.approx(PARTIAL[row], abs=1e-6)


def test_no_corner_of_the_ball_is_worse_for_any_area(margins):
    """Over the best of 64 corners for each image, and over random choices of corners for all."""
    positive = LABELS.numpy().astype(bool)
    corners = torch.tensor(list(product((-1.0, 1.0), repeat=6)))
    generator = np.random.default_rng(0)
    for row, eps in enumerate(EPS):
        moved = (IMAGES[:, None] + eps * corners).clamp(0, 1)  # (N, 64, 6)
        scores = (moved @ WEIGHTS + BIAS).numpy()
        extreme = np.where(positive, scores.min(axis=1), scores.max(axis=1))
        np.testing.assert_allclose(margins[row], extreme, atol=1e-5)
        for _ in range(200):
            chosen = scores[np.arange(10), generator.integers(0, 64, 10)]
            for area in (roc_auc, average_precision, lambda s, p: partial_auc(s, p, 0.4)):
                assert area(chosen, positive) >= area(extreme, positive) - 1e-9
