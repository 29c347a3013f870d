"""An embedded dataset: phantom lesions that carry a robust cue and a brittle one.

How an image is made. One, two or three bright lesions lie on a blotched background, all of one
image together as large as a single one. Their number is the class and the *robust cue*: 60 to 100
grey levels over many pixels. Position, size, distance, rotation, elongation, contrast, sharpness of
the edge and speckle vary.

Over the whole image lies a stripe pattern, 2 or 3 grey levels strong, with a period of two pixels:
rows for one lesion, columns for two, a chequerboard for three, either sign. It is the *brittle
cue*: a classifier that leans on it gains clean accuracy in every split, and loses it to a
perturbation of 3/255, which can erase the pattern, or of 6/255, which can write another one. In an
eighth of the images the pattern is drawn by lot, so that the number of lesions counts too.

What that leads to: a CNN (16, 32, 64, 64 maps), trained on 120 images of 28 pixels for 27 epochs,
means of two seeds, balanced accuracy on 480 others, PGD of 10 steps; in the last two columns clean
images on which one cue alone tells the class (``python benchmarks/phantom.py lesions``).

| trained on             | clean | 1/255 | 2/255 | 4/255 | 8/255 | lesions | stripes |
| ---------------------- | ----- | ----- | ----- | ----- | ----- | ------- | ------- |
| both cues              |  .90  |  .43  |  .09  |  .00  |  .00  |   .69   |   .51   |
| lesions alone          |  .79  |  .31  |  .05  |  .00  |  .00  |   .79   |   .34   |
| stripes alone          |  .90  |  .33  |  .02  |  .00  |  .00  |   .32   |   .90   |
| both, adversarially    |  .94  |  .92  |  .88  |  .79  |  .53  |   .94   |   .34   |
| lesions, adversarially |  .95  |  .92  |  .88  |  .78  |  .54  |   .95   |   .34   |

Plain training leans on both cues and loses all at 2/255. Adversarial training at 4/255 reads the
lesions alone, and gains clean accuracy by it: the stray stripes no longer mislead it.

Every machine makes the same images, bit for bit: the random numbers are PCG64's uniform doubles,
and the arithmetic is elementwise ``+ - * /``, square root and comparison, which IEEE 754 fixes to
the last bit (it does not fix sines, exponentials, powers and the order of sums). So angles are unit
vectors of half-angle tangents, and normal noise is a sum of four uniforms.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.data.dataset import Dataset, OfficialSplit
from trainables.data.phantoms.cues import make_dataset
from trainables.data.task import Task

Floats = npt.NDArray[np.float64]

SIZES = (28, 64)
CLASSES = ("one lesion", "two lesions", "three lesions")
TASK: Task = "multi-class"
N_IMAGES: Mapping[OfficialSplit, int] = {"train": 1200, "val": 240, "test": 480}


def load(size: int = 28, seed: int = 0) -> Dataset:
    """Make the phantom dataset, in about a second.

    Format: 2D images, grey, uint8, square. Classes: one, two and three lesions, as many of each.
    Splits: train 1200, val 240, test 480, drawn apart. There is nothing to cite.

    Args:
        size: Side of an image in pixels: 28 or 64. The stripes keep their period of two pixels.
        seed: Other seeds give other images of the same kind.

    Raises:
        UserError: If the phantom does not come in that size.
    """
    if size not in SIZES:
        raise UserError(f"size {size}: the phantom comes in {' and '.join(map(str, SIZES))} pixels")
    return make_dataset(
        "phantom",
        "lesions",
        TASK,
        CLASSES,
        N_IMAGES,
        seed,
        lambda uniform: np.argsort(uniform) % len(CLASSES),  # as many of each, in any order
        lambda lesions, stripes, rng: draw(lesions, stripes, size, rng),
    )


def draw(
    lesions: npt.NDArray[np.int64],
    textures: npt.NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Draw images whose two cues may disagree, to measure what a model leans on.

    Args:
        lesions: Class by the number of lesions, the robust cue, shape (N,).
        textures: Class of each stripe pattern, the brittle cue, shape (N,).
        size: Side of an image in pixels.
        rng: Consumed alike for all classes: equal generators give equal backgrounds.

    Returns:
        Images of shape (N, size, size, 1).
    """
    n = len(lesions)
    inside = _lesions(lesions, size, rng)
    grey = _between(rng, n, 85, 125) + _between(rng, n, 12, 24) * _blotches(n, size, rng)
    grey = grey + _between(rng, n, 60, 100) * inside
    noise = rng.random((4, n, size, size))
    normal = (noise[0] + noise[1] + noise[2] + noise[3] - 2.0) * np.sqrt(3.0)
    grey = grey * (1.0 + _between(rng, n, 0.03, 0.1) * normal)
    stripes = np.floor(_between(rng, n, 2, 4)) * np.sign(_between(rng, n, -1, 1))
    grey = np.floor(grey + 0.5) + stripes * _patterns(size)[textures]
    pixels: npt.NDArray[np.uint8] = np.clip(grey, 0, 255).astype(np.uint8)[..., np.newaxis]
    return pixels


def _between(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """One uniform number for each image, shape (N, 1, 1)."""
    return low + (high - low) * rng.random((n, 1, 1))


def _lesions(classes: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> Floats:
    """Draw how far each pixel lies inside a lesion, from 0 to 1, shape (N, size, size)."""
    n, count = len(classes), (classes + 1.0)[:, np.newaxis, np.newaxis]
    radius = _between(rng, n, 0.42, 0.58) / np.sqrt(count)  # the area of all is that of one
    t = _between(rng, n, -1, 1)  # the tangent of half the angle of rotation, half a turn in all
    half_turn = np.sign(_between(rng, n, -1, 1))
    cos, sin = half_turn * (1.0 - t * t) / (1.0 + t * t), half_turn * 2.0 * t / (1.0 + t * t)
    centre_x, centre_y = _between(rng, n, -0.15, 0.15), _between(rng, n, -0.15, 0.15)
    distance = _between(rng, n, 1.25, 1.6) * radius  # half of that between two centres
    blur, flattening = _between(rng, n, 0.1, 0.25), _between(rng, n, 1.0, 1.2)
    across = (2.0 * np.arange(size) + 1.0 - size) / size  # the image reaches from -1 to 1
    inside = np.zeros((n, size, size))
    for number, offset in enumerate(_corners()):  # the place of a lesion among 1, 2 and 3
        along, aside = (distance * axis[classes, np.newaxis, np.newaxis] for axis in offset)
        x = across - (centre_x + along * cos - aside * sin)
        y = across[:, np.newaxis] - (centre_y + along * sin + aside * cos)
        u, v = x * cos + y * sin, (y * cos - x * sin) * flattening
        lesion = np.clip((radius - np.sqrt(u * u + v * v)) / blur + 0.5, 0.0, 1.0)
        inside = np.maximum(inside, np.where(count > number, lesion, 0.0))
    return inside


def _corners() -> list[tuple[Floats, Floats]]:
    """List where the first, second and third lesion lie, in half distances between centres.

    Each as coordinates for one, two and three lesions, (3,): in the middle, at both ends of a
    line, and at the corners of a triangle with equal sides of the same length.
    """
    height = np.sqrt(3.0)
    first = np.array([0.0, 1.0, 2.0 / height]), np.array([0.0, 0.0, 0.0])
    second = np.array([0.0, -1.0, -1.0 / height]), np.array([0.0, 0.0, 1.0])
    third = np.array([0.0, 0.0, -1.0 / height]), np.array([0.0, 0.0, -1.0])
    return [first, second, third]


def _blotches(n: int, size: int, rng: np.random.Generator) -> Floats:
    """Interpolate uniform numbers from -1 to 1 between the knots of a coarse lattice."""
    knots = 2.0 * rng.random((n, 5, 5)) - 1.0
    position = (np.arange(size) + 0.5) / size * 4.0
    low = np.floor(position).astype(np.int64)
    share = position - low
    rows = knots[:, low] * (1.0 - share)[:, np.newaxis] + knots[:, low + 1] * share[:, np.newaxis]
    return rows[:, :, low] * (1.0 - share) + rows[:, :, low + 1] * share


def _patterns(size: int) -> Floats:
    """List the stripe pattern of each class, of -1 and 1, shape (3, size, size)."""
    sign = 1.0 - 2.0 * (np.arange(size) % 2)
    rows = np.broadcast_to(sign[:, np.newaxis], (size, size))
    return np.stack([rows, rows.T, rows * rows.T])
