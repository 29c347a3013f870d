"""Recipes by name, and what may not be combined."""

import pytest

from trainables.generative.recipes import GENERATORS, LATENT_GAUSSIAN, RECIPES, Recipe
from trainables.losses.gan_losses import LOSSES
from trainables.models.gan.discriminator import NORMS


def test_every_recipe_names_what_there_is():
    for recipe in RECIPES.values():
        assert recipe.loss in LOSSES
        assert recipe.norm in NORMS
    assert {*RECIPES, LATENT_GAUSSIAN} == set(GENERATORS)
    assert len(set(GENERATORS.values())) == len(GENERATORS)


def test_the_next_steps_of_the_poster_are_there():
    assert {recipe.loss for recipe in RECIPES.values()} == set(LOSSES)
    assert any(recipe.attention for recipe in RECIPES.values())
    assert any(recipe.r1 for recipe in RECIPES.values())
    assert any(recipe.gradient_penalty for recipe in RECIPES.values())
    assert RECIPES["dcgan"].per_class
    assert not RECIPES["dcgan-conditional"].per_class


@pytest.mark.parametrize("penalty", [{"r1": 1.0}, {"gradient_penalty": 10.0}])
def test_batch_statistics_are_not_penalised(penalty):
    with pytest.raises(ValueError, match="batch normalisation cannot be penalised"):
        Recipe(words="", norm="batch", **penalty)
