"""The operators of MedMNIST-C on one colour image of 256 values (H, W, 3), in NumPy and Pillow.

As in the benchmark, noise is drawn for each channel, and what is computed in floating point is cut
to whole values, not rounded, but for the Gaussian blur. Grey images are made colour images by
copying, and grey again by Pillow's weights (`as_grey`). Noise of a grey image is so averaged over
its three copies: its deviation is 0.67 of the stated one [medmnistc]. Motion blur follows
ImageMagick's idea and not its bits: results are named ``motion_blur*``.
"""

import io
import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance
from PIL.JpegImagePlugin import JpegImageFile
from scipy.ndimage import correlate, correlate1d, zoom

from trainables.corruptions.medmnistc.definitions import Strength
from trainables.runtime.arrays import Floats64

Pixels = npt.NDArray[np.uint8]
Operator = Callable[[Pixels, Strength, np.random.Generator], Pixels]
DISK = 8  # half the side of a defocus kernel
TURN = 45.0  # degrees to either side, of motion
GAMMA_TOP = 255.999


def _number(strength: Strength) -> float:
    if isinstance(strength, tuple):
        raise TypeError(f"strength {strength} is a pair")
    return strength


def _pair(strength: Strength) -> tuple[float, float]:
    if not isinstance(strength, tuple):
        raise TypeError(f"strength {strength} is one number")
    return strength


def _cut(values: Floats64) -> Pixels:
    """Bring values in [0, 255] to whole ones below them."""
    cut: Pixels = np.clip(values, 0, 255).astype(np.uint8)
    return cut


def _gaussian_noise(image: Pixels, strength: Strength, rng: np.random.Generator) -> Pixels:
    """Add normal noise of a deviation in units of the range."""
    return _cut(image + 255 * rng.normal(0, _number(strength), image.shape))


def _speckle_noise(image: Pixels, strength: Strength, rng: np.random.Generator) -> Pixels:
    """Multiply by 1 plus normal noise."""
    return _cut(image * (1 + rng.normal(0, _number(strength), image.shape)))


def _impulse_noise(image: Pixels, strength: Strength, rng: np.random.Generator) -> Pixels:
    """Set a share of the values of each channel to 0 or 255, half each."""
    share, uniform = _number(strength), rng.random(image.shape)
    noisy = image.copy()
    noisy[uniform < share / 2] = 0
    noisy[uniform >= 1 - share / 2] = 255
    return noisy


def _shot_noise(image: Pixels, strength: Strength, rng: np.random.Generator) -> Pixels:
    """Count as many photons as the strength says for white."""
    photons = _number(strength)
    return _cut(255 * rng.poisson(image / 255 * photons) / photons)


def _pixelate(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Average over boxes, down to a share of the side, and back."""
    height, width = image.shape[:2]
    small = int(width * _number(strength)), int(height * _number(strength))
    picture = Image.fromarray(image).resize(small, Image.Resampling.BOX)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def _jpeg_compression(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Write as JPEG of a quality, and read again."""
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "JPEG", quality=int(_number(strength)))
    memory.seek(0)
    return np.asarray(JpegImageFile(memory))


def _brightness(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Multiply by a factor."""
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(image)).enhance(_number(strength)))


def _contrast(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Multiply the distance from the mean grey by a factor."""
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(image)).enhance(_number(strength)))


def _gamma_correction(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Raise values to a power; above 1 the image gets darker."""
    table = _cut(GAMMA_TOP * (np.arange(256) / 255) ** _number(strength))
    return table[image]


def _saturate(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Raise the saturation by an amount; hue and value stay. Grey becomes red, as hue 0 is."""
    values = image / 255
    top = values.max(axis=2, keepdims=True)
    spread = top - values.min(axis=2, keepdims=True)
    hue = np.divide(top - values, spread, out=np.zeros_like(values), where=spread > 0)
    hue = np.where(spread > 0, hue, np.array([0.0, 1.0, 1.0]))
    saturation = np.divide(spread, top, out=np.zeros_like(top), where=top > 0)
    raised = np.clip(saturation + _number(strength), 0, 1)
    return _cut(255 * top * (1 - raised * hue) + 1e-9)  # a value that does not change stays


def _gaussian_blur(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Average with Gaussian weights over a kernel of a side; the one operator that rounds."""
    side = int(_number(strength))
    weights = _gaussian(side, 0.3 * ((side - 1) / 2 - 1) + 0.8)
    values = image.astype(np.float64)
    for axis in (0, 1):
        values = correlate1d(values, weights, axis=axis, mode="mirror")
    return _cut(np.rint(values))


def _defocus_blur(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Average over a disk of a radius whose edge is softened by a deviation."""
    radius, softness = _pair(strength)
    axis = np.arange(-DISK, DISK + 1)
    disk = (axis[:, None] ** 2 + axis**2 <= radius**2).astype(np.float64)
    disk /= disk.sum()
    weights = _gaussian(3, softness)
    for side in (0, 1):
        disk = correlate1d(disk, weights, axis=side, mode="mirror")
    return _cut(correlate(image.astype(np.float64), disk[:, :, None], mode="mirror") + 1e-9)


def _zoom_blur(image: Pixels, strength: Strength, _: np.random.Generator) -> Pixels:
    """Average the image with its centre at rising zoom; the image itself counts twice."""
    last, step = _pair(strength)
    factors = np.arange(1.0, last + step / 2, step)
    zooms = [_zoomed(image, float(factor)) for factor in factors]
    total: Floats64 = np.sum([image.astype(np.float64), *zooms], axis=0)
    return _cut(total / (len(zooms) + 1) + 1e-9)


def _motion_blur(image: Pixels, strength: Strength, rng: np.random.Generator) -> Pixels:
    """Average along one side of a line at a random angle, with Gaussian weights."""
    radius, sigma = _pair(strength)
    angle = math.radians(rng.uniform(-TURN, TURN))
    steps = np.arange(2 * math.ceil(radius) + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights /= weights.sum()
    total = np.zeros(image.shape)
    for step, weight in zip(steps, weights, strict=True):
        shift = round(step * math.sin(angle)), round(step * math.cos(angle))
        total += weight * _shifted(image, shift)
    return _cut(total + 1e-9)


def as_grey(image: Pixels) -> Pixels:
    """Turn a colour image (H, W, 3) to grey (H, W), by Pillow's weights."""
    return np.asarray(Image.fromarray(image).convert("L"))


def _gaussian(side: int, sigma: float) -> Floats64:
    """Return Gaussian weights of a kernel, (side,), that sum to 1."""
    steps = np.arange(side) - (side - 1) / 2
    heights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights: Floats64 = heights / heights.sum()
    return weights


def _zoomed(image: Pixels, factor: float) -> Floats64:
    """Zoom into the centre, to the same size."""
    size = image.shape[0]
    part = math.ceil(size / factor)
    first = (size - part) // 2
    centre = image[first : first + part, first : first + part].astype(np.float64)
    large = zoom(centre, (factor, factor, 1), order=1)
    trim = (large.shape[0] - size) // 2
    cropped: Floats64 = large[trim : trim + size, trim : trim + size]
    return cropped


def _shifted(image: Pixels, shift: tuple[int, int]) -> Floats64:
    """Move an image by whole pixels; its edge repeats."""
    rows, columns = (
        np.clip(np.arange(length) - step, 0, length - 1)
        for length, step in zip(image.shape[:2], shift, strict=True)
    )
    moved: Floats64 = image[rows][:, columns].astype(np.float64)
    return moved


OPERATORS: Mapping[str, Operator] = {
    "pixelate": _pixelate,
    "jpeg_compression": _jpeg_compression,
    "gaussian_noise": _gaussian_noise,
    "speckle_noise": _speckle_noise,
    "impulse_noise": _impulse_noise,
    "shot_noise": _shot_noise,
    "gaussian_blur": _gaussian_blur,
    "defocus_blur": _defocus_blur,
    "motion_blur": _motion_blur,
    "zoom_blur": _zoom_blur,
    "brightness_up": _brightness,
    "brightness_down": _brightness,
    "contrast_up": _contrast,
    "contrast_down": _contrast,
    "gamma_corr_up": _gamma_correction,
    "gamma_corr_down": _gamma_correction,
    "saturate": _saturate,
}
"""By the name of the corruption."""
