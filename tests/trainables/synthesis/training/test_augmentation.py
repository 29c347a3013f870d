"""Slices of another patient or scanner: MR, CT and head move alike."""

import pytest
import torch

from trainables.synthesis.slices import AIR
from trainables.synthesis.training import augmentation
from trainables.synthesis.training.augmentation import augment, mirror


def slices(count=12, size=32):
    """A bright bar off the middle; the CT is the MR, and the head where it is bright."""
    mr = torch.zeros(count, 1, size, size)
    mr[:, :, 8:14, 10:26] = 1
    return mr, torch.cat([mr + AIR, mr], dim=1)


def test_mr_ct_and_head_move_alike(monkeypatch):
    monkeypatch.setattr(augmentation, "GAIN", 0.0)
    monkeypatch.setattr(augmentation, "OFFSET", 0.0)
    mr, target = slices()
    moved, changed = augment(mr, target, torch.Generator().manual_seed(0))
    torch.testing.assert_close(moved, changed[:, :1] - AIR, atol=1e-5, rtol=0)
    stayed = (moved == mr).flatten(1).all(dim=1)
    assert 0 < int(stayed.sum()) < len(mr)
    bright = (moved > 0.5) == (changed[:, 1:] > 0.5)
    assert float(bright.float().mean()) > 0.98
    assert set(changed[:, 1:].unique().tolist()) == {0.0, 1.0}


def test_ranges_are_multiples_of_the_usual_ones():
    mr, target = slices()
    usual, double, none = (
        augment(mr, target, torch.Generator().manual_seed(0), by=by)[0] for by in (1.0, 2.0, 1e-6)
    )
    torch.testing.assert_close(none, mr, atol=1e-4, rtol=0)
    assert float((double - mr).abs().mean()) > 1.4 * float((usual - mr).abs().mean())


def test_half_of_the_slices_keep_their_sharp_edges_and_half_of_the_mr_their_values():
    mr, target = slices(400)
    seen, changed = augment(mr, target, torch.Generator().manual_seed(4))
    stayed = (changed == target).flatten(1).all(dim=1)
    assert 160 < int(stayed.sum()) < 240
    same = (seen == mr).flatten(1).all(dim=1)
    assert 60 < int(same.sum()) < 140
    assert bool(stayed[same].all())


def test_what_comes_in_from_outside_is_dark_and_air(monkeypatch):
    monkeypatch.setattr(augmentation, "SHIFT", 0.9)
    mr, target = slices()
    moved, changed = augment(mr - 3, target, torch.Generator().manual_seed(1))
    assert float(changed[:, 0].min()) == pytest.approx(AIR, abs=1e-5)
    darkest = moved.amin(dim=(1, 2, 3), keepdim=True)
    assert float(((moved - darkest) < 1e-5).float().mean()) > 0.8  # the bar covers 9 %


def test_gain_and_offset_change_the_mr_alone(monkeypatch):
    for name in ("TURN", "SCALE", "SHIFT"):
        monkeypatch.setattr(augmentation, name, 0.0)
    mr, target = slices()
    changed, same = augment(mr, target, torch.Generator().manual_seed(2))
    torch.testing.assert_close(same, target, atol=1e-5, rtol=0)
    gains = (changed.amax(dim=(1, 2, 3)) - changed.amin(dim=(1, 2, 3))).tolist()
    assert 0.75 <= min(gains) < 1 < max(gains) <= 1.25
    assert -0.3 <= float(changed.amin()) < 0


def test_mirrors_exchange_left_and_right_and_keep_front_and_back():
    mr, target = slices(64)
    turned, moved = mirror(mr, target, torch.Generator().manual_seed(0))
    changed = (turned != mr).flatten(1).any(dim=1)
    assert 16 < int(changed.sum()) < 48
    assert torch.equal(turned[changed], mr[changed].flip(2))
    assert torch.equal(moved[changed], target[changed].flip(2))
    assert torch.equal(moved[~changed], target[~changed])
    turned, _ = mirror(mr, target, torch.Generator().manual_seed(0), axis="second")
    assert torch.equal(turned[changed], mr[changed].flip(3))
