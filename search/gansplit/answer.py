"""The answer in words: what synthetic images change, seed by seed, beside what they must beat."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.comparison.rows import Row, mean_and_half_width
from search.gansplit.methods import ADVERSARIAL, AUTHENTIC, COPIES, add_label, replace_label
from trainables.metrics.skill import SKILL

SCORES: Mapping[str, str] = {
    "balanced accuracy": "test_clean_bacc",
    "robust skill": f"test_pgd_bacc_{SKILL}",
}
QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("Half of the authentic images replaced", replace_label(0.5), AUTHENTIC),
    ("Synthetic images alone", replace_label(1), AUTHENTIC),
    ("As many synthetic images added", add_label(1), AUTHENTIC),
    ("As many added, beside repeating authentic ones", add_label(1), COPIES[0]),
    ("As many added, beside augmenting authentic ones", add_label(1), "augmented"),
    (
        "As many added in adversarial training",
        f"{ADVERSARIAL}, {add_label(1)}",
        f"{ADVERSARIAL}, {COPIES[0]}",
    ),
)
"""What is asked, the row that answers, and the row that it is compared with."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The mean difference of two methods over seeds.

    Attributes:
        question: What is asked.
        method: The row that answers.
        rival: The row that it is compared with.
        score: In words.
        seeds: How many.
        mean: Of the differences, in per cent.
        half: Half the width of their 95 % interval; NaN for one seed.
    """

    question: str
    method: str
    rival: str
    score: str
    seeds: int
    mean: float
    half: float

    @property
    def verdict(self) -> str:
        """What the interval says; more of each score is better."""
        if math.isnan(self.half):
            return "one seed says nothing"
        if abs(self.mean) <= self.half:
            return "not told apart"
        return "better" if self.mean > 0 else "worse"

    def __str__(self) -> str:
        width = "" if math.isnan(self.half) else f" ± {self.half:.1f}"
        return f"{self.score} {self.mean:+.1f}{width} ({self.verdict})"


def differences(rows: Sequence[Row]) -> list[Difference]:
    """Compare methods on each seed's own training images and generator.

    Args:
        rows: Of one dataset and fraction.
    """
    return [
        Difference(
            question=question,
            method=method,
            rival=rival,
            score=words,
            seeds=len(gains),
            mean=mean,
            half=half,
        )
        for question, method, rival in QUESTIONS
        for words, metric in SCORES.items()
        if (gains := list(_gains(rows, method, rival, metric)))
        for mean, half in [mean_and_half_width(gains)]
    ]


def answer(rows: Sequence[Row]) -> str:
    """Write the answer, a section for each dataset and fraction."""
    parts = []
    for dataset, fraction in dict.fromkeys((row.dataset, row.fraction) for row in rows):
        group = [row for row in rows if (row.dataset, row.fraction) == (dataset, fraction)]
        seeds = len({row.seed for row in group})
        lines = [f"{dataset}, {100 * fraction:g} % of its training images, {seeds} seeds:", ""]
        questions: dict[str, list[Difference]] = {}
        for difference in differences(group):
            questions.setdefault(difference.question, []).append(difference)
        lines += [
            f"- {question} ({items[0].method} less {items[0].rival}): {'; '.join(map(str, items))}."
            for question, items in questions.items()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _gains(rows: Sequence[Row], method: str, rival: str, metric: str) -> Iterator[float]:
    """Yield the difference of two methods of each seed, in per cent."""
    values = {(row.method, row.seed): row.scores.get(metric) for row in rows}
    for seed in sorted({row.seed for row in rows}):
        first, second = values.get((method, seed)), values.get((rival, seed))
        if first is not None and second is not None:
            yield 100 * (first - second)
