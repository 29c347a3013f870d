"""The kernel distance of two sets of images, with an interval [kid]."""

import math

import numpy as np

from trainables.metrics.intervals import Interval
from trainables.metrics.welch import quantile
from trainables.runtime.arrays import Floats, Floats64

LEAST = 3  # points of each set: leaving one out must leave a pair


def kernel_distance(points: Floats, reference: Floats) -> Interval:
    """Compute the unbiased squared maximum mean discrepancy under the kernel (u.v / D + 1)^3.

    It is 0 in expectation for two samples of one distribution, and may be below. The interval, of
    95 %, is Student's, with the variance of leaving out each point of either set in turn
    (jackknife). A bootstrap would draw points twice, whose kernel with themselves is large: its
    intervals lie far above 0 even for samples of one distribution.

    Args:
        points: Features of N images, (N, D).
        reference: Of M others, (M, D).

    Returns:
        NaN with fewer than `LEAST` points in a set.
    """
    if min(len(points), len(reference)) < LEAST:
        return Interval(math.nan, math.nan, math.nan)
    between = _kernel(points, reference)
    total = between.sum()
    sums = [_off_diagonal_sums(features) for features in (points, reference)]
    counts = len(points), len(reference)
    value = sum(_pair_mean(row_sums.sum(), len(row_sums)) for row_sums in sums)
    value -= 2 * total / (counts[0] * counts[1])
    variance = 0.0
    for side, row_sums in enumerate(sums):
        count, partners = counts[side], counts[1 - side]
        within = _pair_mean(row_sums.sum() - 2 * row_sums, count - 1)
        crossed = (total - between.sum(axis=1 - side)) / ((count - 1) * partners)
        rest = within - 2 * crossed  # what does not depend on the point that is left out cancels
        variance += (count - 1) * float(rest.var())
    half = quantile(min(counts) - 1, 0.95) * math.sqrt(variance)
    return Interval(float(value), float(value) - half, float(value) + half)


def _kernel(points: Floats, reference: Floats) -> Floats64:
    products = points.astype(np.float64) @ reference.astype(np.float64).T
    kernel: Floats64 = (products / points.shape[1] + 1) ** 3
    return kernel


def _off_diagonal_sums(points: Floats) -> Floats64:
    """Return each point's sum of kernels with the others, (N,)."""
    kernel = _kernel(points, points)
    np.fill_diagonal(kernel, 0.0)
    sums: Floats64 = kernel.sum(axis=1)
    return sums


def _pair_mean(total: Floats64, count: int) -> Floats64:
    """Return the mean over ordered pairs of ``count`` points, of their sum."""
    return total / (count * (count - 1))
