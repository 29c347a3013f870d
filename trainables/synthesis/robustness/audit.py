"""Signs that a network's error under attack is too low, as constraints met at 0 and below.

`guards` cost almost nothing beside a measurement; `audit` attacks a small number of slices once
more.

An error can be driven up or down. From a random start PGD may go the wrong way: against the bias
that the network has on clean images. One step from the clean image follows the sign of the error
there and does not. So PGD also starts from the clean image, and the greater harm counts, before
masked gradients are suspected.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from trainables.attacks.ensemble import Ensemble
from trainables.attacks.gradient import PGD
from trainables.attacks.registry import build_synthesis_attack
from trainables.attacks.signs.gradients import denied, reach, unexplained
from trainables.attacks.signs.steadiness import require_steady
from trainables.losses.likelihood import squared_error
from trainables.metrics import alarms
from trainables.models.ct.mirrored import Mirrored
from trainables.models.ct.slice_norm import SliceNorm
from trainables.runtime.arrays import Floats64
from trainables.runtime.seeding import derive
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.measurement import Measurement, Robustness, score_subjects
from trainables.synthesis.prediction import predict
from trainables.synthesis.robustness.errors import aim, head_error
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import SCALE_HU, Split

SUBJECTS = 16
STEPS, QUERIES = 10, 100
FAR = 10.0  # standard deviations of the MR, enough to hide all that it shows
NEAR = 0.02  # the same, too little to see


def guards(
    robustness: Robustness,
    network: nn.Module,
    split: Split,
    measurement: Measurement,
    device: torch.device,
) -> dict[str, float]:
    """Compare FGSM with PGD at the greatest radius; look at gradients, and for one grey.

    Args:
        robustness: The scores of the network on the split.
        network: Predicts normalised CT from MR.
        split: The subjects.
        measurement: The radii, the seed and the batch size.
        device: Of the network.

    Raises:
        UnsteadyError: If the network answers the same MR differently.
    """
    fgsm, pgd = (robustness.curves[kind][HEADLINE][-1] for kind in ("fgsm", "pgd"))
    if alarms.excess(fgsm, pgd) > 0:
        attacks = aim({"pgd-clean": _clean_start_pgd(measurement)})
        perturb = _worst(network, split, attacks, measurement.eps[-1], measurement)
        (scores,) = score_subjects(network, split, [perturb], device, measurement.batch_size)
        pgd = np.fmax(pgd, scores[HEADLINE])
    subset = split.widest(SUBJECTS)
    mr, targets = subset.targets(range(len(subset)), device)
    require_steady(network, mr[: measurement.batch_size])
    predictions = predict(network, mr, measurement.batch_size)
    heads = [
        (subject.ct[0], np.asarray(subject.mask[0], dtype=bool)) for subject in subset.subjects
    ]
    spreads = [float(ct[mask].std()) for ct, (_, mask) in zip(predictions, heads, strict=True)]
    true_spreads = [float(ct[mask].std()) for ct, mask in heads]
    return {
        alarms.ONE_STEP: alarms.excess(fgsm, pgd),
        alarms.GRADIENT: _vanishing(network, mr, targets, subset, measurement.batch_size),
        alarms.SLOPE: _misled(network, mr, targets, measurement),
        alarms.COLLAPSE: alarms.flatness(np.array(spreads), np.array(true_spreads)),
    }


def audit(
    network: nn.Module, split: Split, measurement: Measurement, device: torch.device
) -> dict[str, float]:
    """Compute the alarms that need attacks of their own, on a slice of each of a few subjects.

    PGD runs at two radii of the grid, Square at the smaller of them, and PGD at `FAR`, where the MR
    can be changed into any other. There, the error of each subject must be at least that of the
    best single grey, the median of the true CT, which is a prediction that ignores the MR. Harm by
    PGD at a smaller radius counts there as well, as the greater radius permits it.

    Args:
        network: Predicts normalised CT from MR.
        split: The subjects to take from.
        measurement: The radii of the grid, the seed and the batch size.
        device: Of the network.

    Returns:
        The alarms by name; empty where nothing is attacked.
    """
    if not measurement.eps[-1] > 0:  # nothing is attacked
        return {}
    subset, radii = split.widest(SUBJECTS), alarms.two_radii(measurement.eps)
    pgd = {"pgd": build_synthesis_attack("pgd", measurement.batch_size, STEPS)}
    square = {"square": build_synthesis_attack("square", measurement.batch_size, QUERIES)}
    twice = pgd | {"pgd-clean": _clean_start_pgd(measurement)}
    far = max(FAR, 2 * radii[-1])
    plan = [(square, radii[0]), (pgd, far), (twice, radii[0]), (twice, radii[1])]
    perturbations = [
        _worst(network, subset, aim(attacks), eps, measurement) for attacks, eps in plan
    ]
    scores = score_subjects(network, subset, perturbations, device, measurement.batch_size)
    black_box, farthest, smaller, greater = (by_name[HEADLINE] for by_name in scores)
    greatest = np.fmax.reduce([smaller, greater, farthest])
    return {
        alarms.BLACK_BOX: alarms.excess(black_box, smaller),
        alarms.RISING: alarms.excess(smaller, greater),
        alarms.UNBOUNDED: alarms.excess(_grey_errors(subset), greatest),
    }


def _vanishing(
    network: nn.Module, mr: Tensor, targets: Tensor, split: Split, batch_size: int
) -> float:
    """Count the slices whose gradient says that no change could matter.

    At stake is the error of the best single grey, which a change that hides the MR must cause. The
    gradient may move every pixel of the MR by `FAR`.
    """
    batches = zip(mr.split(batch_size), targets.split(batch_size), strict=True)
    reaches = [reach(network, x, partial(head_error, target=y))[1] for x, y in batches]
    greys = torch.from_numpy(_grey_errors(split))
    lost = denied(FAR * SCALE_HU * torch.cat(reaches).cpu(), greys)
    return alarms.share_excess(int(lost.sum()), len(split))


def _misled(network: nn.Module, mr: Tensor, targets: Tensor, measurement: Measurement) -> float:
    """Count the slices whose gradient does not say what changes by `NEAR` do to the error.

    Slices keep their scales. The gradient of a percentile, or of tissue above a threshold, is sound
    at a point, but wide random changes bring other pixels to the percentile, or into tissue: that
    would blame honest networks, which attacks along the gradient harm as much as others.
    """
    network, mr = _with_scales(network, mr)
    size, seed = measurement.batch_size, derive(measurement.seed, "slope")
    batches = zip(mr.split(size), targets.split(size), strict=True)
    masks = [unexplained(network, x, partial(head_error, target=y), NEAR, seed) for x, y in batches]
    count = int(torch.cat(masks).sum())
    return alarms.share_excess(count, len(mr), allowed=alarms.ALLOWED_SLOPES)


def _with_scales(network: nn.Module, mr: Tensor) -> tuple[nn.Module, Tensor]:
    """Return what is inside a network that scales its slices, and the scaled slices."""
    if isinstance(network, SliceNorm):
        with torch.no_grad():
            return network.network, network.scaled(mr)
    if isinstance(network, Mirrored):  # a slice and its mirror image have the same scale
        inner, scaled = _with_scales(network.network, mr)
        return Mirrored(inner, network.axis).train(network.training), scaled
    return network, mr


def _worst(
    network: nn.Module, split: Split, attacks: Ensemble, eps: float, measurement: Measurement
) -> WorstOf:
    seed, size = derive(measurement.seed, "audit"), measurement.batch_size
    return WorstOf(network, split, attacks, eps, seed=seed, batch_size=size)


def _clean_start_pgd(measurement: Measurement) -> PGD:
    return PGD(
        loss=squared_error, batch_size=measurement.batch_size, steps=STEPS, random_start=False
    )


def _grey_errors(split: Split) -> Floats64:
    """Measure the head MAE of each subject's best single grey, in HU, (N,)."""
    heads = [
        subject.ct[np.asarray(subject.mask, dtype=bool)].astype(float) for subject in split.subjects
    ]
    return np.array([np.abs(head - np.median(head)).mean() for head in heads])
