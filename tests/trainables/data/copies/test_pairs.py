import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.data.copies import pairs as module
from trainables.data.copies.pairs import CORRELATION, RMS, Selection, near_pairs


def are_near(first, second):
    """The definition, straight from its words."""
    one, two = (image.astype(np.float64).ravel() / 255 for image in (first, second))
    if np.sqrt(np.mean((one - two) ** 2)) >= RMS or one.std() == 0 or two.std() == 0:
        return False
    return bool(np.corrcoef(one, two)[0, 1] > CORRELATION)


def pairs_of(*parts, numbers=None):
    total = sum(map(len, parts))
    numbers = np.arange(total) if numbers is None else np.array(numbers)
    parts = list(near_pairs(Selection(parts, numbers)))
    return sorted(map(tuple, np.concatenate([np.zeros((0, 2), int), *parts]).tolist()))


def smooth(rng, shape, sides):
    """Images whose neighbours are alike: a few knots, repeated."""
    coarse = rng.integers(0, 256, (shape[0], *(2 for _ in sides), shape[-1])).astype(np.float64)
    for axis, side in enumerate(sides, start=1):
        coarse = np.repeat(coarse, -(-side // 2), axis=axis).take(range(side), axis=axis)
    return coarse


@st.composite
def image_sets(draw):
    """Images of 1 to 3 dimensions and versions of them: with noise, brighter, of less contrast."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    sides = draw(st.sampled_from([(7,), (6, 5), (20, 23), (4, 5, 6), (17, 18, 2)]))
    count = draw(st.integers(1, 5))
    originals = smooth(rng, (count, *sides, draw(st.sampled_from([1, 3]))), sides)
    versions = [originals]
    for _ in range(draw(st.integers(1, 4))):
        scale = rng.choice([0.0, 0.9, 0.97, 1.0])
        noise = rng.choice([0, 2, 6, 9, 20]) * rng.standard_normal(originals.shape)
        versions.append((originals - 128) * scale + 128 + rng.integers(-9, 9) + noise)
    pixels = np.concatenate(versions).clip(0, 255).round().astype(np.uint8)
    return np.unique(pixels, axis=0)


@given(images=image_sets(), data=st.data())
def test_all_pairs_of_the_definition_are_found_and_no_others(images, data):
    expected = [
        (first, second)
        for second in range(len(images))
        for first in range(second)
        if are_near(images[first], images[second])
    ]
    cut = data.draw(st.integers(0, len(images)))
    assert pairs_of(images[:cut], images[cut:]) == sorted(expected)


def test_blocks_of_the_screen_and_of_the_pixels_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    pixels = smooth(rng, (30, 9, 9, 1), (9, 9))
    images = np.concatenate([pixels, pixels + 3 * rng.standard_normal(pixels.shape)])
    images = np.unique(images.clip(0, 255).astype(np.uint8), axis=0)
    whole = pairs_of(images)
    assert len(whole) >= 25
    for rows, size in ((1, 1), (7, 9 * 9 * 8), (3, 2**22)):
        monkeypatch.setattr(module, "ROWS", rows)
        monkeypatch.setattr(module, "BYTES", size)
        assert pairs_of(images) == whole


def test_both_bounds_count():
    ramp = np.tile(np.arange(100, 156, 2, dtype=np.uint8), (28, 1))[..., np.newaxis]
    brighter = ramp + np.uint8(7)  # a root mean square of 7/255 = .027
    far = ramp + np.uint8(8)  # 8/255 = .031
    noise = np.random.default_rng(0).integers(-6, 7, ramp.shape)
    rough = (128 + noise).astype(np.uint8)  # a root mean square near to another such, uncorrelated
    other = (128 - noise).astype(np.uint8)
    assert pairs_of(np.stack([ramp, brighter])) == [(0, 1)]
    assert pairs_of(np.stack([ramp, far])) == []
    assert pairs_of(np.stack([rough, other])) == []


def test_constant_images_are_near_nothing():
    images = np.stack([np.full((4, 4, 1), grey, np.uint8) for grey in (0, 1, 2)])
    assert pairs_of(images) == []


def test_only_chosen_images_are_compared():
    ramp = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1) * np.uint8(2)
    images = np.concatenate([ramp, ramp + np.uint8(1), ramp + np.uint8(2)])
    assert pairs_of(images[:2], images[2:]) == [(0, 1), (0, 2), (1, 2)]
    assert pairs_of(images[:2], images[2:], numbers=[0, 2]) == [(0, 1)]
    assert pairs_of(images[:1]) == []


@pytest.mark.parametrize("side", [1, 2, 16, 33])
def test_the_screen_brings_any_two_images_nearer(side):
    rng = np.random.default_rng(side)
    images = rng.integers(0, 256, (20, side, side + 1, 3)).astype(np.uint8)
    selection = Selection([images], np.arange(20))
    screen = module._projections(selection, module._sums(selection)).astype(np.float64)
    flat = images.reshape(20, -1) - images.reshape(20, -1).mean(1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    for first, second in ((0, 1), (2, 3), (4, 19)):
        distance = np.linalg.norm(flat[first] - flat[second])
        assert np.linalg.norm(screen[first] - screen[second]) <= distance + 1e-6
    assert screen.shape[1] <= module.COLUMNS
    if side * (side + 1) * 3 <= 243:  # nothing is lost where every block is one pixel
        assert np.allclose(screen, flat, atol=1e-6)


def test_the_screen_loses_nothing_of_images_that_are_constant_over_its_blocks():
    knots = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1)).astype(np.uint8)
    images = knots.repeat(2, axis=1).repeat(3, axis=2)
    selection = Selection([images], np.arange(3))
    screen = module._projections(selection, module._sums(selection))
    assert np.allclose(np.linalg.norm(screen, axis=1), 1)
