"""The running mean of weights."""

import pytest
import torch
from torch import nn

from trainables.synthesis.training.average import Average


def test_the_mean_follows_the_weights_and_forgets_early_ones_sooner():
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = Average(network, 0.5)
    nn.init.ones_(network.weight)
    average.update(network)
    first = 1 - 2 / 11  # of the first step at most (1 + 1) / (10 + 1) stays
    assert float(average.weights["weight"]) == pytest.approx(first)
    for _ in range(100):
        average.update(network)
    assert float(average.weights["weight"]) == pytest.approx(1.0)
    assert float(network.weight.detach()) == 1.0


def test_a_mean_of_equal_weights_is_these_and_counters_are_taken_over():
    network = nn.BatchNorm2d(2)
    average = Average(network, 0.99)
    network(torch.zeros(2, 2, 2, 2))
    average.update(network)
    assert int(average.weights["num_batches_tracked"]) == 1
    assert torch.equal(average.weights["weight"], network.weight.detach())


def test_a_stored_mean_goes_on():
    network = nn.Linear(2, 1)
    first, second = Average(network, 0.9), Average(network, 0.9)
    nn.init.ones_(network.weight)
    first.update(network)
    second.load({name: value.clone() for name, value in first.weights.items()}, first.steps)
    nn.init.zeros_(network.weight)
    first.update(network)
    second.update(network)
    assert torch.equal(first.weights["weight"], second.weights["weight"])
