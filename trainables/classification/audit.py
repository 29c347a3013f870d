"""Signs that a classifier's robust score is too high, as constraints met at 0 and below.

`guards` belong to every measurement and cost little beside it; `audit` attacks a small number of
images once more.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from trainables.attacks.evaluation import (
    OneLabel,
    RobustReport,
    answers_of,
    evaluate,
    predict_logits,
)
from trainables.attacks.registry import build_attack
from trainables.attacks.signs.gradients import misled, rounding, vanishing
from trainables.attacks.signs.guessing import only_guessing
from trainables.attacks.signs.steadiness import require_steady
from trainables.attacks.threat import pixels
from trainables.classification.assets import LabelledImages, at_most, evenly
from trainables.classification.measurement import Measurement, Robustness
from trainables.metrics import alarms
from trainables.metrics.classification import ORDERS
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Floats, Mask
from trainables.runtime.seeding import derive

IMAGES = 64
STEPS, QUERIES = 20, 500
FEW_STEPS = 5  # of the attack on images whose gradients are looked at
GUESSES = 50  # queries of the black box beside every measurement
ALIVE = 0.25  # share of answers that must be left for guessing to find some
FAR = (0.25, 1.0)  # radii beyond the grid's; the last contains every image


def guards(
    classifier: Classifier,
    data: LabelledImages,
    robustness: Robustness,
    measurement: Measurement,
) -> dict[str, float]:
    """Look for the signs that need little beside a measurement, on up to `IMAGES` images.

    FGSM is compared with PGD at each radius. Guessing is tried on images that withstood all
    measured attacks, at two radii of the grid. Gradients are looked at, of clean images and of
    attacked ones, as a network may answer otherwise what looks attacked; logits, and whether the
    answers to clean images have collapsed.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images that were measured.
        robustness: Their measurement.
        measurement: The task, the radii of the grid, the seed.

    Returns:
        The alarms by name.

    Raises:
        UnsteadyError: If the classifier answers the same images differently twice.
    """
    subset = evenly(data, IMAGES)
    looked_at = [_pixels(subset)]
    if measurement.eps[-1] > 0:
        looked_at.append(_attacked(classifier, subset, measurement))
    for images in looked_at:
        require_steady(classifier, images)
    slopes = partial(misled, seed=derive(measurement.seed, "slope"))
    report, order = robustness.ranking_report, measurement.headline in ORDERS
    answers = answers_of(report.logits[0], report.task, measurement.headline)
    seed = derive(measurement.seed, "collapse")
    signs = {
        alarms.ONE_STEP: _one_step(robustness),
        alarms.COLLAPSE: alarms.collapse(report.task, answers, report.labels, seed, order=order),
        alarms.GRADIENT: max(
            _share(classifier, subset, images, vanishing, alarms.ALLOWED) for images in looked_at
        ),
        alarms.SLOPE: max(
            _share(classifier, subset, images, slopes, alarms.ALLOWED_SLOPES)
            for images in looked_at
        ),
        alarms.COARSE: _coarseness(classifier, subset),
    }
    if measurement.eps[-1] > 0:
        withstood = np.logical_and.reduce([each.correct for each in robustness.reports.values()])
        signs[alarms.BLACK_BOX] = _guessing(
            classifier, data, _on_grid(measurement.eps, withstood), GUESSES, measurement.seed
        )
    return signs


def audit(
    classifier: Classifier, data: LabelledImages, measurement: Measurement
) -> dict[str, float]:
    """Compute the alarms that need attacks of their own, on `IMAGES` images, always the same ones.

    PGD runs at two radii of the grid and at radii so large that any image may become any other.
    What withstands it on the grid is attacked by guessing, longer than in `guards`. Far from all
    images PGD finds its way less well, on honest models too. So an image counts as withstood only
    if it withstood PGD at every radius: a radius permits all that a smaller one does. Between the
    radii of the grid this is not assumed: scores that rise with the radius are what the alarm
    `alarms.RISING` looks for.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images to take from.
        measurement: The task, the radii of the grid, the seed.

    Returns:
        The alarms by name; empty where nothing is attacked.
    """
    if not measurement.eps[-1] > 0:  # nothing is attacked
        return {}
    subset, task, radii = at_most(data, IMAGES), measurement.task, alarms.two_radii(measurement.eps)
    far = tuple(radius for radius in FAR if radius > radii[-1])
    seed = derive(measurement.seed, "audit")
    attack = build_attack("pgd", task, STEPS, batch_size=measurement.batch_size)
    pgd = evaluate(classifier, _pixels(subset), subset.labels, task, attack, radii + far, seed=seed)
    harms, withstood = _harms(pgd), np.logical_and.accumulate(pgd.correct, axis=0)
    grid = [(radius, withstood[index]) for index, radius in enumerate(radii)]
    return {
        alarms.BLACK_BOX: _guessing(classifier, subset, grid, QUERIES, seed),
        alarms.RISING: alarms.excess(harms[0], harms[1]),
        alarms.UNBOUNDED: alarms.above_chance(withstood[-1], pgd.labels, seed),
    }


def worst_of(*signs: dict[str, float]) -> dict[str, float]:
    """Merge alarms by name; of one that was computed more than once the greatest value counts."""
    names = dict.fromkeys(name for values in signs for name in values)
    return {name: max(values[name] for values in signs if name in values) for name in names}


def _guessing(
    classifier: Classifier,
    data: LabelledImages,
    grid: Sequence[tuple[float, Mask]],
    queries: int,
    seed: int,
) -> float:
    """Compute how many answers fall to guessing alone, at the radius where they are most.

    Args:
        classifier: Maps images to logits (N, K).
        data: N images.
        grid: Radii, and which answers withstood the gradient up to each, (N,) or (N, L).
        queries: Of the black box.
        seed: Of its guesses.
    """
    values = []
    for radius, withstood in grid:
        columns = withstood.reshape(len(withstood), -1)
        counts = [
            _guessed(view, data.images, labels, mask, (radius, queries, seed))
            for (view, labels), mask in zip(_views(classifier, data), columns.T, strict=True)
        ]
        broken, attempts = (float(np.mean(numbers)) for numbers in zip(*counts, strict=True))
        share, total = float(columns.mean()), max(round(attempts), 1)
        values.append(alarms.share_excess(broken, total, of=share))
    return max(values)


def _guessed(
    view: nn.Module,
    images: Tensor,
    labels: Tensor,
    withstood: Mask,
    plan: tuple[float, int, int],
) -> tuple[int, int]:
    """Count the images that guessing alone breaks, and all that it attacked."""
    rows = torch.from_numpy(np.flatnonzero(withstood)).to(images.device)
    if len(rows) == 0:
        return 0, 0
    radius, queries, seed = plan
    subset = at_most(LabelledImages(images[rows], labels[rows]), IMAGES)
    broken = only_guessing(
        view, _pixels(subset), subset.labels, pixels(radius), queries=queries, seed=seed
    )
    return int(broken.sum()), len(subset)


def _one_step(robustness: Robustness) -> float:
    """Compute by how much FGSM harms more than PGD, at the radius above 0 where it is most.

    At the greatest radius networks that mislead PGD may be broken by it as honest ones are.
    """
    fgsm, pgd = (_harms(robustness.reports[kind]) for kind in ("fgsm", "pgd"))
    pairs = list(zip(fgsm, pgd, strict=True))[1:] or [(fgsm[0], pgd[0])]
    return max(alarms.excess(harm, baseline, tests=len(pairs)) for harm, baseline in pairs)


def _attacked(classifier: Classifier, data: LabelledImages, measurement: Measurement) -> Tensor:
    """Attack images at a middle radius; of several labels the first, as one will do."""
    view, labels = next(_views(classifier, data))
    radius, seed = alarms.two_radii(measurement.eps)[0], derive(measurement.seed, "attacked")
    attack = build_attack("pgd", measurement.task, FEW_STEPS, batch_size=measurement.batch_size)
    return attack(view, _pixels(data), labels, pixels(radius), seed)


def _share(
    classifier: Classifier,
    data: LabelledImages,
    images: Tensor,
    sign: Callable[[nn.Module, Tensor, Tensor], Tensor],
    allowed: float,
) -> float:
    """Compute by how much the share of images that have a sign exceeds what is allowed.

    Of all images; and of each class by itself, or of the images with a label and without it, as
    balanced scores count rare classes like others. Of the few images of a class a tenth may have
    any sign, and a single image is none. The greatest excess counts.

    Args:
        classifier: Maps images to logits (N, K).
        data: For the labels.
        images: Of the data, clean or attacked.
        sign: Finds the images that have it.
        allowed: Share of all images that may have it.
    """
    counts, parts = [], []
    for view, labels in _views(classifier, data):
        signs = sign(view, images, labels).cpu()
        counts.append(float(signs.sum()))
        parts += [signs[labels.cpu() == each] for each in labels.unique().cpu()]
    pooled = alarms.share_excess(float(np.mean(counts)), len(data), allowed=allowed)
    excess = partial(
        alarms.share_excess, allowed=max(allowed, alarms.ALLOWED_SLOPES), tests=len(parts)
    )
    sums = ((float(part.sum()), len(part)) for part in parts)
    return max([pooled, *(excess(count, total) for count, total in sums if count > 1)])


def _coarseness(classifier: Classifier, data: LabelledImages) -> float:
    logits = predict_logits(classifier, _pixels(data))
    several = data.labels.ndim == 2  # each logit is a label's, beside a logit of 0
    pairs = [torch.stack([0 * z, z], dim=1) for z in logits.T] if several else [logits]
    return alarms.coarseness(float(np.median([rounding(pair) for pair in pairs])))


def _views(classifier: Classifier, data: LabelledImages) -> Iterator[tuple[nn.Module, Tensor]]:
    """Yield the classifier with its labels, or each label of several as two classes."""
    if data.labels.ndim == 1:
        yield classifier, data.labels
    else:
        for label in range(data.labels.shape[1]):
            yield OneLabel(classifier, label), data.labels[:, label]


def _on_grid(eps: tuple[float, ...], withstood: Mask) -> list[tuple[float, Mask]]:
    """Return two radii above 0, and what withstood attacks up to each.

    They are the middle one and the greatest at which a quarter of the answers withstood: guessing
    needs room, and where nothing withstands there is nothing left to break.
    """
    up_to = np.logical_and.accumulate(withstood, axis=0)
    shares = up_to.reshape(len(eps), -1).mean(axis=1)
    rows = {max(len(eps) // 2, 1), max(int(np.sum(shares >= ALIVE)) - 1, 1)}
    return [(eps[row], up_to[row]) for row in sorted(rows)]


def _pixels(data: LabelledImages) -> Tensor:
    return data.images.float() / 255


def _harms(report: RobustReport) -> list[Mask | Floats]:
    """Return, for each radius, which images are wrong (N,), or the share of their wrong labels."""
    return [wrong.mean(axis=1) if wrong.ndim == 2 else wrong for wrong in ~report.correct]
