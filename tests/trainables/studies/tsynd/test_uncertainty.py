import math

import numpy as np
import pytest
import torch
from torch import Tensor

from trainables.studies.tsynd.uncertainty import UNCERTAINTIES, entropy, mutual_information

MEASURES = pytest.mark.parametrize("measure", UNCERTAINTIES.values(), ids=UNCERTAINTIES)


def draw(*shape: int, scale: float = 3.0, seed: int = 0) -> Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def by_hand(logits: Tensor, multi_label: bool) -> tuple[float, float]:
    """Mutual information and entropy of one image, (K, C), in double precision, summed in loops."""
    z = logits.double().numpy()
    if multi_label:
        p = 1 / (1 + np.exp(-z))
        each = np.stack([p, 1 - p], axis=2)  # (K, variables, outcomes)
    else:
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        each = p[:, None]

    def uncertain(distribution) -> float:
        return -sum(q * math.log(q) for q in distribution if q > 0)

    total = sum(uncertain(each.mean(axis=0)[v]) for v in range(each.shape[1]))
    aleatoric = sum(uncertain(mask[v]) for mask in each for v in range(each.shape[1]))
    return total - aleatoric / len(each), total


def test_a_case_computed_by_hand():
    """Masks that say (0.9, 0.1) and (0.5, 0.5): on average (0.7, 0.3), entropy 0.6109 nats.

    Their own entropies are 0.3251 and 0.6931, on average 0.5091: 0.1017 nats are disagreement.
    """
    logits = torch.tensor([[[math.log(0.9), math.log(0.1)], [0.0, 0.0]]])
    assert float(entropy(logits, False)) == pytest.approx(0.610864, abs=1e-6)
    assert float(mutual_information(logits, False)) == pytest.approx(0.101749, abs=1e-6)


def test_masks_that_contradict_each_other_disagree_by_log_2():
    logits = torch.tensor([[[200.0, 0.0], [0.0, 200.0]]])
    assert float(mutual_information(logits, False)) == pytest.approx(math.log(2))
    assert float(entropy(logits, False)) == pytest.approx(math.log(2))


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3, 9])
def test_both_measures_against_loops_in_double_precision(n_classes, multi_label):
    logits = draw(16, 5, n_classes)
    expected = torch.tensor([by_hand(image, multi_label) for image in logits])
    information, total = mutual_information(logits, multi_label), entropy(logits, multi_label)
    assert information.shape == total.shape == (16,)
    torch.testing.assert_close(information, expected[:, 0].float(), atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(total, expected[:, 1].float(), atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("multi_label", [False, True])
def test_equal_masks_tell_nothing(multi_label):
    logits = draw(20, 1, 4).expand(20, 7, 4)
    information = mutual_information(logits, multi_label)
    torch.testing.assert_close(information, torch.zeros(20), atol=2e-6, rtol=0)
    assert bool((entropy(logits, multi_label) > 0.005).all())


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("scale", [0.01, 1.0, 10.0, 1e4])
def test_bounds(scale, multi_label):
    logits = draw(200, 6, 3, scale=scale)
    greatest = 3 * math.log(2) if multi_label else math.log(3)
    information, total = mutual_information(logits, multi_label), entropy(logits, multi_label)
    assert float(information.min()) >= -2e-6
    assert bool((information <= total + 2e-6).all())
    assert float(total.max()) <= greatest + 2e-6


@MEASURES
def test_labels_add_up(measure):
    logits = draw(8, 5, 4)
    alone = [measure(logits[:, :, label : label + 1], True) for label in range(4)]
    torch.testing.assert_close(measure(logits, True), torch.stack(alone).sum(dim=0))


@MEASURES
def test_a_sigmoid_is_a_softmax_of_two(measure):
    """Both outcomes of a label count: a sum over the sigmoid alone would not pass."""
    logits = draw(30, 5, 1)
    pair = torch.cat([torch.zeros_like(logits), logits], dim=2)
    torch.testing.assert_close(measure(logits, True), measure(pair, False), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(measure(logits, True), measure(-logits, True), atol=1e-6, rtol=1e-5)


@MEASURES
@pytest.mark.parametrize("multi_label", [False, True])
def test_certain_masks_give_finite_gradients(measure, multi_label):
    signs = torch.tensor([[[1.0, -1.0], [1.0, -1.0]], [[1.0, -1.0], [-1.0, 1.0]]])
    logits = (1e4 * signs).requires_grad_()
    value = measure(logits, multi_label)
    value.sum().backward()
    assert bool(value.isfinite().all())
    assert bool(logits.grad.isfinite().all())


@MEASURES
def test_half_precision_is_measured_in_single(measure):
    logits = draw(8, 5, 3).bfloat16()
    assert torch.equal(measure(logits, False), measure(logits.float(), False))
