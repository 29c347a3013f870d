"""An embedded dataset: phantom lesions that carry a robust cue and a brittle one.

How an image is made. A lesion, brighter or darker than its surroundings, lies on a blotched
background. Its outline is ``r = R (1 + wave)``: nearly an ellipse for ``round``, three or four
broad lobes for ``lobulated``, six or eight sharp spikes for ``spiculated``. Position, size,
rotation, elongation, depth of the waves, contrast, sharpness of the edge and speckle vary. The
outline is the *robust cue*: 50 to 90 grey levels over many pixels.

Over the whole image lies a stripe pattern, 3 or 4 grey levels strong, with a period of two pixels:
rows for ``round``, columns for ``lobulated``, a chequerboard for ``spiculated``, either sign. It is
the *brittle cue*: a classifier that leans on it gains clean accuracy in every split, and loses it
to a perturbation of 4/255, which can erase the pattern, or of 8/255, which can write another one.
In an eighth of the images the pattern is drawn by lot, so that the outline counts too.

What that leads to: a CNN (16, 32, 64 maps), trained on 120 images of 28 pixels, means of two seeds,
balanced accuracy on 480 others, PGD of 10 steps.

| trained on                | clean | PGD 1/255 | PGD 2/255 | PGD 4/255 |
| ------------------------- | ----- | --------- | --------- | --------- |
| both cues                 |  .92  |    .80    |    .37    |    .01    |
| outline alone             |  .72  |    .31    |    .12    |    .02    |
| stripes alone             |  .89  |    .61    |    .25    |    .00    |
| both, adversarially       |  .83  |    .70    |    .58    |    .34    |
| outline, adversarially    |  .75  |    .66    |    .57    |    .36    |

Every machine makes the same images, bit for bit: the random numbers are PCG64's uniform doubles,
and the arithmetic is elementwise ``+ - * /``, square root and comparison, which IEEE 754 fixes to
the last bit (it does not fix sines, exponentials, powers and the order of sums). So angles are unit
vectors, ``cos(k angle)`` is a Chebyshev polynomial and normal noise a sum of four uniforms.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.data.dataset import Dataset, Images, OfficialSplit
from trainables.data.task import Task

Floats = npt.NDArray[np.float64]

SIZES = (28, 64)
CLASSES = ("round", "lobulated", "spiculated")
STRAY = 1 / 8  # share of images whose stripes are drawn by lot
TASK: Task = "multi-class"
N_IMAGES: Mapping[OfficialSplit, int] = {"train": 1200, "val": 240, "test": 480}


def load(size: int = 28, seed: int = 0) -> Dataset:
    """Make the phantom dataset, in about a second.

    Format: 2D images, grey, uint8, square. Classes: round, lobulated and spiculated outlines, as
    many of each. Splits: train 1200, val 240, test 480, drawn apart. There is nothing to cite.

    Args:
        size: Side of an image in pixels: 28 or 64. The stripes keep their period of two pixels.
        seed: Other seeds give other images of the same kind.

    Raises:
        UserError: If the phantom does not come in that size.
    """
    if size not in SIZES:
        raise UserError(f"size {size}: the phantom comes in {' and '.join(map(str, SIZES))} pixels")
    splits: dict[OfficialSplit, Images] = {}
    for number, (split, n) in enumerate(N_IMAGES.items()):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        labels = np.argsort(rng.random(n)) % len(CLASSES)  # the same number of each, in any order
        lot = np.floor(len(CLASSES) * rng.random(n)).astype(np.int64)
        stripes = np.where(rng.random(n) < STRAY, lot, labels)
        splits[split] = Images(draw(labels, stripes, size, rng), labels)
    return Dataset(
        name="phantom",
        task=TASK,
        classes=CLASSES,
        train=splits["train"],
        val=splits["val"],
        test=splits["test"],
        licence="made by this program, free of rights",
        source=f"phantom lesions made by this program (seed {seed}), not real data",
    )


def draw(
    shapes: npt.NDArray[np.int64],
    textures: npt.NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Draw lesions whose two cues may disagree, to measure what a model leans on.

    Args:
        shapes: Class of each outline, the robust cue, shape (N,).
        textures: Class of each stripe pattern, the brittle cue, shape (N,).
        size: Side of an image in pixels.
        rng: Consumed alike for all classes: equal generators give equal backgrounds and lesions.

    Returns:
        Images of shape (N, size, size, 1).
    """
    n = len(shapes)
    inside = _lesion(shapes, size, rng)
    grey = _between(rng, n, 105, 145) + _between(rng, n, 12, 24) * _blotches(n, size, rng)
    grey = grey + _between(rng, n, 50, 90) * np.sign(_between(rng, n, -1, 1)) * inside
    noise = rng.random((4, n, size, size))
    normal = (noise[0] + noise[1] + noise[2] + noise[3] - 2.0) * np.sqrt(3.0)
    grey = grey * (1.0 + _between(rng, n, 0.03, 0.1) * normal)
    stripes = np.floor(_between(rng, n, 3, 5)) * np.sign(_between(rng, n, -1, 1))
    grey = np.floor(grey + 0.5) + stripes * _patterns(size)[textures]
    pixels: npt.NDArray[np.uint8] = np.clip(grey, 0, 255).astype(np.uint8)[..., np.newaxis]
    return pixels


def _between(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """One uniform number for each image, shape (N, 1, 1)."""
    return low + (high - low) * rng.random((n, 1, 1))


def _lesion(shapes: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> Floats:
    """Draw how far each pixel lies inside the lesion, from 0 to 1, shape (N, size, size)."""
    n = len(shapes)
    across = (2.0 * np.arange(size) + 1.0 - size) / size  # the image reaches from -1 to 1
    x = across - _between(rng, n, -0.25, 0.25)
    y = across[:, np.newaxis] - _between(rng, n, -0.25, 0.25)
    t = _between(rng, n, -1, 1)  # the tangent of half the angle of rotation, half a turn in all
    cos, sin = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    half_turn = np.sign(_between(rng, n, -1, 1))
    along = (x * cos + y * sin) * half_turn
    aside = (y * cos - x * sin) * _between(rng, n, 1.0, 1.35)
    distance = np.sqrt(along * along + aside * aside) + 1e-9
    radius = _between(rng, n, 0.36, 0.56) * (1.0 + _wave(shapes, along / distance, rng))
    blur = _between(rng, n, 0.1, 0.3)
    return np.clip((radius - distance) / blur + 0.5, 0.0, 1.0)


def _wave(shapes: npt.NDArray[np.int64], cos: Floats, rng: np.random.Generator) -> Floats:
    """Compute the outline's relative departure from an ellipse, at angles of this cosine."""
    cosines = [np.ones_like(cos), cos]  # of 0, 1, 2, ... times the angle
    while len(cosines) < 9:
        cosines.append(2.0 * cos * cosines[-1] - cosines[-2])
    n = len(shapes)
    which, depth = _between(rng, n, 0, 1), _between(rng, n, 0, 1)
    lobes = np.where(which < 0.5, cosines[3], cosines[4])
    spikes = np.where(which < 0.5, cosines[6], cosines[8]) * 0.5 + 0.5
    sharp = spikes * spikes * spikes
    waves = (0.03 * lobes, (0.14 + 0.14 * depth) * lobes, (0.5 + 0.4 * depth) * (sharp - 0.3))
    return np.choose(shapes[:, np.newaxis, np.newaxis], waves)


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
