"""Surrogates of AUC, average precision and partial AUC: identities with what they estimate."""

import pytest
import torch

from trainables.losses.rank_losses import (
    LEAST_TEMPERATURE,
    SURROGATES,
    AveragePrecision,
    Pairwise,
    PartialAUC,
    SmoothPartialAUC,
    squared_hinge,
)

CPU = torch.device("cpu")
N, ROWS = 24, torch.arange(24)


def batch(n_columns=1, seed=0):
    torch.manual_seed(seed)
    scores = torch.rand(N, n_columns, dtype=torch.float64, requires_grad=True)
    positive = torch.rand(N, n_columns) < 0.35
    positive[0], positive[1] = True, False
    return scores, positive


def in_double(loss):
    """Known answers are compared to more digits than single precision has."""
    loss.estimates = {name: value.double() for name, value in loss.estimates.items()}
    return loss


def gradient_of(value, scores):
    return torch.autograd.grad(value, scores)[0]


def sides(scores, positive):
    return scores[positive], scores[~positive]


def test_pairwise_is_the_mean_over_pairs():
    scores, positive = batch()
    upper, lower = sides(scores, positive)
    expected = (0.7 - upper[:, None] + lower[None]).relu().square().mean()
    assert Pairwise(0.7)(scores, positive, ROWS).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("margin", [0.3, 1.0])
def test_surrogates_of_a_pair(margin):
    scores, positive = batch()
    upper, lower = sides(scores, positive)
    lack = margin - upper[:, None] + lower[None]
    expected = {"squared_hinge": lack.clamp_min(0) ** 2, "squared": lack**2, "hinge": lack.relu()}
    assert set(expected) == set(SURROGATES)
    for name, costs in expected.items():
        value = Pairwise(margin, name)(scores, positive, ROWS)
        assert value.item() == pytest.approx(costs.mean().item())


def test_average_precision_at_full_weight_has_the_gradient_of_what_it_estimates():
    scores, positive = batch()
    loss = in_double(AveragePrecision(N, 1, 0.6, 1.0, CPU))
    losses = squared_hinge(scores, 0.6)[..., 0][positive[:, 0]]
    precision = losses[:, positive[:, 0]].sum(dim=1) / losses.sum(dim=1)
    expected = gradient_of(-precision.mean(), scores)
    actual = gradient_of(loss(scores, positive, ROWS), scores)
    assert torch.allclose(actual, expected, atol=1e-9)


def test_partial_auc_is_the_mean_over_the_hardest_negatives():
    scores, positive = batch()
    share = 0.3
    loss = in_double(PartialAUC(N, 1, 1.0, share, 0.0, CPU))
    upper, lower = sides(scores, positive)
    losses = (1 - upper[:, None] + lower[None]).relu().square()
    hardest = int(share * len(lower))
    top = losses.sort(dim=1, descending=True).values[:, :hardest].sum(dim=1)
    expected = (top / (share * len(lower))).mean()
    assert loss(scores, positive, ROWS).item() == pytest.approx(expected.item())


def test_a_share_of_negatives_survives_floating_point():
    """0.29 * 100 lies below 29: the 29 hardest lie above the quantile, not 28."""
    scores = torch.cat([torch.ones(1), torch.linspace(0.2, 0.9, 100)])[:, None].double()
    loss = in_double(PartialAUC(101, 1, 1.0, 0.29, 0.0, CPU))
    loss(scores, torch.arange(101)[:, None] < 1, torch.arange(101))
    losses = squared_hinge(scores, 1.0)[0, 1:, 0]
    assert int((losses > loss.estimates["quantile"][0]).sum()) == 29


def test_the_quantile_moves_until_the_share_is_met():
    scores, positive = batch()
    loss = in_double(PartialAUC(N, 1, 1.0, 0.5, 0.05, CPU))
    for _ in range(400):
        loss(scores, positive, ROWS)
    losses = squared_hinge(scores.detach(), 1.0)[..., 0]
    quantile = loss.estimates["quantile"][:, 0]
    exceeding = [
        (losses[row][~positive[:, 0]] > quantile[row]).double().mean()
        for row in torch.nonzero(positive[:, 0]).flatten()
    ]
    assert torch.stack(exceeding).mean().item() == pytest.approx(0.5, abs=0.1)


def test_smooth_partial_auc_at_full_weight_has_the_gradient_of_the_log_mean():
    scores, positive = batch()
    temperature = 0.3
    loss = in_double(SmoothPartialAUC(N, 1, 1.0, temperature, 1.0, CPU))
    upper, lower = sides(scores, positive)
    losses = (1 - upper[:, None] + lower[None]).relu().square()
    value = temperature * (losses / temperature).exp().mean(dim=1).log().mean()
    expected = gradient_of(value, scores)
    actual = gradient_of(loss(scores, positive, ROWS), scores)
    assert torch.allclose(actual, expected, atol=1e-9)


def test_the_least_temperature_overflows_for_no_pair():
    scores = torch.tensor([[0.0], [1.0]], requires_grad=True)
    positive = torch.tensor([[True], [False]])
    loss = SmoothPartialAUC(2, 1, 1.0, LEAST_TEMPERATURE, 0.5, CPU)
    value = loss(scores, positive, torch.arange(2))
    assert torch.isfinite(gradient_of(value, scores)).all()


def losses_of(n_columns):
    return {
        "pairwise": Pairwise(1.0),
        "ap": in_double(AveragePrecision(N, n_columns, 1.0, 0.5, CPU)),
        "pauc": in_double(PartialAUC(N, n_columns, 1.0, 0.3, 0.1, CPU)),
        "pauc_kl": in_double(SmoothPartialAUC(N, n_columns, 1.0, 1.0, 0.5, CPU)),
    }


NAMES = list(losses_of(1))


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_averaged_and_an_absent_one_adds_nothing(name):
    scores, positive = batch(n_columns=3)
    positive[:, 2] = False
    single = [
        losses_of(1)[name](scores[:, [column]], positive[:, [column]], ROWS).item()
        for column in range(2)
    ]
    value = losses_of(3)[name](scores, positive, ROWS)
    assert value.item() == pytest.approx(sum(single) / 2, rel=1e-5)
    assert gradient_of(value, scores)[:, 2].abs().max() == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", [True, False])
def test_a_batch_of_one_class_is_worth_nothing(name, answer):
    scores, positive = batch()
    value = losses_of(1)[name](scores, torch.full_like(positive, answer), ROWS)
    assert value.item() == 0
    assert gradient_of(value, scores).abs().max() == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_goes_on_from_its_state(name):
    scores, positive = batch()
    first, second = losses_of(1)[name], losses_of(1)[name]
    for _ in range(3):
        first(scores * torch.rand(N, 1), positive, ROWS)
    second.load_state_dict({key: value.clone() for key, value in first.state_dict().items()})
    a, b = (loss(scores, positive, ROWS).item() for loss in (first, second))
    assert a == b


@pytest.mark.parametrize("name", NAMES)
def test_descending_the_loss_puts_positives_above_negatives(name):
    scores, positive = batch()
    logits = torch.logit(scores.detach(), eps=1e-3).requires_grad_()
    loss, optimiser = losses_of(1)[name], torch.optim.Adam([logits], lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        loss(logits.sigmoid(), positive, ROWS).backward()
        optimiser.step()
    assert logits[positive].min() > logits[~positive].max()


def test_estimates_of_images_outside_the_batch_stay():
    loss = in_double(AveragePrecision(2 * N, 1, 1.0, 0.5, CPU))
    scores, positive = batch()
    loss(scores, positive, ROWS)
    assert loss.estimates["all"][N:].isnan().all()
    assert loss.estimates["all"][:N][positive].isfinite().all()
    assert loss.estimates["all"][:N][~positive].isnan().all()
