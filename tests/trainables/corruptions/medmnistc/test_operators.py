"""Operators of MedMNIST-C: known arrays, neutral strengths, deviations, severity."""

import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from trainables.corruptions.medmnistc.definitions import STRENGTHS
from trainables.corruptions.medmnistc.operators import OPERATORS, as_grey


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def picture():
    """A colour image with edges, smooth parts and grey parts."""
    across = np.arange(64)
    image = np.zeros((64, 64, 3))
    image[..., 0] = 40 + 2 * across
    image[..., 1] = 90 + 60 * np.sin(across / 5)[:, None]
    image[..., 2] = rng(1).integers(60, 200, (64, 64))
    image[:8] = 120
    return image.astype(np.uint8)


def grey(values):
    return np.repeat(values[:, :, None], 3, axis=2)


KNOWN = {
    "brightness_up_1.1": ("brightness_up", 1.1),
    "brightness_down_0.5": ("brightness_down", 0.5),
    "contrast_up_1.6": ("contrast_up", 1.6),
    "contrast_down_0.4": ("contrast_down", 0.4),
    "gamma_up_1.6": ("gamma_corr_up", 1.6),
    "gamma_down_0.4": ("gamma_corr_down", 0.4),
    "pixelate_0.8": ("pixelate", 0.8),
    "pixelate_0.4": ("pixelate", 0.4),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_arrays(name, shared_data):
    folder = shared_data.parent / "cases" / "known_answers"
    if not folder.is_dir():
        pytest.skip("no known answers")
    content = json.loads((folder / "08_corruptions_of_grey_values.json").read_text())
    assert name in content["right"]["arrays"]
    with np.load(folder / "08_corruptions_of_grey_values.npz") as arrays:
        image, expected = arrays["image"], arrays[name].astype(int)
    kind, strength = KNOWN[name]
    difference = np.abs(as_grey(OPERATORS[kind](grey(image), strength, rng())) - expected)
    tolerant = kind.startswith(("pixelate", "contrast"))
    assert difference.max() <= tolerant
    assert (difference > 0).mean() <= 0.01 * tolerant


NEUTRAL = {
    "pixelate": 1.0, "gaussian_noise": 0.0, "speckle_noise": 0.0, "impulse_noise": 0.0,
    "gaussian_blur": 1.0, "defocus_blur": (0.0, 0.01), "motion_blur": (3.0, 0.01),
    "zoom_blur": (1.0, 0.1), "brightness_up": 1.0, "contrast_down": 1.0, "gamma_corr_up": 1.0,
    "saturate": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("name", NEUTRAL)
def test_at_a_neutral_strength_nothing_is_done(name, picture):
    np.testing.assert_array_equal(OPERATORS[name](picture, NEUTRAL[name], rng()), picture)


@pytest.mark.parametrize("dataset", sorted(STRENGTHS))
def test_every_corruption_of_a_dataset_changes_more_with_severity(dataset, picture):
    for name, strengths in STRENGTHS[dataset].items():
        assert len(strengths) == 5
        changes = []
        for strength in strengths:
            corrupted = OPERATORS[name](picture, strength, rng())
            assert corrupted.dtype == np.uint8
            assert corrupted.shape == picture.shape
            changes.append(np.abs(corrupted.astype(int) - picture).mean())
        assert changes[0] > 0
        assert changes[-1] > changes[0], name


@pytest.mark.parametrize(("kind", "level"), [("gaussian_noise", 0.04), ("speckle_noise", 0.1)])
def test_noise_of_a_grey_image_is_averaged_over_its_copies(kind, level):
    flat = np.full((224, 224), 128, np.uint8)
    noisy = as_grey(OPERATORS[kind](grey(flat), level, rng())).astype(float)
    deviation = noisy.std() / 255 / (level if kind == "gaussian_noise" else level * 128 / 255)
    assert deviation == pytest.approx(math.sqrt(0.299**2 + 0.587**2 + 0.114**2), rel=0.02)


def test_impulses_hit_a_grey_image_through_any_channel():
    flat = np.full((224, 224), 128, np.uint8)
    noisy = as_grey(OPERATORS["impulse_noise"](grey(flat), 0.02, rng()))
    assert (noisy != 128).mean() == pytest.approx(1 - 0.98**3, abs=0.003)


def test_photons_are_counted():
    flat = np.full((224, 224, 3), 128, np.uint8)
    noisy = OPERATORS["shot_noise"](flat, 60.0, rng()) / 255
    assert noisy.mean() == pytest.approx(128 / 255, abs=0.004)
    assert noisy.std() == pytest.approx(math.sqrt(128 / 255 / 60), rel=0.02)


def test_saturation_is_that_of_pillow_up_to_its_rounding(picture):
    raised = OPERATORS["saturate"](picture, 0.2, rng())
    before, after = (
        np.asarray(Image.fromarray(image).convert("HSV")).astype(int) for image in (picture, raised)
    )
    coloured = before[..., 1] > 20
    expected = np.clip(before[..., 1] + 51, 0, 255)
    assert np.abs(after[..., 1] - expected)[coloured].max() <= 4
    assert np.abs(after[..., 2] - before[..., 2]).max() <= 1
    assert (raised[0, 0] == [120, 96, 96]).all()  # grey has the hue 0


def test_a_blur_spreads_a_point_evenly_and_motion_to_one_side():
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    disk = OPERATORS["defocus_blur"](point, (3.0, 0.01), rng())[..., 0]
    assert (disk > 0).sum() == 29  # points of the lattice within 3
    np.testing.assert_array_equal(disk, disk.T)
    moved = OPERATORS["motion_blur"](point, (10.0, 5.0), rng())[..., 0]
    assert moved[:, :20].sum() == 0
    assert moved[:, 20:].sum() > 200


def test_zoom_counts_the_image_twice():
    point = np.zeros((9, 9, 3), np.uint8)
    point[0, 0] = 240  # in the corner, which no zoomed image shows
    zoomed = OPERATORS["zoom_blur"](point, (1.5, 0.5), rng())  # factors 1 and 1.5
    assert zoomed[0, 0, 0] == 160


def test_a_quality_of_jpeg_is_that_of_pillow(picture):
    for quality in (7, 95):
        memory = io.BytesIO()
        Image.fromarray(picture).save(memory, "JPEG", quality=quality)
        image = OPERATORS["jpeg_compression"](picture, float(quality), rng())
        assert (image == np.asarray(Image.open(memory))).all()
        assert not (image == picture).all()
