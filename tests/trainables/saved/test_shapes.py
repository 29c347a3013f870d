"""A network larger than its weights is refused without being built."""

import pytest
from torch import nn

from trainables.saved.shapes import SLACK, check_size


def test_a_network_of_terabytes_costs_nothing():
    with pytest.raises(ValueError, match=r"the network has 1000001000000 weights, and the file 12"):
        check_size(lambda: nn.Linear(10**6, 10**6), [(3, 4)])


def test_one_that_fits_and_one_that_nearly_does_are_left_to_be_loaded():
    check_size(lambda: nn.Linear(3, 4), [(4, 3), (4,)])
    check_size(lambda: nn.Linear(SLACK // 4, 4, bias=False), [])
