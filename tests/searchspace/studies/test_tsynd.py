"""The values of the paper lie in the space, in the unit that the space names."""

import pytest

from searchspace.encoding import digest
from searchspace.errors import UserError
from searchspace.studies.tsynd import CODEBOOK, PIXELS, SPACE

PAPER = {
    "regime": "tsynd",
    "latent_lr": 0.1,
    "latent_iterations": 50,
    "latent_sigma": 0.1,
    "uncertainty": "mi",
    "lr": 1e-3,
    "weight_decay": 1e-5,
}


@pytest.mark.parametrize("change", [{}, {"latent_iterations": 100}, {"latent_sigma": 1.0}])
def test_the_papers_settings_are_points(change):
    SPACE.check(PAPER | change)


def test_adversarial_training_is_a_point_without_latents():
    point = {"regime": "adversarial", "attack_eps": 4 / 255, "attack_steps": 5}
    SPACE.check(point | {"lr": 1e-3, "weight_decay": 1e-5})
    with pytest.raises(UserError, match="exists only where regime is tsynd"):
        SPACE.check(PAPER | {"regime": "adversarial", "attack_eps": 4 / 255, "attack_steps": 5})


def test_each_arm_has_its_own_parameters_and_the_training_of_both():
    assert SPACE.arm_options == ("tsynd", "adversarial")
    names = {arm: [param.name for param in SPACE.of_arm(arm).params] for arm in SPACE.arm_options}
    assert names == {
        "tsynd": [
            "latent_lr", "latent_iterations", "latent_sigma", "uncertainty", "lr", "weight_decay",
        ],
        "adversarial": ["attack_eps", "attack_steps", "lr", "weight_decay"],
    }  # fmt: skip


def test_latents_and_radii_have_a_unit():
    units = {param.name: param.unit for param in SPACE.params if param.unit}
    assert units == {"latent_lr": CODEBOOK, "latent_sigma": CODEBOOK, "attack_eps": PIXELS}


def test_records_keep_their_digests():
    assert digest(SPACE, PAPER) == "a9817bb9bd5bbfb1"
