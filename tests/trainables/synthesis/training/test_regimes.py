"""What a network is trained on."""

import pytest
import torch
from torch import nn

from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import mr_deviations
from trainables.synthesis.training.loss import training_loss
from trainables.synthesis.training.regimes import REGIMES, Attacker

EPS = 0.2
LOSS = training_loss("mse", 1.0)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(1)
    mr, ct, head = (torch.randn(40, 1, 6, 6, generator=random) for _ in range(3))
    return mr, torch.cat([ct, (head > 0).float()], dim=1)


def make(regime, network, steps=1, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return REGIMES[regime](
        Attacker(network=network, loss=LOSS, eps=EPS, steps=steps, generator=generator)
    )


def test_the_standard_regime_changes_nothing(network, batch):
    assert make("standard", network)(*batch) is batch[0]


def test_about_half_of_the_slices_are_their_fgsm_versions_and_the_rest_as_they_were(network, batch):
    mr, target = batch
    inputs = make("adversarial", network)(mr, target)
    attacked = FGSM(loss=LOSS)(network, mr, target, mr_deviations(EPS), 0)
    replaced = (inputs != mr).flatten(1).any(dim=1)
    assert 10 < int(replaced.sum()) < 30
    assert torch.equal(inputs[replaced], attacked[replaced])
    assert torch.equal(inputs[~replaced], mr[~replaced])
    assert float((inputs - mr).abs().max()) == pytest.approx(EPS, abs=1e-6)


@pytest.mark.parametrize("regime", ["adversarial", "uniform"])
def test_each_batch_is_drawn_anew_and_a_seed_repeats_them(network, batch, regime):
    first, again = (make(regime, network) for _ in range(2))
    once, twice = first(*batch), first(*batch)
    assert not torch.equal(once, twice)
    assert torch.equal(again(*batch), once)


def test_uniform_radii_lie_between_nothing_and_the_greatest(network, batch):
    replace = make("uniform", network)
    radii = [float((replace(*batch) - batch[0]).abs().max()) for _ in range(30)]
    assert max(radii) <= EPS + 1e-6
    assert min(radii) < 0.25 * EPS < 0.75 * EPS < max(radii)


def test_more_steps_do_more_harm(network, batch):
    mr, target = batch
    one, many = (
        Attacker(network=network, loss=LOSS, eps=EPS, steps=steps, generator=torch.Generator())
        for steps in (1, 10)
    )
    with torch.no_grad():
        network.eval()
        harms = [LOSS(network(item.attack(mr, target, EPS)), target).mean() for item in (one, many)]
    assert harms[1] >= harms[0]


def test_the_attack_sees_the_network_in_eval_mode_and_leaves_it_in_training(network, batch):
    network.train()
    before = network[1].running_mean.clone()
    make("adversarial", network)(*batch)
    assert network.training
    assert torch.equal(network[1].running_mean, before)
