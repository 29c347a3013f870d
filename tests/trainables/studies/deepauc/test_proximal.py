"""Proximal descent: three steps worked by hand, the reference, and going on from a state."""

import copy

import pytest
import torch
from scipy.stats import norm

from trainables.losses.auc_margin import Saddle, auc_margin
from trainables.metrics.orders.rank_scores import roc_auc
from trainables.studies.deepauc.proximal import Proximal


def variable(value):
    return torch.tensor([value], dtype=torch.float64, requires_grad=True)


def pesg(weight, **numbers):
    return Proximal(
        [weight], kind="pesg", **{"lr": 0.1, "epoch_decay": 0, "weight_decay": 0, **numbers}
    )


def minimise(optimiser, weight, steps):
    for _ in range(steps):
        optimiser.zero_grad()
        (3 * weight**2 / 2).sum().backward()
        optimiser.step()


def test_three_steps_of_pesg_are_those_worked_by_hand():
    weight = variable(0.2)
    minimise(pesg(weight, epoch_decay=0.5, weight_decay=0.01), weight, 3)
    value, direction = 0.2, None
    for _ in range(3):
        slope = min(max(3 * value, -1), 1) + 0.5 * (value - 0.2) + 0.01 * value
        direction = slope if direction is None else 0.1 * direction + 0.9 * slope
        value -= 0.1 * direction
    assert weight.item() == pytest.approx(value, abs=1e-12)


def test_gradients_are_clipped_before_the_pull_is_added():
    weight = variable(100.0)
    minimise(pesg(weight, epoch_decay=0.5, reference_point="zero"), weight, 1)
    assert weight.item() == pytest.approx(100 - 0.1 * (1 + 50))


def test_adam_is_adam_on_the_gradient_and_the_pull():
    weight, plain = variable(0.2), variable(0.2)
    proximal = Proximal([weight], kind="adam", lr=0.01, epoch_decay=0.5, weight_decay=0.1)
    adam = torch.optim.Adam([plain], lr=0.01, weight_decay=0.1)
    minimise(proximal, weight, 3)
    for _ in range(3):
        adam.zero_grad()
        (3 * plain**2 / 2 + 0.5 * (plain - 0.2) ** 2 / 2).sum().backward()
        adam.step()
    assert weight.item() == pytest.approx(plain.item(), abs=1e-12)


@pytest.mark.parametrize(("reference_point", "expected"), [("start", 1.0), ("zero", 0.0)])
def test_without_a_loss_variables_go_to_the_reference(reference_point, expected):
    weight = variable(1.0)
    optimiser = pesg(weight, epoch_decay=0.5, reference_point=reference_point)
    for _ in range(300):
        weight.grad = torch.zeros_like(weight)
        optimiser.step()
    assert weight.item() == pytest.approx(expected, abs=1e-4)


def test_at_the_end_of_a_stage_the_reference_is_the_mean_of_its_iterates():
    weight, iterates = variable(0.2), []
    optimiser = pesg(weight, epoch_decay=0.1)
    for _ in range(4):
        minimise(optimiser, weight, 1)
        iterates.append(weight.item())
    optimiser.end_stage(10)
    assert optimiser.lr == pytest.approx(0.01)
    assert optimiser.references[0].item() == pytest.approx(sum(iterates) / 4)
    optimiser.end_stage(10)  # a stage without a step keeps the reference
    assert optimiser.references[0].item() == pytest.approx(sum(iterates) / 4)


def test_steps_on_two_losses_in_turn_are_those_worked_by_hand():
    """PDSCA: a step on cross-entropy leads to a mean of points, one on the AUC margin is PESG's."""
    weight = variable(0.2)
    optimiser = pesg(weight, epoch_decay=0.5, weight_decay=0.01)
    value, direction, mean, iterates = 0.2, None, None, []
    for turn in range(6):
        optimiser.zero_grad()
        slope = min(max(3 * value, -1), 1) + 0.5 * (value - 0.2) + 0.01 * value
        (3 * weight**2 / 2).sum().backward()
        if turn % 2 == 0:
            optimiser.inner_step()
            point = value - 0.1 * slope
            mean = point if mean is None else 0.1 * mean + 0.9 * point
            value = mean
        else:
            optimiser.step()
            direction = slope if direction is None else 0.1 * direction + 0.9 * slope
            value -= 0.1 * direction
        iterates.append(value)
        assert weight.item() == pytest.approx(value, abs=1e-12)
    optimiser.end_stage(10)
    assert optimiser.references[0].item() == pytest.approx(sum(iterates) / 6)


def test_a_variable_that_only_one_loss_has_stays_in_the_steps_on_the_other():
    weight, still = variable(0.2), variable(0.4)
    optimiser = Proximal([weight, still], kind="pesg", lr=0.1, epoch_decay=0.5, weight_decay=0.1)
    (3 * weight**2 / 2).sum().backward()
    optimiser.inner_step()
    assert still.item() == 0.4
    assert set(optimiser.means) == {0}


def test_a_variable_without_a_gradient_stays():
    moving, still = variable(0.2), variable(0.4)
    optimiser = Proximal([moving, still], kind="pesg", lr=0.1, epoch_decay=0.5, weight_decay=0.1)
    minimise(optimiser, moving, 1)
    assert still.item() == 0.4


@pytest.mark.parametrize("kind", ["pesg", "adam"])
def test_it_goes_on_from_a_state_as_if_nothing_had_come_between(kind):
    weight = variable(0.3)
    optimiser = Proximal([weight], kind=kind, lr=0.1, epoch_decay=0.2, weight_decay=0.01)
    minimise(optimiser, weight, 3)
    optimiser.inner_step()
    copied = variable(weight.item())
    restored = Proximal([copied], kind=kind, lr=0.1, epoch_decay=0.2, weight_decay=0.01)
    restored.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    for training, parameter in ((optimiser, weight), (restored, copied)):
        training.end_stage(10)
        minimise(training, parameter, 3)
        training.inner_step()
    assert copied.item() == weight.item()


def test_pesg_on_the_auc_margin_finds_the_best_order_of_two_gaussians():
    """The best linear score of two classes d apart, of equal spread, has AUC Phi(d / sqrt(2))."""
    generator = torch.Generator().manual_seed(0)
    positive = torch.arange(3000)[:, None] < 600
    points = torch.randn(3000, 2, generator=generator, dtype=torch.float64)
    points += positive * torch.tensor([0.6, 0.8])
    points[:, 1] *= 3  # so that the difference of means does not point in the best direction
    weights = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
    zero = torch.zeros(1, dtype=torch.float64)
    saddle = Saddle(zero.clone().requires_grad_(), zero.clone().requires_grad_(), zero, 1.0)
    optimiser = Proximal(
        [weights, saddle.a, saddle.b], kind="pesg", lr=0.5, epoch_decay=0.0, weight_decay=0.0
    )
    for _ in range(150):
        optimiser.zero_grad()
        auc_margin((points @ weights).sigmoid(), positive, saddle).backward()
        optimiser.step()
        saddle.ascend(optimiser.lr)
    area = roc_auc((points @ weights).detach().numpy()[:, 0], positive.numpy()[:, 0])
    naive = roc_auc(
        (points @ torch.tensor([[0.6], [2.4]]).double()).numpy()[:, 0], positive[:, 0].numpy()
    )
    best, error = norm.cdf(1 / 2**0.5), 0.012
    assert area == pytest.approx(best, abs=3 * error)
    assert area > naive + error
