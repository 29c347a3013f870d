"""Stratified drawing, on arrays alone: strata, how many of each, which."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def strata_of(labels: Ints, n_classes: int) -> Ints:
    """Assign each image to a stratum: its class, or for multi-label data its rarest positive label.

    So images of a rare label are drawn in proportion, which a draw over all images would often
    miss. Images without a positive label form the stratum ``n_classes``.

    Args:
        labels: Shape (N,) with classes, or (N, n_classes) with 0 and 1.
        n_classes: Number of classes or labels.

    Returns:
        Shape (N,).
    """
    if labels.ndim == 1:
        return labels
    rarest_first = np.argsort(labels.sum(axis=0), kind="stable")
    ordered = labels[:, rarest_first]
    rarest = rarest_first[ordered.argmax(axis=1)]
    return np.where(ordered.any(axis=1), rarest, n_classes).astype(np.int64)


def share_of(counts: Ints, fraction: Decimal) -> Ints:
    """Take a fraction of each count, rounded half up, and at least one of what is there.

    The fraction is decimal because in binary 0.29 of 50 is below 14.5.
    """
    shares = [
        max(int((fraction * count).to_integral_value(ROUND_HALF_UP)), min(count, 1))
        for count in counts.tolist()
    ]
    return np.array(shares, dtype=np.int64)


def proportional(counts: Ints, size: int) -> Ints:
    """Divide ``size`` in proportion to counts by largest remainders; ``size`` is at most their sum.

    A stratum that would get none gets one of the largest share where that has two, as a class
    without images cannot be measured.
    """
    quotas = counts * size / max(int(counts.sum()), 1)
    shares = np.floor(quotas).astype(np.int64)
    by_remainder = np.argsort(shares - quotas, kind="stable")
    shares[by_remainder[: size - int(shares.sum())]] += 1
    for empty in np.flatnonzero((shares == 0) & (counts > 0)):
        if shares.max() > 1:
            shares[shares.argmax()] -= 1
            shares[empty] = 1
    return shares


def draw(strata: Ints, counts: Ints, rng: np.random.Generator) -> Ints:
    """Draw so many of each stratum, without replacement.

    Args:
        strata: Stratum of each image, shape (N,).
        counts: How many of each stratum, at most those there are.
        rng: With an equal generator, a draw of more contains the draw of fewer.

    Returns:
        Indices into ``strata``, ascending.
    """
    shuffled = np.lexsort((rng.random(len(strata)), strata))
    grouped = strata[shuffled]
    rank = np.arange(len(strata)) - np.searchsorted(grouped, grouped)
    return np.sort(shuffled[rank < counts[grouped]])
