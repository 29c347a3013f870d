"""What the scores of a run, or of a table, say of features: in words, with what they rest on.

A set of made images shows useful nonrobust features only where the network that trained on it alone
is above chance, above networks whose sets were made with random weights, above labels and noise
alone, and above what a linear model of pixels learns of the same set; and where it falls to chance
under attack. Without each of these controls something else may be what was learned.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARGIN = 0.05  # above chance, that a network of nonrobust features may keep under attack


@dataclass(frozen=True)
class Measured:
    """A balanced accuracy, or a difference of two, with its 95 % interval; NaN where unknown."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        if math.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Scores:
    """A network without attack, under attack at one radius, and under corruptions."""

    clean: Measured
    attacked: Measured
    corrupted: Measured


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a claim about one made set rests on.

    Attributes:
        label: Of the network that trained on the set alone.
        student: Its scores.
        controls: Clean scores of the controls, by label.
        linear: What a linear model of pixels learns of the set.
        chance: The score of a constant answer.
    """

    label: str
    student: Scores
    controls: Mapping[str, Measured]
    linear: Measured
    chance: float


def judge_set(evidence: Evidence) -> str:
    """Say whether a made set shows useful nonrobust features, and what speaks against it."""
    student, clean = evidence.student, evidence.student.clean
    best = max(evidence.controls.items(), key=lambda item: item[1].value, default=None)
    reasons = list[str]()
    if not clean.low > evidence.chance:
        reasons.append(f"it is not above chance ({evidence.chance:.3f})")
    if best is None:
        reasons.append("it has no control")
    elif not clean.low > best[1].value:
        reasons.append(f"a control scores {best[1].value:.3f} ({best[0]})")
    if not clean.low > evidence.linear.value:
        reasons.append(f"a linear model of pixels reads {evidence.linear.value:.3f} from its set")
    if not student.attacked.value <= evidence.chance + MARGIN:
        reasons.append(f"it keeps {student.attacked.value:.3f} under attack: robust features")
    if reasons:
        return (
            f"{evidence.label}: useful nonrobust features are not shown: with {clean} on clean "
            f"images, {'; '.join(reasons)}."
        )
    return (
        f"{evidence.label}: useful nonrobust features are shown: {clean} on clean images, above "
        f"chance ({evidence.chance:.3f}), above all {len(evidence.controls)} controls and above a "
        f"linear model of pixels ({evidence.linear.value:.3f}), and {student.attacked.value:.3f} "
        "under attack."
    )


def judge_robust(label: str, robust: Scores, baseline: Scores) -> str:
    """Say what robust training costs on clean images, and what it gains otherwise.

    Args:
        label: Of the robust network.
        robust: Its scores.
        baseline: Those of standard training.
    """
    parts = []
    for words in ("clean", "attacked", "corrupted"):
        first, second = (getattr(scores, words) for scores in (robust, baseline))
        size = f"{abs(first.value - second.value):.3f}"
        change = "loses nothing" if float(size) == 0 else f"{_verb(first, second)} {size}"
        parts.append(f"{change} {_CONDITIONS[words]}")
    return f"{label} against standard training: {', '.join(parts)}."


_CONDITIONS = {
    "clean": "on clean images",
    "attacked": "under attack",
    "corrupted": "under corruptions",
}


def _verb(first: Measured, second: Measured) -> str:
    """Say whether the first is better, and whether the intervals overlap."""
    word = "gains" if first.value >= second.value else "loses"
    apart = first.low > second.high or first.high < second.low
    measured = not (math.isnan(first.low) or math.isnan(second.low))
    return word if apart or not measured else f"{word} (intervals overlap)"


def judge(
    scores: Mapping[str, Scores],
    linear: Mapping[str, Measured],
    chance: float,
    *,
    controls: Sequence[str],
    baseline: str,
    robust: str,
) -> tuple[str, ...]:
    """Say what scores mean: a sentence for each made set, and one for robust training.

    Args:
        scores: By the label of the trial.
        linear: By the label of the made set's trial: what the linear control reads.
        chance: The score of a constant answer.
        controls: Labels of the controls of made sets.
        baseline: Label of standard training.
        robust: Label of robust training.
    """
    present = {label: scores[label].clean for label in controls if label in scores}
    lines = [
        judge_set(
            Evidence(
                label=label,
                student=scores[label],
                controls=present,
                linear=linear[label],
                chance=chance,
            )
        )
        for label in linear
        if label in scores
    ]
    if baseline in scores and robust in scores:
        lines.append(judge_robust(robust, scores[robust], scores[baseline]))
    return tuple(lines)
