"""The training subset of another seed: drawn anew from all images that may train.

At 55 training images, which images train moves a value more than anything else that is random. So a
trial with another seed trains on images of its own, as many of each class as the run's subset has.
"""

import numpy as np
import numpy.typing as npt

from trainables.data.strata import draw, strata_of

Ints = npt.NDArray[np.int64]
STREAM = 2  # of random numbers; `trainables.data.splits` takes 0 and 1


def draw_like(labels: Ints, subset: Ints, n_classes: int, seed: int) -> Ints:
    """Draw a subset of a pool with as many images of each stratum as another subset has.

    Args:
        labels: Of the pool, classes (N,) or 0 and 1 (N, n_classes).
        subset: Positions in the pool.
        n_classes: Number of classes or labels.
        seed: Another seed, other images; 0 or more.

    Returns:
        Positions in the pool, ascending. Of a multi-label pool each label that the subset has is
        there, for which a few images more may be needed.
    """
    generator = np.random.Generator(np.random.PCG64([seed, STREAM]))
    strata = strata_of(labels, n_classes)
    counts = np.bincount(strata[subset], minlength=int(strata.max()) + 1)
    rows = draw(strata, counts, generator)
    if labels.ndim == 1:
        return rows
    for positive in labels.T:
        if positive[subset].any() and not positive[rows].any():
            rows = np.union1d(rows, generator.choice(np.flatnonzero(positive), 1))
    return rows
