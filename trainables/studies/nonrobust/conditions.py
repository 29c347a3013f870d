"""An examination as the three numbers that the study compares: clean, attacked, corrupted."""

import numpy as np

from trainables.corruptions.corruptions import CORRUPTIONS
from trainables.metrics.classification import mean_recall
from trainables.metrics.intervals import summary_interval
from trainables.metrics.skill import Area
from trainables.metrics.welch import interval_component
from trainables.runtime.arrays import Floats64
from trainables.study.examination import CLEAN, ENSEMBLE, Examination

CORRUPTED = "corrupted"
APART = "apart"  # without near copies
VARIANCE = "variance"  # over images: how the names of such numbers end


def scores_of(examination: Examination, split: str) -> dict[str, float]:
    """Return balanced accuracies by name, each with its variance over samples of images.

    The variance is that of an interval of `trainables.metrics.intervals`: answers that are all
    right or all wrong have one, too.

    Args:
        examination: With corruptions.
        split: With which the names begin: ``test_clean_bacc``, ``test_ensemble_bacc_eps4``,
            ``test_corrupted_bacc`` (the mean over kinds and severities), and one for each kind.
            Of the images without near copies, where these were looked for, it is followed by
            ``apart``: ``test_apart_clean_bacc``.
    """
    numbers = _numbers(examination, split)
    near = examination.near
    apart = examination.without_near() if near is None or near.any() else examination
    return numbers if apart is None else numbers | _numbers(apart, f"{split}_{APART}")


def _numbers(examination: Examination, split: str) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, answers in rows_of(examination).items():
        numbers[f"{split}_{name}"] = float(mean_recall(answers, examination.labels))
        interval = summary_interval(answers[None], examination.labels, Area((0.0,)), seed=0)
        component = interval_component(interval.high - interval.low)
        numbers[f"{split}_{name}_{VARIANCE}"] = component.variance
    return numbers


def rows_of(examination: Examination) -> dict[str, Floats64]:
    """Return the answers of each image, (N,), by condition: right 1, wrong 0, or their mean."""
    kinds = np.array([kind for kind, _ in examination.conditions])
    rows: dict[str, Floats64] = {}
    for (kind, strength), answers in zip(examination.conditions, examination.scores, strict=True):
        if kind == CLEAN:
            rows["clean_bacc"] = answers
        elif kind == ENSEMBLE:
            rows[f"ensemble_bacc_eps{255 * strength:g}"] = answers
    corrupted = np.isin(kinds, list(CORRUPTIONS))
    if corrupted.any():
        rows[f"{CORRUPTED}_bacc"] = examination.scores[corrupted].mean(axis=0)
        for kind in CORRUPTIONS:
            rows[f"{CORRUPTED}_bacc_{kind}"] = examination.scores[kinds == kind].mean(axis=0)
    return rows
