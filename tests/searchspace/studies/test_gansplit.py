"""The space: arms are generators and none; what replaces has a share, what is added a ratio."""

import numpy as np

from searchspace.random import sample
from searchspace.studies.gansplit import space_of


def test_a_share_belongs_to_replacing_and_a_ratio_to_adding():
    space, random = space_of(("hinge", "dcgan")), np.random.default_rng(0)
    mixes = set()
    for _ in range(40):
        point = sample(space, random)
        assert {"train_eps", "lr", "weight_decay"} < set(point)
        if point["source"] == "none":
            assert set(point) == {"source", "train_eps", "lr", "weight_decay"}
            continue
        mixes.add(point["mix"])
        assert ("share" in point) == (point["mix"] == "replace")
        assert ("ratio" in point) == ("balance" in point) == (point["mix"] == "add")
        assert {"truncation", "keep", "synthetic_weight"} < set(point)
    assert mixes == {"add", "replace"}


def test_authentic_images_alone_get_as_many_trials_as_each_generator():
    assert space_of(("hinge", "r1")).arm_options == ("none", "hinge", "r1")
    assert space_of(("hinge",)).arm_options == ("none", "hinge")
