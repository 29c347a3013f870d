"""How much generated images vary within a class, beside authentic ones."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from trainables.metrics.intervals import Interval
from trainables.runtime.arrays import Floats64

Pixels = npt.NDArray[np.uint8]
Classes = npt.NDArray[np.int64]
LEAST = 0.3  # of the spread of authentic images, below which a generator has collapsed
LEAST_RECALL = 0.5  # of the recall of training images of a class
RESAMPLES = 200


def lack_of_variety(spread: float, recalls: Iterable[tuple[Interval, float]]) -> float:
    """Compute how far a generator lacks variety; the constraint is met up to 0.

    It does where pixels hardly vary within the classes, or where its images of a class certainly
    cover less than half of what training images of the class cover. The first alone misses a
    generator that varies one image in brightness, or noise; the second alone is blind where few
    images are held out.

    Args:
        spread: The ratio of `spread_ratio`. NaN is a lack.
        recalls: For each class the share of held-out images among generated ones, with its
            interval, and the share among training images. NaN says nothing.
    """
    if math.isnan(spread):
        return 1.0
    missing = [LEAST_RECALL * attainable - recall.high for recall, attainable in recalls]
    return max([LEAST - spread, *(value for value in missing if not math.isnan(value))])


def spread_ratio(generated: tuple[Pixels, Classes], authentic: tuple[Pixels, Classes]) -> float:
    """Compute the mean deviation of a pixel within a class, generated over authentic.

    Args:
        generated: Images (N, H, W, C) and their classes.
        authentic: The same of authentic images. Classes that one of the two lacks do not count.

    Returns:
        1 where they vary alike, 0 for a single image; NaN where no class has a spread.
    """
    return _ratio(generated, authentic, lambda images: float(images.std(axis=0).mean()))


def spread_interval(
    generated: tuple[Pixels, Classes],
    authentic: tuple[Pixels, Classes],
    *,
    seed: int = 0,
) -> Interval:
    """Compute `spread_ratio` with a 95 % interval: images of both are drawn again, class by class.

    Args:
        generated: Images (N, H, W, C) and their classes.
        authentic: The same of authentic images.
        seed: Of what it draws.
    """
    generator = np.random.default_rng(seed)
    labels = np.intersect1d(generated[1], authentic[1])
    sums = [
        sum(_resampled(images[classes == label], RESAMPLES, generator) for label in labels)
        for images, classes in (generated, authentic)
    ]
    value = spread_ratio(generated, authentic)
    if math.isnan(value):
        return Interval(value, value, value)
    low, high = np.quantile(sums[0] / np.maximum(sums[1], 1e-12), [0.025, 0.975])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _resampled(images: Pixels, resamples: int, generator: np.random.Generator) -> Floats64:
    """Return the mean deviation of a pixel over images drawn again, (resamples,)."""
    count = len(images)
    pixels = images.reshape(count, -1).astype(np.float64)
    weights = generator.multinomial(count, np.full(count, 1 / count), resamples) / count
    variances = weights @ pixels**2 - (weights @ pixels) ** 2
    deviations: Floats64 = np.sqrt(variances.clip(min=0)).mean(axis=1)
    return deviations * math.sqrt(count / max(1, count - 1))  # drawn again, images vary less


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
