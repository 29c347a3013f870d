"""The AUC margin loss: values worked by hand, its optimum, and the mean over pairs."""

import pytest
import torch

from trainables.losses.auc_margin import GREATEST_ALPHA, Saddle, auc_margin
from trainables.losses.rank_losses import Pairwise

CPU = torch.device("cpu")
# Three scores equal a or b exactly, where counting terms that are not 0 goes wrong.
SCORES = torch.tensor([0.2, 0.9, 0.9, 0.55, 0.05, 0.6], dtype=torch.float64)[:, None]
POSITIVE = torch.tensor([0, 1, 1, 1, 0, 0], dtype=torch.bool)[:, None]


def saddle(a, b, alpha, margin=1.0):
    columns = [torch.tensor(value, dtype=torch.float64).reshape(-1) for value in (a, b, alpha)]
    return Saddle(columns[0].requires_grad_(), columns[1].requires_grad_(), columns[2], margin)


@pytest.mark.parametrize(
    ("class_factor", "expected"), [(False, 0.341666666667), (True, 0.0854166666667)]
)
def test_the_value_is_the_one_worked_by_hand(class_factor, expected):
    value = auc_margin(SCORES, POSITIVE, saddle(0.9, 0.2, 0.4), class_factor=class_factor)
    assert value.item() == pytest.approx(expected, abs=1e-7)


def test_another_value_worked_by_hand():
    scores = torch.tensor([0.1, 0.4, 0.35, 0.8], dtype=torch.float64)[:, None]
    positive = torch.tensor([[0], [0], [1], [1]], dtype=torch.bool)
    variables = saddle(0.3, 0.2, 0.4)
    assert auc_margin(scores, positive, variables).item() == pytest.approx(0.53125)
    value = auc_margin(scores, positive, variables, class_factor=True)
    assert value.item() == pytest.approx(0.1328125)


def test_the_gradients_are_those_worked_by_hand():
    scores, variables = SCORES.clone().requires_grad_(), saddle(0.9, 0.2, 0.4)
    auc_margin(scores, POSITIVE, variables).backward()
    expected = [0.266666666667, -0.266666666667, -0.266666666667, -0.5, 0.166666666667]
    assert scores.grad.flatten()[:5].tolist() == pytest.approx(expected, abs=1e-7)
    assert variables.a.grad.item() == pytest.approx(0.233333333333, abs=1e-7)
    assert variables.b.grad.item() == pytest.approx(-0.166666666667, abs=1e-7)


def test_saturated_scores_have_a_value():
    scores = torch.tensor([[1.0], [1.0], [0.0], [0.0]], dtype=torch.float64)
    positive = torch.tensor([[1], [1], [0], [0]], dtype=torch.bool)
    assert auc_margin(scores, positive, saddle(1.0, 0.0, 0.2)).item() == pytest.approx(-0.04)


def test_a_label_that_is_absent_adds_nothing():
    scores = torch.tensor(
        [[0.2, 0.7, 0.4], [0.8, 0.1, 0.6], [0.6, 0.3, 0.5], [0.4, 0.9, 0.2]], dtype=torch.float64
    ).requires_grad_()
    positive = torch.tensor([[0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.bool)
    variables = saddle([0.5, 0.65, 0.4], [0.3, 0.4, 0.2], [0.3, 0.2, 0.1], margin=0.5)
    value = auc_margin(scores, positive, variables)
    value.backward()
    assert value.item() == pytest.approx(0.01625, abs=1e-9)
    assert scores.grad[:, 2].abs().max() == 0
    assert scores.grad[:, 0].abs().max() > 0


def test_the_saddle_is_the_mean_over_pairs():
    torch.manual_seed(0)
    scores = torch.rand(30, 1, dtype=torch.float64)
    positive = torch.arange(30)[:, None] < 9
    a, b = scores[positive].mean(), scores[~positive].mean()
    variables = saddle(a.item(), b.item(), 0.0)
    for _ in range(400):
        variables.ascend(0.1)
    assert variables.alpha.item() == pytest.approx((1 + b - a).item())
    pairs = Pairwise(1.0)(scores, positive, torch.arange(30))
    assert auc_margin(scores, positive, variables).item() == pytest.approx(pairs.item(), abs=1e-9)


def test_alpha_stays_within_its_bounds():
    variables = saddle(5.0, 0.0, 0.0)
    variables.ascend(0.1)
    assert variables.alpha.item() == 0
    variables = saddle(0.0, 1e6, 0.0)
    variables.ascend(0.5)
    assert variables.alpha.item() == GREATEST_ALPHA


def test_the_variables_go_on_from_a_state():
    before, after = saddle(0.3, 0.2, 0.4), Saddle.at_zero(1, 1.0, CPU)
    after.load_state_dict(before.state_dict())
    assert [value.item() for value in after.state_dict().values()] == pytest.approx([0.3, 0.2, 0.4])
    assert after.a.requires_grad
