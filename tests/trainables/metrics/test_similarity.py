"""PSNR, SSIM and MS-SSIM: known answers, and the challenge's definitions written out."""

import math

import numpy as np
import pytest
from scipy.signal import fftconvolve

from trainables.metrics.similarity import C1, C2, LEAST, _halved, ms_ssim, psnr, ssim

RNG = np.random.default_rng(0)


def noisy(shape, noise=200.0, seed=0):
    """A CT with structure, a noisy copy, and a mask of most of it."""
    rng = np.random.default_rng(seed)
    ct = (300 * np.sin(np.indices(shape).sum(axis=0) / 3)).astype(np.float32)
    mask = np.ones(shape, dtype=bool)
    mask[..., :2] = False
    return ct + rng.normal(0, noise, shape).astype(np.float32), ct, mask


def test_psnr_of_a_hundredth_of_the_range_is_40_db_within_the_mask_and_the_range():
    ct = np.zeros((1, 8, 8))
    prediction, mask = ct + 40.24, np.ones(ct.shape, dtype=bool)
    assert psnr(prediction, ct, mask) == pytest.approx(40)
    mask[:, :4] = False
    prediction[:, :4] = 2000
    assert psnr(prediction, ct, mask) == pytest.approx(40)
    assert psnr(ct - 5000, ct - 1024, mask) == math.inf
    assert math.isnan(psnr(ct, ct, np.zeros_like(mask)))


def test_ssim_is_that_of_the_windows_around_each_voxel_of_the_mask():
    prediction, ct, mask = noisy((9, 10, 11), noise=100.0)  # within the range
    first, second = (np.where(mask, image + 1024.0, 0) for image in (prediction, ct))
    values = []
    for z, y, x in np.argwhere(mask):
        if 3 <= z < 6 and 3 <= y < 7 and 3 <= x < 8:
            window = np.s_[z - 3 : z + 4, y - 3 : y + 4, x - 3 : x + 4]
            (a, b), (va, vb) = zip(
                *((w.mean(), w.var(ddof=1)) for w in (first[window], second[window])), strict=True
            )
            covariance = np.cov(first[window].ravel(), second[window].ravel())[0, 1]
            values.append(
                (2 * a * b + C1) * (2 * covariance + C2) / ((a * a + b * b + C1) * (va + vb + C2))
            )
    assert ssim(prediction, ct, mask) == pytest.approx(np.mean(values), rel=1e-5)


def test_a_single_slice_is_taken_as_one_of_equal_slices():
    prediction, ct, mask = noisy((1, 16, 16))
    thick = [np.repeat(image, 7, axis=0) for image in (prediction, ct, mask)]
    assert ssim(prediction, ct, mask) == pytest.approx(ssim(*thick))


@pytest.mark.slow
def test_ms_ssim_of_a_slice_is_that_of_97_equal_ones():
    prediction, ct, mask = noisy((1, 97, 98))
    thick = [np.repeat(image, LEAST, axis=0) for image in (prediction, ct, mask)]
    assert ms_ssim(prediction, ct, mask) == pytest.approx(ms_ssim(*thick), rel=1e-5)


@pytest.mark.parametrize("similarity", [ssim, ms_ssim])
def test_similarity_is_one_for_the_truth_and_falls_with_noise(similarity):
    worse, ct, mask = noisy((1, 48, 48), noise=400)
    better, _, _ = noisy((1, 48, 48), noise=100)
    assert similarity(ct, ct, mask) == pytest.approx(1)
    assert 0 < similarity(worse, ct, mask) < similarity(better, ct, mask) < 1
    outside = np.where(mask, better, 2500)
    assert similarity(outside, ct, mask) == similarity(better, ct, mask)
    assert math.isnan(similarity(ct, ct, np.zeros_like(mask)))


@pytest.mark.parametrize("shape", [(4, 5, 6), (9, 12, 7)])
def test_halving_is_that_of_the_challenge(shape):
    image = RNG.random(shape)
    expected = fftconvolve(image, np.ones((2, 2, 2)) / 8, mode="same")[::2, ::2, ::2]
    assert _halved(image) == pytest.approx(expected)


def test_eight_slices_are_a_volume_and_few_slices_are_averaged():
    prediction, ct, mask = noisy((8, 24, 24))
    assert ms_ssim(prediction, ct, mask) != pytest.approx(ms_ssim(prediction[:1], ct[:1], mask[:1]))
    for similarity in (ssim, ms_ssim):
        each = [
            similarity(*(image[k : k + 1] for image in (prediction, ct, mask))) for k in range(3)
        ]
        mean = similarity(prediction[:3], ct[:3], mask[:3])
        assert mean == pytest.approx(np.mean(each))
