"""The values of the paper lie in the space, in the unit that the space names."""

import pytest

from searchspace.encoding import digest
from searchspace.tsynd import CODEBOOK, SPACE

PAPER = {
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


def test_only_latents_have_a_unit():
    units = {param.name: param.unit for param in SPACE.params if param.unit}
    assert units == {"latent_lr": CODEBOOK, "latent_sigma": CODEBOOK}


def test_records_of_old_runs_keep_their_digests():
    assert digest(SPACE, PAPER) == "ad5bf6555f5f9f93"
