"""An embedded dataset of volumes: balls that carry a robust cue and a brittle one.

How a volume is made. One ball, or two that together have its volume, brighter than a blotched
background. Position, size, direction, flatness, contrast, edge and speckle vary. Their number is
the *robust cue*: 60 to 100 grey levels over many voxels.

Over the whole volume lies a pattern, 2 or 3 grey levels strong, with a period of two voxels: planes
for one ball, a chequerboard for two, either sign. It is the *brittle cue*: a perturbation of 4/255
can erase it or write the other one. In an eighth of the volumes it is drawn by lot, so that the
balls count too. A standard network reads the pattern alone, an adversarially trained one the balls
alone (``python benchmarks/phantom.py balls``).

Every machine makes the same volumes, bit for bit, by the rules of
`trainables.data.phantoms.lesions`.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.data.dataset import Dataset, OfficialSplit
from trainables.data.phantoms.cues import make_dataset
from trainables.data.task import Task

Floats = npt.NDArray[np.float64]

NAME = "phantom3d"
SIZES = (28,)
CLASSES = ("one", "two")
TASK: Task = "binary"
N_VOLUMES: Mapping[OfficialSplit, int] = {"train": 800, "val": 120, "test": 240}
HALVED = 0.7937  # of the radius, for half the volume: the cube root of 1/2
KNOTS = 4  # of the background, along each axis
CHUNK = 40  # volumes that are drawn at a time


def load(size: int = 28, seed: int = 0, share: float = 0.5) -> Dataset:
    """Make the dataset, in a few seconds.

    Format: 3D volumes, grey, uint8, cubes. Classes: one ball and two. Splits: train 800, val 120,
    test 240, drawn apart. There is nothing to cite.

    Args:
        size: Side of a volume in voxels: 28.
        seed: Other seeds give other volumes of the same kind.
        share: Of volumes with two balls.

    Raises:
        UserError: If the phantom does not come in that size, or a split would lack a class.
    """
    if size not in SIZES:
        raise UserError(f"size {size}: {NAME} comes in {' and '.join(map(str, SIZES))} voxels")
    if not 0.05 <= share <= 0.95:
        raise UserError(f"{NAME}: a share of {share} leaves a class too small: 0.05 to 0.95")
    return make_dataset(
        NAME,
        "balls",
        TASK,
        CLASSES,
        N_VOLUMES,
        seed,
        lambda uniform: (np.argsort(uniform) < round(share * len(uniform))).astype(np.int64),
        lambda balls, patterns, rng: draw(balls, patterns, size, rng),
    )


def draw(
    balls: npt.NDArray[np.int64],
    patterns: npt.NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Draw volumes whose two cues may disagree, to measure what a model leans on.

    Args:
        balls: Class by the number of balls, the robust cue, shape (N,).
        patterns: Class of each pattern, the brittle cue, shape (N,).
        size: Side of a volume in voxels.
        rng: Consumed alike for all classes: equal generators give equal backgrounds and balls.

    Returns:
        Volumes of shape (N, size, size, size, 1).
    """
    starts = range(0, len(balls), CHUNK)
    chunks = [slice(start, start + CHUNK) for start in starts]
    return np.concatenate([_draw(balls[rows], patterns[rows], size, rng) for rows in chunks])


def _draw(
    balls: npt.NDArray[np.int64],
    patterns: npt.NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    n = len(balls)
    inside = _inside(balls, size, rng)
    grey = _between(rng, n, 105, 145) + _between(rng, n, 12, 24) * _blotches(n, size, rng)
    grey = grey + _between(rng, n, 60, 100) * inside
    noise = rng.random((4, n, size, size, size))
    normal = (noise[0] + noise[1] + noise[2] + noise[3] - 2.0) * np.sqrt(3.0)
    grey = grey * (1.0 + _between(rng, n, 0.04, 0.12) * normal)
    strength = np.floor(_between(rng, n, 2, 4)) * np.sign(_between(rng, n, -1, 1))
    grey = np.floor(grey + 0.5) + strength * _patterns(size)[patterns]
    voxels: npt.NDArray[np.uint8] = np.clip(grey, 0, 255).astype(np.uint8)[..., np.newaxis]
    return voxels


def _between(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """One uniform number for each volume, shape (N, 1, 1, 1)."""
    return low + (high - low) * rng.random((n, 1, 1, 1))


def _inside(balls: npt.NDArray[np.int64], size: int, rng: np.random.Generator) -> Floats:
    """Draw how far each voxel lies inside a ball, from 0 to 1, (N, size, size, size)."""
    n = len(balls)
    across = (2.0 * np.arange(size) + 1.0 - size) / size  # the volume reaches from -1 to 1
    x = across - _between(rng, n, -0.2, 0.2)
    y = across[:, np.newaxis] - _between(rng, n, -0.2, 0.2)
    z = across[:, np.newaxis, np.newaxis] - _between(rng, n, -0.2, 0.2)
    (cos, sin), (turn, lift) = _angle(n, rng), _angle(n, rng)
    # Along a random direction lie the two balls; across it they are flattened.
    along = x * cos + y * (sin * turn) + z * (sin * lift)
    aside = y * (cos * turn) - x * sin + z * (cos * lift)
    upright = z * turn - y * lift
    aside = aside * _between(rng, n, 1.0, 1.25)
    rest = aside * aside + upright * upright
    radius = _between(rng, n, 0.36, 0.48) * np.where(_spread(balls) == 1, HALVED, 1.0)
    offset = _between(rng, n, 1.3, 1.6) * radius * (_spread(balls) == 1)
    edge = _between(rng, n, 0.12, 0.3)
    depths = []
    for centre in (offset, -offset):
        distance = np.sqrt((along - centre) * (along - centre) + rest)
        depths.append(np.clip((radius - distance) / edge + 0.5, 0.0, 1.0))
    inside: Floats = np.maximum(*depths)
    return inside


def _spread(balls: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return balls[:, np.newaxis, np.newaxis, np.newaxis]


def _angle(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return cosine and sine of an angle between -90 and 90 degrees, from half its tangent."""
    t = _between(rng, n, -1, 1)
    return (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)


def _blotches(n: int, size: int, rng: np.random.Generator) -> Floats:
    """Interpolate uniform numbers from -1 to 1 between the knots of a coarse lattice."""
    values = 2.0 * rng.random((n, KNOTS, KNOTS, KNOTS)) - 1.0
    position = (np.arange(size) + 0.5) / size * (KNOTS - 1)
    low = np.floor(position).astype(np.int64)
    share = position - low
    for axis in (1, 2, 3):
        weight = share.reshape([-1 if side == axis else 1 for side in range(4)])
        near, far = np.take(values, low, axis), np.take(values, low + 1, axis)
        values = near * (1.0 - weight) + far * weight
    return values


def _patterns(size: int) -> Floats:
    """List the pattern of each class, of -1 and 1, shape (2, size, size, size)."""
    sign = 1.0 - 2.0 * (np.arange(size) % 2)
    planes = np.broadcast_to(sign, (size, size, size))
    return np.stack([planes, planes * sign[:, np.newaxis] * sign[:, np.newaxis, np.newaxis]])
