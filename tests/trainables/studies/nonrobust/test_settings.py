"""Settings: which network, which sets, and what is refused in one line."""

import pytest

from searchspace.errors import UserError
from trainables.studies.nonrobust.study import Nonrobust

STUDY = Nonrobust()


def parse(**values):
    return STUDY.parse_settings({"device": "cpu", "eps": "0,1/255"} | values)


@pytest.mark.parametrize(
    ("values", "network"),
    [
        ({}, "cnn"), ({"dataset": "phantom3d"}, "cnn"), ({"dataset": "breastmnist"}, "wrn-16-2"),
        ({"dataset": "breastmnist", "classifier": "cnn"}, "cnn"),
        ({"protocol": "paper"}, "wrn-16-8"),
    ],
)  # fmt: skip
def test_real_data_take_a_network_that_shows_nonrobust_features(values, network):
    assert parse(**values).classifier == network


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": "chestmnist"}, "several labels"),
        ({"sets": "random,randon"}, "random"),
        ({"sets": "random,random"}, "twice"),
        ({"construct_radius": 0}, "construct-radius"),
        ({"construct_steps": 0}, "construct-steps"),
    ],
)
def test_what_cannot_be_made_is_one_line(values, message):
    with pytest.raises(UserError, match=message) as caught:
        parse(**values)
    assert "\n" not in str(caught.value)


def test_sets_keep_their_order():
    assert parse(sets="robust, random").made_sets == ("random", "robust")
