"""Corruption errors: the reference's own are 1, and denominators that say nothing are named."""

import math

import pytest

from trainables.corruptions.medmnistc.definitions import ALEXNET, CLEAN
from trainables.metrics.corruption_error import corruption_error


@pytest.mark.parametrize("dataset", sorted(ALEXNET))
def test_the_reference_has_an_error_of_one(dataset):
    table = ALEXNET[dataset]
    kinds = {name: [error] * 5 for name, error in table.items() if name != CLEAN}
    outcome = corruption_error(kinds, table[CLEAN], table, table[CLEAN])
    assert outcome.error == pytest.approx(1.0)
    assert outcome.relative == pytest.approx(1.0)


def test_denominators_below_zero_are_left_out_and_named():
    table = ALEXNET["pneumoniamnist"]
    names = ["contrast_up", "gamma_corr_up", "gaussian_noise"]
    outcome = corruption_error({name: [0.3] for name in names}, 0.1, table, table[CLEAN])
    assert outcome.left_out == ("contrast_up", "gamma_corr_up")
    loss = table["gaussian_noise"] - table[CLEAN]
    assert outcome.relative == pytest.approx(0.2 / loss)
    assert outcome.error == pytest.approx(sum(0.3 / table[name] for name in names) / 3)


def test_by_hand():
    outcome = corruption_error({"a": [0.1, 0.3], "b": [0.4, 0.4]}, 0.0, {"a": 0.4, "b": 0.1}, 0.095)
    assert outcome.error == pytest.approx((0.2 / 0.4 + 0.4 / 0.1) / 2)
    assert outcome.relative == pytest.approx(0.2 / 0.305)
    assert outcome.left_out == ("b",)
    silent = corruption_error({"b": [0.4]}, 0.0, {"b": 0.1}, 0.095)
    assert math.isnan(silent.relative)
    with pytest.raises(ValueError, match="no corruption"):
        corruption_error({}, 0.0, {}, 0.0)
