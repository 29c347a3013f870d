"""How much generated images vary within a class, beside authentic ones."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Classes = npt.NDArray[np.int64]
LEAST = 0.3  # of the spread of authentic images, below which a generator has collapsed


def spread_ratio(generated: tuple[Pixels, Classes], authentic: tuple[Pixels, Classes]) -> float:
    """Compute the mean deviation of a pixel within a class, generated over authentic.

    Args:
        generated: Images (N, H, W, C) and their classes.
        authentic: The same of authentic images. Classes that one of the two lacks do not count.

    Returns:
        1 where they vary alike, 0 for a single image; NaN where no class has a spread.
    """
    return _ratio(generated, authentic, lambda images: float(images.std(axis=0).mean()))


def grey_ratio(generated: tuple[Pixels, Classes], authentic: tuple[Pixels, Classes]) -> float:
    """Compute the deviation of the mean grey of images within a class, generated over authentic.

    Above 1 the brightness of augmented images has leaked into the generated ones.

    Args:
        generated: Images (N, H, W, C) and their classes.
        authentic: The same of authentic images.
    """
    return _ratio(generated, authentic, lambda images: float(images.mean(axis=(1, 2, 3)).std()))


def _ratio(
    generated: tuple[Pixels, Classes],
    authentic: tuple[Pixels, Classes],
    spread: Callable[[Pixels], float],
) -> float:
    labels = np.intersect1d(generated[1], authentic[1])
    spreads = [
        [spread(images[classes == label]) for label in labels]
        for images, classes in (generated, authentic)
    ]
    of_generated, of_authentic = (float(np.sum(values)) for values in spreads)
    return of_generated / of_authentic if of_authentic else math.nan
