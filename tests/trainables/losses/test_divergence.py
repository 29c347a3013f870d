"""TRADES' loss against NumPy, its traps, and a linear network under attack in closed form."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.gradient import TradesAttack
from trainables.attacks.threat import pixels
from trainables.losses.divergence import divergence, trades
from trainables.losses.likelihood import cross_entropy


def logits(seed, n=7, k=4):
    return 3 * torch.randn((n, k), generator=torch.Generator().manual_seed(seed)).double()


def kl(p, q):
    """Compute the sum over classes of p log(p / q) from logits, in NumPy."""
    p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (p.numpy(), q.numpy()))
    return (p * np.log(p / q)).sum(axis=1)


def test_the_divergence_is_that_of_the_clean_answer_from_the_attacked():
    clean, attacked = logits(0), logits(1)
    np.testing.assert_allclose(divergence(attacked, clean).numpy(), kl(clean, attacked))
    assert not np.allclose(kl(clean, attacked), kl(attacked, clean))


def test_equal_answers_cost_nothing_and_pull_nowhere():
    clean = logits(0).requires_grad_()
    attacked = clean.detach().clone().requires_grad_()
    value = divergence(attacked, clean)
    gradients = torch.autograd.grad(value.sum(), (attacked, clean))
    assert value.abs().max() < 1e-12
    assert all(gradient.abs().max() < 1e-12 for gradient in gradients)


def test_without_a_weight_it_is_the_cross_entropy():
    labels = torch.arange(7) % 4
    torch.testing.assert_close(
        trades(logits(0), logits(1), labels, 0.0), cross_entropy(logits(0), labels)
    )


class Linear(nn.Module):
    """Two logits, -z/2 and z/2, of z = x w + b."""

    def __init__(self, weights, bias):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights).double())
        self.bias = nn.Parameter(torch.tensor(bias).double())

    def forward(self, images):
        z = images.flatten(1) @ self.weights + self.bias
        return torch.stack([-z / 2, z / 2], dim=1)


@pytest.fixture
def case(shared_data):
    file = shared_data.parent / "cases" / "known_answers" / "06_linear_model_under_attack.json"
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    content = json.loads(file.read_text())
    model = Linear(content["inputs"]["weights"], content["inputs"]["bias"])
    images = torch.tensor(content["inputs"]["images"]).double()
    return model, images, torch.tensor(content["inputs"]["labels"]), content


def test_the_loss_and_its_gradient_are_the_known_ones(case):
    model, images, labels, content = case
    right = content["right"]["trades"]
    attacked = torch.tensor(right["adversarial_images"]).double()
    beta = content["inputs"]["trades"]["beta"]
    loss = trades(model(images), model(attacked), labels, beta).mean()
    loss.backward()
    assert loss.item() == pytest.approx(right["loss"], abs=1e-6)
    gradient = right["gradient_of_weights_adversarial_images_fixed"]
    np.testing.assert_allclose(model.weights.grad.numpy(), gradient, atol=1e-6)
    assert model.bias.grad.item() == pytest.approx(right["gradient_of_bias"], abs=1e-6)


def test_the_attack_ends_at_either_end_of_the_segment(case):
    model, images, _, content = case
    right, radius = content["right"]["trades"], content["inputs"]["trades"]["radius"]
    with torch.no_grad():
        clean = model(images)
    attacked = TradesAttack()(model, images, clean, pixels(radius), seed=0)
    assert (attacked - images).abs().max() <= radius + 1e-9
    values = divergence(model(attacked).detach(), clean).numpy()
    ends = np.array([right["kl_at_the_lower_end"], right["kl_at_the_upper_end"]])
    nearest = np.abs(ends - values).min(axis=0)
    np.testing.assert_allclose(nearest, 0, atol=1e-6)
    assert values.sum() > 0.5 * sum(right["largest_kl_per_image"])
