"""The space: arms of regimes, what depends on them, and widths."""

import numpy as np
import pytest

from searchspace.random import sample
from searchspace.studies.nonrobust import ATTACKED, REGIMES, TRADES, space_of, width_of


def test_regimes_are_the_arms():
    assert space_of("cnn").arm_options == REGIMES


def test_an_attack_belongs_to_regimes_that_attack():
    space, random = space_of("cnn"), np.random.default_rng(0)
    for _ in range(60):
        point = sample(space, random)
        assert ("train_eps" in point) == (point["regime"] in ATTACKED)
        assert ("beta" in point) == (point["regime"] == TRADES)
        space.check(point)


@pytest.mark.parametrize(
    ("network", "width"), [("cnn", 0), ("wrn-16-2", 2), ("wrn-16-8", 8), ("resnet18-16", 0)]
)
def test_the_width_of_a_network(network, width):
    assert width_of(network) == width
    names = {param.name for param in space_of(network).params}
    assert ("width" in names) == (width > 2)
