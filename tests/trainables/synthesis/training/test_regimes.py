"""What a network is trained on."""

import pytest
import torch
from torch import nn

from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error
from trainables.synthesis.training.regimes import REGIMES

EPS = 0.2


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(1)
    return tuple(torch.randn(40, 1, 6, 6, generator=random) for _ in range(2))


def test_the_standard_regime_changes_nothing(network, batch):
    replace = REGIMES["standard"](network, EPS, torch.Generator())
    assert replace(*batch) is batch[0]


def test_about_half_of_the_slices_are_their_fgsm_versions_and_the_rest_as_they_were(network, batch):
    mr, ct = batch
    inputs = REGIMES["adversarial"](network, EPS, torch.Generator().manual_seed(2))(mr, ct)
    attacked = FGSM(loss=squared_error)(network, mr, ct, mr_deviations(EPS), 0)
    replaced = (inputs != mr).flatten(1).any(dim=1)
    assert 10 < int(replaced.sum()) < 30
    assert torch.equal(inputs[replaced], attacked[replaced])
    assert torch.equal(inputs[~replaced], mr[~replaced])
    assert float((inputs - mr).abs().max()) == pytest.approx(EPS, abs=1e-6)


def test_each_batch_is_drawn_anew_and_a_seed_repeats_them(network, batch):
    first, again = (
        REGIMES["adversarial"](network, EPS, torch.Generator().manual_seed(2)) for _ in range(2)
    )
    once, twice = first(*batch), first(*batch)
    assert not torch.equal(once, twice)
    assert torch.equal(again(*batch), once)


def test_the_attack_sees_the_network_in_eval_mode_and_leaves_it_in_training(network, batch):
    network.train()
    before = network[1].running_mean.clone()
    REGIMES["adversarial"](network, EPS, torch.Generator().manual_seed(2))(*batch)
    assert network.training
    assert torch.equal(network[1].running_mean, before)
