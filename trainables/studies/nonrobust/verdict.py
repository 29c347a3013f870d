"""What the scores of a run, or of a table, say of features: in words, with what they rest on.

A set of made images shows useful nonrobust features only where the network that trained on it alone
is above chance, above networks whose sets were made with random weights, above labels and noise
alone, and above what a linear model of pixels learns of the same set; and where it falls to chance
under attack. Without each of these controls something else may be what was learned.

Above means: by more than seeds and images of both explain. One seed says nothing. So that equal
networks are told apart in 5 % of tables at most, the level counts all verdicts of a table
(Bonferroni); the conditions of one claim all have to hold, and count once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainables.metrics.welch import UNKNOWN, Component, corrected, half_width, total

MARGIN = 0.05  # above chance, that a network of nonrobust features may keep under attack
EXACT = Component(0.0, math.inf)


@dataclass(frozen=True)
class Measured:
    """A balanced accuracy with its 95 % interval; NaN where unknown.

    Attributes:
        value: The mean over seeds.
        low: Lower end of the interval.
        high: Upper end.
        seeds: Variance of the mean over seeds; of one seed it is not known.
        images: Variance over images.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    seeds: Component = UNKNOWN
    images: Component = UNKNOWN

    @property
    def is_of_seeds(self) -> bool:
        """Whether it is of several seeds."""
        return not math.isnan(self.seeds.variance)

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "-"
        if math.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def difference(first: Measured, second: Measured, level: float) -> tuple[float, float]:
    """Return by how much a score exceeds another, and half the width of the interval.

    Args:
        first: The one.
        second: The other; of the same images its images are taken to be others, which is cautious.
        level: Of the interval, in (0, 1).

    Returns:
        The half width is NaN where one of both is of one seed.
    """
    seeds, images = total([first.seeds, second.seeds]), total([first.images, second.images])
    return first.value - second.value, half_width([seeds, images], level)


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


def judge_set(evidence: Evidence, level: float) -> str:
    """Say whether a made set shows useful nonrobust features, and what speaks against it.

    Args:
        evidence: Of the set.
        level: Of the intervals of differences, in (0, 1).
    """
    student, clean = evidence.student, evidence.student.clean
    reasons = _reasons(evidence, level) if clean.is_of_seeds else ["one seed says nothing"]
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


def _reasons(evidence: Evidence, level: float) -> list[str]:
    """List what speaks against a claim; nothing where it stands."""
    clean, attacked = evidence.student.clean, evidence.student.attacked

    def is_above(floor: Measured) -> bool:
        gap, half = difference(clean, floor, level)
        return gap > half

    equals = {name: score for name, score in evidence.controls.items() if not is_above(score)}
    reasons = list[str]()
    if not is_above(Measured(evidence.chance, seeds=EXACT, images=EXACT)):
        reasons.append(f"it is not clearly above chance ({evidence.chance:.3f})")
    if not evidence.controls:
        reasons.append("it has no control")
    if equals:
        name = max(equals, key=lambda label: equals[label].value)
        reasons.append(f"it is not clearly above a control of {equals[name].value:.3f} ({name})")
    if not is_above(evidence.linear):
        value = evidence.linear.value
        reasons.append(f"a linear model of pixels reads {value:.3f} from its set")
    if not attacked.value <= evidence.chance + MARGIN:
        reasons.append(f"it keeps {attacked.value:.3f} under attack: robust features")
    return reasons


def judge_robust(label: str, robust: Scores, baseline: Scores, level: float) -> str:
    """Say what robust training costs on clean images, and what it gains otherwise.

    Args:
        label: Of the robust network.
        robust: Its scores.
        baseline: Those of standard training.
        level: Of the intervals of differences, in (0, 1).
    """
    parts = []
    for name, words in _CONDITIONS.items():
        gap, half = difference(getattr(robust, name), getattr(baseline, name), level)
        width = "" if math.isnan(half) else f" [{gap - half:+.3f}, {gap + half:+.3f}]"
        parts.append(f"{gap:+.3f}{width} {words} ({_verdict(gap, half)})")
    return f"{label} against standard training: {', '.join(parts)}."


_CONDITIONS = {
    "clean": "on clean images",
    "attacked": "under attack",
    "corrupted": "under corruptions",
}


def _verdict(gap: float, half: float) -> str:
    """Say what the interval of a difference says; more of each score is better."""
    if math.isnan(gap):
        return "not measured"
    if math.isnan(half):
        return "one seed says nothing"
    if abs(gap) <= half:
        return "not told apart"
    return "better" if gap > 0 else "worse"


def count_verdicts(
    scores: Mapping[str, Scores], linear: Mapping[str, Measured], *, baseline: str, robust: str
) -> int:
    """Count what `judge` can decide: a claim for each made set, and three conditions.

    What is of one seed says nothing, and does not count.

    Args:
        scores: By the label of the trial.
        linear: By the label of the made set's trial.
        baseline: Label of standard training.
        robust: Label of robust training.
    """
    claims = sum(label in scores and scores[label].clean.is_of_seeds for label in linear)
    pair = [scores[label].clean.is_of_seeds for label in (baseline, robust) if label in scores]
    return claims + len(_CONDITIONS) * (len(pair) == 2 and all(pair))


def judge(
    scores: Mapping[str, Scores],
    linear: Mapping[str, Measured],
    chance: float,
    *,
    controls: Sequence[str],
    baseline: str,
    robust: str,
    verdicts: int,
) -> tuple[str, ...]:
    """Say what scores mean: a sentence for each made set, and one for robust training.

    Args:
        scores: By the label of the trial.
        linear: By the label of the made set's trial: what the linear control reads.
        chance: The score of a constant answer.
        controls: Labels of the controls of made sets.
        baseline: Label of standard training.
        robust: Label of robust training.
        verdicts: How many shall all hold in 95 % of tables.
    """
    level = corrected(verdicts)
    present = {label: scores[label].clean for label in controls if label in scores}
    lines = [
        judge_set(
            Evidence(
                label=label,
                student=scores[label],
                controls=present,
                linear=linear[label],
                chance=chance,
            ),
            level,
        )
        for label in linear
        if label in scores
    ]
    if baseline in scores and robust in scores:
        lines.append(judge_robust(robust, scores[robust], scores[baseline], level))
    return tuple(lines)
