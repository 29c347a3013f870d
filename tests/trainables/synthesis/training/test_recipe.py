"""Recipes: what is refused, and the course of the learning rate."""

import pytest

from searchspace.errors import UserError
from trainables.runtime.config import parse
from trainables.synthesis.training.recipe import LAST, WARM, NetworkConfig, Recipe, lr_factor


def test_one_cycle_rises_to_its_peak_and_falls_to_almost_nothing():
    factors = [lr_factor("one-cycle", step / 100) for step in range(101)]
    peak = int(100 * WARM)
    assert factors[peak] == pytest.approx(1.0)
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    assert factors[0] == pytest.approx(1 / 25)
    assert factors[-1] == pytest.approx(LAST)
    assert lr_factor("one-cycle", 1.5) == pytest.approx(LAST)
    assert lr_factor("constant", 0.7) == 1.0


def test_a_recipe_that_says_nothing_is_the_papers():
    recipe = Recipe()
    assert (recipe.loss, recipe.background, recipe.optimiser) == ("mse", 1.0, "amsgrad")
    assert (recipe.schedule, recipe.ema, recipe.augment) == ("constant", 0.0, False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loss": "l2"}, "loss"),
        ({"background": 1.5}, "background"),
        ({"ema": 1.0}, "ema"),
        ({"regime": "adverse"}, "regime"),
        ({"attack_steps": 0}, "attack_steps"),
        ({"norm": "layer"}, "norm"),
    ],
)
def test_a_value_out_of_bounds_is_one_line(values, message):
    with pytest.raises(UserError, match=message) as error:
        parse(NetworkConfig, {"architecture": "plain 4 8"} | values)
    assert "\n" not in str(error.value)


def test_a_network_is_written_in_one_way():
    assert NetworkConfig(architecture=" plain  4 8 ").architecture == "plain 4 8"
