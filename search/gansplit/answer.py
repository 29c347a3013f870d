"""The answer in words: what synthetic images change, seed by seed, beside what they must beat.

All differences of a table hold together in 95 % of tables, by Bonferroni's correction: methods
that are equal are told apart in 5 % of tables at most.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.comparison.rows import LEVEL, Row, by_setting, mean_and_half_width
from search.gansplit.methods import ADVERSARIAL, AUTHENTIC, COPIES, add_label, replace_label
from search.results.tables import percent
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
        dataset: A name.
        fraction: Share of its training images that trained.
        question: What is asked.
        method: The row that answers.
        rival: The row that it is compared with.
        score: In words.
        seeds: How many.
        mean: Of the differences, in per cent.
        half: Half the width of their interval; NaN for one seed.
        level: Of the interval, such that all of the table hold together in 95 % of tables.
    """

    dataset: str
    fraction: float
    question: str
    method: str
    rival: str
    score: str
    seeds: int
    mean: float
    half: float
    level: float

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
        rows: Of a table, with all its datasets and fractions: they say how many differences have
            to hold together. A difference of one seed has no interval and does not count.
    """
    samples = [
        (setting, question, words, gains)
        for setting, group in by_setting(rows).items()
        for question in QUESTIONS
        for words, metric in SCORES.items()
        if (gains := list(_gains(group, *question[1:], metric)))
    ]
    count = sum(len(gains) > 1 for *_, gains in samples)
    level = 1 - (1 - LEVEL) / max(1, count)
    return [
        Difference(
            dataset=dataset,
            fraction=fraction,
            question=question,
            method=method,
            rival=rival,
            score=words,
            seeds=len(gains),
            mean=mean,
            half=half,
            level=level,
        )
        for (dataset, fraction), (question, method, rival), words, gains in samples
        for mean, half in [mean_and_half_width(gains, level)]
    ]


def answer(rows: Sequence[Row]) -> str:
    """Write the answer, a section for each dataset and fraction, and what its intervals are."""
    items, parts = differences(rows), []
    for (dataset, fraction), trainings in by_setting(rows).items():
        seeds = len({row.seed for row in trainings})
        lines = [f"{dataset}, {100 * fraction:g} % of its training images, {seeds} seeds:", ""]
        questions: dict[str, list[Difference]] = {}
        for item in items:
            if (item.dataset, item.fraction) == (dataset, fraction):
                questions.setdefault(item.question, []).append(item)
        lines += [
            f"- {question} ({group[0].method} less {group[0].rival}): {'; '.join(map(str, group))}."
            for question, group in questions.items()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *_note(items)])


def _note(items: Sequence[Difference]) -> Iterator[str]:
    """Say what the intervals hold, where there are some."""
    intervals = [item for item in items if not math.isnan(item.half)]
    if intervals:
        yield (
            f"±: half the width of the interval over seeds, at {percent(intervals[0].level)} "
            f"(Student's t): the {len(intervals)} intervals of this table hold together in 95 % "
            "of tables (Bonferroni). They are about these test images: with others the "
            "differences may be others."
        )


def _gains(rows: Sequence[Row], method: str, rival: str, metric: str) -> Iterator[float]:
    """Yield the difference of two methods of each seed, in per cent."""
    values = {(row.method, row.seed): row.scores.get(metric) for row in rows}
    for seed in sorted({row.seed for row in rows}):
        first, second = values.get((method, seed)), values.get((rival, seed))
        if first is not None and second is not None:
            yield 100 * (first - second)
