import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from searchspace.errors import UserError
from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES, corrupt

NAMES = sorted(CORRUPTIONS)
SIZES = {"2-D": (28, 28), "3-D": (9, 10, 11), "uneven": (12, 31)}


def pictures(size=(28, 28), channels=1, count=6, seed=0):
    """Smooth pictures with some white and some black, away from which nothing is clipped."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand((count, channels, *[4] * len(size)), generator=rng)
    mode = "bilinear" if len(size) == 2 else "trilinear"
    return torch.nn.functional.interpolate(coarse, size, mode=mode).clamp(0, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_images_stay_images_and_grow_worse_with_severity(name, size, channels):
    images = pictures(size, channels)
    original = images.clone()
    worse = [corrupt(images, name, severity, seed=1) for severity in (0, *SEVERITIES)]
    assert torch.equal(worse[0], images)
    for image in worse:
        assert image.shape == images.shape
        assert image.dtype == images.dtype
        assert image.min() >= 0
        assert image.max() <= 1
    change = [float((image - images).square().mean()) for image in worse]
    # Coarse patches may happen to fit a small picture better than finer ones.
    assert change[0] == 0 < change[1] < change[5]
    assert name == "pixelate" or change == sorted(change)
    assert torch.equal(images, original)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_everything(name):
    images, state = pictures(), torch.random.get_rng_state()
    first, again, variant = (corrupt(images, name, 3, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first, variant) == (not name.endswith("noise"))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_noise_has_the_strength_that_is_written_down():
    """Within 2 %: of 300 000 draws the standard deviation is known to 0.3 %."""
    grey = torch.full((50, 1, 80, 80), 0.5, dtype=torch.float64)
    for severity, sigma in ((1, 0.04), (3, 0.12)):
        assert corrupt(grey, "gaussian_noise", severity, 0).std() == pytest.approx(sigma, rel=0.02)
    assert corrupt(grey, "speckle_noise", 3, 0).std() == pytest.approx(0.5 * 0.2, rel=0.02)
    black = torch.zeros((2, 1, 8, 8))
    assert torch.equal(corrupt(black, "speckle_noise", 5, 0), black)
    impulses = corrupt(grey, "impulse_noise", 5, 0)
    assert (impulses == 0).double().mean() == pytest.approx(0.085, rel=0.05)
    assert (impulses == 1).double().mean() == pytest.approx(0.085, rel=0.05)
    assert (impulses == 0.5).double().mean() == pytest.approx(0.83, rel=0.02)


def test_only_the_strength_of_the_noise_differs_between_severities():
    grey = torch.full((4, 1, 9, 9), 0.5, dtype=torch.float64)
    weak, strong = (corrupt(grey, "gaussian_noise", severity, 7) - grey for severity in (1, 2))
    torch.testing.assert_close(strong, 2 * weak)
    sparse, dense = (corrupt(grey, "impulse_noise", severity, 7) != grey for severity in (2, 5))
    assert (sparse & ~dense).sum() == 0 < sparse.sum() < dense.sum()


def test_brightness_and_contrast_by_hand():
    image = torch.tensor([0.2, 0.4, 0.9, 0.5]).reshape(1, 1, 2, 2)  # of mean 0.5
    up, down, flat = (
        corrupt(image, name, 5, 0).flatten().tolist()
        for name in ("brightness_up", "brightness_down", "contrast_down")
    )
    assert up == pytest.approx([0.3, 0.6, 1.0, 0.75])
    assert down == pytest.approx([0.1, 0.2, 0.45, 0.25])
    assert flat == pytest.approx([0.38, 0.46, 0.66, 0.5])


@pytest.mark.parametrize("size", [(28, 28), (56, 56), (14, 15, 16)])
@pytest.mark.parametrize("severity", [1, 5])
def test_blur_is_scipys_and_grows_with_the_image(size, severity):
    images = pictures(size, channels=2).double()
    sigma = {1: 0.3, 5: 1.4}[severity] * max(1, min(size) / 28)
    oracle = gaussian_filter(
        images.numpy(), sigma, mode="nearest", radius=int(np.ceil(3 * sigma)),
        axes=tuple(range(2, images.ndim)),
    )  # fmt: skip
    np.testing.assert_allclose(corrupt(images, "gaussian_blur", severity, 0), oracle, atol=1e-12)


def test_pixels_become_patches_of_their_mean():
    images = torch.rand((1, 1, 4, 6, 8), generator=torch.Generator().manual_seed(0))
    coarse = corrupt(images, "pixelate", 4, 0)  # half as many along each dimension
    means = images.reshape(1, 1, 2, 2, 3, 2, 4, 2).mean(dim=(3, 5, 7))
    expected = means
    for dimension in (2, 3, 4):
        expected = expected.repeat_interleave(2, dim=dimension)
    torch.testing.assert_close(coarse, expected)


def test_what_is_not_known_is_said():
    with pytest.raises(UserError, match="unknown corruption 'gausian_noise': did you mean"):
        corrupt(pictures(), "gausian_noise", 1, 0)
    with pytest.raises(ValueError, match="severity is 6, expected 0 to 5"):
        corrupt(pictures(), "pixelate", 6, 0)
    with pytest.raises(ValueError, match="expected floating ones in"):
        corrupt(255 * pictures(), "pixelate", 1, 0)
