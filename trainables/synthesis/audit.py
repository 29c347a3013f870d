"""What makes a robust error in HU unbelievable, as constraints that are met at 0 and below.

`guards` come almost for free with every measurement; `audit` attacks a few slices once more.

An error can be driven up or down, so that from a random start PGD may end on the wrong side of
a network's own bias, where one step from the clean image, whose error has a sign, does not. Before
its gradients are blamed, PGD starts from the clean image as well, and the greater harm counts.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from trainables.attacks.gradient import PGD
from trainables.attacks.registry import build_synthesis_attack
from trainables.losses.likelihood import squared_error
from trainables.metrics import alarms
from trainables.runtime.seeding import derive
from trainables.synthesis.measurement import (
    Measurement,
    Robustness,
    attacked,
    predict,
    score_subjects,
)
from trainables.synthesis.naming import HEADLINE
from trainables.synthesis.slices import Split

SUBJECTS = 16
STEPS, QUERIES = 10, 100
ANYTHING = 10.0  # standard deviations of the MR: whatever it shows can be drowned

Floats = npt.NDArray[np.float64]


def guards(
    found: Robustness,
    network: nn.Module,
    split: Split,
    measurement: Measurement,
    device: torch.device,
) -> dict[str, float]:
    """Compare FGSM with PGD at the greatest radius, and look for one grey in all predictions."""
    fgsm, pgd = (found.curves[kind][HEADLINE][-1] for kind in ("fgsm", "pgd"))
    if alarms.excess(fgsm, pgd) > 0:
        perturb = attacked(network, _from_clean(measurement), measurement.eps[-1], measurement.seed)
        (again,) = score_subjects(network, split, [perturb], device, measurement.batch_size)
        pgd = np.fmax(pgd, again[HEADLINE])
    few = split.widest(SUBJECTS)
    mr, _ = few.batch(range(len(few)), device)
    predictions = predict(network, mr, measurement.batch_size)
    heads = [(one.ct[0], np.asarray(one.mask[0], dtype=bool)) for one in few.subjects]
    spreads = [float(at[mask].std()) for at, (_, mask) in zip(predictions, heads, strict=True)]
    true_spreads = [float(ct[mask].std()) for ct, mask in heads]
    return {
        alarms.ONE_STEP: alarms.excess(fgsm, pgd),
        alarms.COLLAPSE: alarms.flatness(np.array(spreads), np.array(true_spreads)),
    }


def audit(
    network: nn.Module, split: Split, measurement: Measurement, device: torch.device
) -> dict[str, float]:
    """Raise the alarms that need attacks of their own, on one slice of a few subjects.

    PGD at two radii of the grid, Square at the smaller of them, and PGD at a radius that permits
    anything. With that, a network has to do at least the harm that the best single grey does to
    each subject, which knows nothing of the MR but the true CT's median; what PGD did at a smaller
    radius counts there as well, since the greater one permits it.
    """
    if not measurement.eps[-1] > 0:  # nothing is attacked
        return {}
    few, radii = split.widest(SUBJECTS), alarms.two_radii(measurement.eps)
    pgd = build_synthesis_attack("pgd", measurement.batch_size, STEPS)
    square = build_synthesis_attack("square", measurement.batch_size, QUERIES)
    far = max(ANYTHING, 2 * radii[-1])
    seed = derive(measurement.seed, "audit")
    plan = [(square, radii[0]), (pgd, far)]
    plan += [(attack, eps) for eps in radii for attack in (pgd, _from_clean(measurement))]
    seen = [attacked(network, attack, eps, seed) for attack, eps in plan]
    scored = score_subjects(network, few, seen, device, measurement.batch_size)
    guessed, farthest, *pairs = (scores[HEADLINE] for scores in scored)
    smaller, greater = np.fmax(*pairs[:2]), np.fmax(*pairs[2:])
    anything = np.fmax.reduce([smaller, greater, farthest])
    return {
        alarms.BLACK_BOX: alarms.excess(guessed, smaller),
        alarms.RISING: alarms.excess(smaller, greater),
        alarms.UNBOUNDED: alarms.excess(_grey_errors(few), anything),
    }


def _from_clean(measurement: Measurement) -> PGD:
    return PGD(
        loss=squared_error, batch_size=measurement.batch_size, steps=STEPS, random_start=False
    )


def _grey_errors(split: Split) -> Floats:
    """Measure the head MAE of each subject's best single grey, in HU."""
    heads = [one.ct[np.asarray(one.mask, dtype=bool)].astype(float) for one in split.subjects]
    return np.array([np.abs(head - np.median(head)).mean() for head in heads])
