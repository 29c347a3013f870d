"""MedMNIST-C's scores: balanced, corruption and relative corruption error [medmnistc].

With e_cs the balanced error (1 less balanced accuracy) under corruption c at severity s, and a_c
that of AlexNet averaged over severities: the corruption error is the mean over c of mean_s e_cs /
a_c; the relative one is that of what is lost, (mean_s e_cs - e) / (a_c - a), e and a without
corruption. AlexNet loses next to nothing under some corruptions, and gains under others: there a
ratio says nothing. It is left out below `LEAST`, and named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 0.01  # that the reference must lose


@dataclass(frozen=True)
class CorruptionError:
    """Errors of a classifier under corruptions, relative to a reference.

    Attributes:
        error: The corruption error; 1 is the reference's own.
        relative: The relative corruption error; NaN where no corruption has one.
        left_out: Corruptions without a relative error, since the reference hardly loses.
    """

    error: float
    relative: float
    left_out: tuple[str, ...]


def corruption_error(
    errors: Mapping[str, Sequence[float]],
    clean: float,
    reference: Mapping[str, float],
    reference_clean: float,
) -> CorruptionError:
    """Compare balanced errors with those of a reference.

    Args:
        errors: Balanced error at each severity, by corruption.
        clean: Balanced error without corruption; 0 is legal.
        reference: Of the reference, averaged over severities, by corruption; above 0.
        reference_clean: Of the reference without corruption.

    Raises:
        ValueError: If there are no errors.
    """
    if not errors:
        raise ValueError("no corruption has an error")
    means = {kind: float(np.mean(values)) for kind, values in errors.items()}
    lost = {kind: reference[kind] - reference_clean for kind in means}
    counted = [kind for kind in means if lost[kind] > LEAST]
    ratios = [(means[kind] - clean) / lost[kind] for kind in counted]
    return CorruptionError(
        error=float(np.mean([means[kind] / reference[kind] for kind in means])),
        relative=float(np.mean(ratios)) if ratios else float("nan"),
        left_out=tuple(kind for kind in means if kind not in counted),
    )
