"""What other scanners do to the MR of training slices: the CT stays."""

import pytest
import torch

from trainables.corruptions.mr import DISTURBANCES
from trainables.synthesis.robustness.disturbances import STRENGTHS
from trainables.synthesis.training.artefacts import MOST, RANGES, scan_anew
from trainables.synthesis.training.recipe import Recipe


def slices(count=40, size=32):
    generator = torch.Generator().manual_seed(3)
    mr = torch.rand((count, 1, size, size), generator=generator)
    return mr, torch.cat([mr, (mr > 0.5).float()], dim=1)


def change(mr, target, seed=0, **options):
    return scan_anew(mr, target, torch.Generator().manual_seed(seed), **options)


def test_the_mr_changes_and_the_target_stays():
    mr, target = slices()
    changed, same = change(mr, target)
    assert same is target
    assert changed.shape == mr.shape
    assert bool(changed.isfinite().all())
    moved = (changed - mr).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert 0.8 < float(moved.float().mean()) < 1  # each of four kinds by half a chance


def test_each_slice_has_a_chance_of_its_own_and_a_seed_repeats_it():
    mr, target = slices(2)
    same = torch.cat([mr[:1], mr[:1]])
    first, again = change(same, target)[0], change(same, target)[0]
    torch.testing.assert_close(first, again, atol=0, rtol=0)
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(change(same, target, seed=1)[0], first)


def test_ranges_are_multiplied():
    mr, target = slices()
    none, usual, most = (
        float((change(mr, target, by=by)[0] - mr).abs().mean()) for by in (1e-6, 1.0, MOST)
    )
    assert none < 1e-4
    assert most > 1.3 * usual


def test_networks_are_compared_by_kinds_that_they_were_not_trained_on_too():
    assert set(RANGES) < set(DISTURBANCES)
    assert len(set(STRENGTHS) - set(RANGES)) >= 4
    assert all(least <= 0 <= most for least, most in RANGES.values())
    assert MOST * RANGES["resolution"][1] < 1


def test_a_recipe_may_not_multiply_them_by_more():
    assert Recipe(artefacts=MOST).artefacts == MOST
    with pytest.raises(ValueError, match="less than or equal to 2"):
        Recipe(artefacts=MOST + 0.1)
