"""What scores are called and how they are read: the one place that tells their kinds apart."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What the scores of one kind of task have in common.

    Attributes:
        inputs: What a model sees, in words.
        threat: What an attacker may do, in words.
        eps_axis: Epsilon and its unit, as an axis says it.
        eps_unit: What follows a radius in words.
        eps_scale: Radii in ``ranking.npz`` times this are those in the names of metrics.
        kept: The score that ``ranking.npz`` holds.
        level: What the level that a model has to beat is called.
        columns: Of the leaderboard, beside the value: metrics, where ``{score}`` is the one shown.
    """

    inputs: str
    threat: str
    eps_axis: str
    eps_unit: str
    eps_scale: float
    kept: str
    level: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Score:
    """How a score is read.

    Attributes:
        words: What it is, with its unit.
        kind: What it shares with others.
        digits: After the point.
        from_zero: Whether its axis begins at 0.
    """

    words: str
    kind: Kind
    digits: int = 3
    from_zero: bool = False


CLASSIFICATION = Kind(
    inputs="images",
    threat="L∞: every pixel moves by at most ε and stays in [0, 1]; ε in 255ths of that range",
    eps_axis="ε in 255ths",
    eps_unit="/255",
    eps_scale=255.0,
    kept="bacc",
    level="chance",
    columns={
        "clean": "ranking_clean_{score}",
        "noise": "ranking_noise_{score}",
        "fgsm": "ranking_fgsm_{score}_curve",
    },
)
SYNTHESIS = Kind(
    inputs="MR",
    threat="L∞: every pixel of the MR moves by at most ε, without clipping; ε in standard "
    "deviations of the subject's MR",
    eps_axis="ε in standard deviations of the MR",
    eps_unit=" SD",
    eps_scale=1.0,
    kept="mae_head",
    level="mean CT by MR intensity",
    columns={
        "clean": "ranking_clean_{score}",
        "fgsm": "ranking_fgsm_{score}_curve",
        "parameters": "parameters",
        "multiply_adds": "multiply_adds",
    },
)

REGIONS = {"head": "head", "air": "air", "bone": "bone", "soft": "soft tissue"}
SCORES: Mapping[str, Score] = {
    "acc": Score("accuracy", CLASSIFICATION, from_zero=True),
    "bacc": Score("balanced accuracy", CLASSIFICATION, from_zero=True),
    "auc": Score("AUC", CLASSIFICATION, from_zero=True),
    # Errors in HU and overlaps differ by a small part of themselves: from 0, all lines were one.
    **{f"mae_{key}": Score(f"{name} MAE in HU", SYNTHESIS, 1) for key, name in REGIONS.items()},
    **{f"dice_{key}": Score(f"Dice of {name}", SYNTHESIS) for key, name in REGIONS.items()},
}
METRIC = re.compile(
    rf"(?P<split>[a-z]+)_(?P<how>.+?)_(?P<score>{'|'.join(SCORES)})(_(?P<point>curve|eps.+))?"
)


def score_of(metric: str) -> str | None:
    """Return the score that a metric is of; None where its name follows no rule."""
    found = METRIC.fullmatch(metric)
    return None if found is None else found["score"]


def describe(metric: str) -> str:
    """Say in words what a metric is; a name that follows no rule stays as it is."""
    found = METRIC.fullmatch(metric)
    if found is None:
        return metric.replace("_", " ")
    score, how, point = SCORES[found["score"]], found["how"], found["point"]
    if how in {"clean", "noise"}:
        words = f"{score.words} on {'clean' if how == 'clean' else 'noisy'} {score.kind.inputs}"
    else:
        words = f"{score.words} under {how.upper()}"
    if point == "curve":
        words += ", mean over ε"
    elif point:
        words += f", ε = {point.removeprefix('eps')}{score.kind.eps_unit}"
    return words if found["split"] == "ranking" else f"{words} ({found['split']})"


def written(metric: str, value: float) -> str:
    """Write a metric's value with as many digits as can be told apart."""
    score = score_of(metric)
    return f"{value:.{3 if score is None else SCORES[score].digits}f}"


def written_tau(tau: float, low: float, high: float) -> str:
    """Write Kendall's tau with its interval, of which there is none where all pairs agree."""
    if math.isnan(tau):
        return "not known"
    if abs(tau) > 1 - 1e-9:
        return f"{tau:.0f}: all pairs {'agree' if tau > 0 else 'disagree'}"
    return f"{tau:.2f}" if (low, high) == (-1.0, 1.0) else f"{tau:.2f} [{low:.2f}, {high:.2f}]"
