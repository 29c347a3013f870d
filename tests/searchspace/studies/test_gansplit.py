"""The space: what replaces has a share, what is added a ratio, and one generator is no choice."""

import numpy as np

from searchspace.random import sample
from searchspace.studies.gansplit import space_of


def test_a_share_belongs_to_replacing_and_a_ratio_to_adding():
    space, random = space_of(("hinge", "dcgan")), np.random.default_rng(0)
    mixes = set()
    for _ in range(40):
        point = sample(space, random)
        mixes.add(point["mix"])
        assert ("share" in point) == (point["mix"] == "replace")
        assert ("ratio" in point) == ("balance" in point) == (point["mix"] == "add")
        assert {"truncation", "keep", "synthetic_weight", "train_eps", "lr"} < set(point)
    assert mixes == {"add", "replace"}


def test_a_generator_alone_is_not_chosen():
    assert "source" in {param.name for param in space_of(("hinge", "r1")).params}
    assert "source" not in {param.name for param in space_of(("hinge",)).params}
