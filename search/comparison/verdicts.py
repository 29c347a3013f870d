"""Verdicts of a table: which methods are told apart on test, by seeds and images together.

A difference of two methods varies with the seeds of their trainings and with the sample of test
images, which is the same for all seeds: what all trainings of a method get right by chance on these
images, more seeds do not show. So its interval holds both, as in `confirm`: the variance over seeds
and that over images, paired by image. All differences of a table hold together in 95 % of tables,
by Bonferroni's correction: methods that are equal are told apart in 5 % of tables at most.

Trainings of a seed share their training images and frozen models, so they are paired, where there
are seeds enough to tell the variance of their differences. With fewer the variance over seeds is
that of either method (Welch's test), which what they share can but widen.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search.comparison.rows import Row, by_setting, marked_names
from search.results.tables import percent
from searchspace.words import plural
from trainables.metrics.influence import Sample
from trainables.metrics.welch import (
    UNKNOWN,
    Component,
    Estimate,
    at_look,
    estimate_difference,
)

PAIRED_FROM = 6  # seeds; if they share half of the variance (benchmarks/pairing.py)

Scores = Mapping[str, str]
"""What is compared: metrics by words; ``{headline}`` stands for the headline score of a row."""


@dataclass(frozen=True)
class Question:
    """What a table asks of two of its rows.

    Attributes:
        method: The row that answers.
        rival: The row that it is compared with.
        words: What is asked; empty where the names of the rows say it.
    """

    method: str
    rival: str
    words: str = ""

    def of(self, names: Mapping[str, str]) -> str:
        """Write the question; a row is named as the table names it."""
        pair = f"{names[self.method]} less {names[self.rival]}"
        return f"{self.words} ({pair})" if self.words else pair


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The mean difference of two methods over seeds, on the same test images.

    Attributes:
        dataset: A name.
        fraction: Share of its training images that trained.
        question: What is asked.
        score: In words.
        seeds: How many.
        paired: Whether the variance over seeds is that of the differences of single seeds.
        estimate: Of the difference, a share; its interval is NaN where a source of variance is not
            known, and all intervals of a table hold together in 95 % of tables.
    """

    dataset: str
    fraction: float
    question: Question
    score: str
    seeds: int
    paired: bool
    estimate: Estimate

    @property
    def mean(self) -> float:
        """Of the differences, in per cent."""
        return 100 * self.estimate.value

    @property
    def half(self) -> float:
        """Half the width of the interval, in per cent."""
        return 50 * (self.estimate.high - self.estimate.low)

    @property
    def verdict(self) -> str:
        """What the interval says; more of each score is better."""
        if self.seeds < 2:
            return "one seed says nothing"
        if math.isnan(self.half) or math.isnan(self.mean):
            return "not known"
        verdict = self.estimate.verdict("max")
        return "not told apart" if verdict == "not distinguishable" else verdict

    def __str__(self) -> str:
        width = "" if math.isnan(self.half) else f" ± {self.half:.1f}"
        return f"{self.score} {self.mean:+.1f}{width} ({self.verdict})"


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """The trainings of two methods on the same seeds, whose scores are compared.

    Attributes:
        setting: Dataset and fraction.
        question: What is asked of them.
        score: In words.
        metric: Its name.
        pairs: Of each seed, the training of either method.
    """

    setting: tuple[str, float]
    question: Question
    score: str
    metric: str
    pairs: Sequence[tuple[Row, Row]]

    def difference(self, count: int) -> Difference:
        scores = [[row.scores[self.metric] for row in pair] for pair in self.pairs]
        first, second = np.array(scores, dtype=np.float64).T
        paired = len(self.pairs) >= PAIRED_FROM
        return Difference(
            dataset=self.setting[0],
            fraction=self.setting[1],
            question=self.question,
            score=self.score,
            seeds=len(self.pairs),
            paired=paired,
            estimate=estimate_difference((first, second), self._images(), count, paired=paired),
        )

    def _images(self) -> Component:
        """Return the variance over images, which all trainings of both methods answered."""
        rows = [row for pair in self.pairs for row in pair]
        samples = [row.samples[self.metric] for row in rows if self.metric in row.samples]
        equal = all(np.array_equal(sample.labels, samples[0].labels) for sample in samples)
        if len(samples) < len(rows) or not equal:
            return UNKNOWN
        return (Sample.mean(samples[0::2]) - Sample.mean(samples[1::2])).component


def differences(
    rows: Sequence[Row], questions: Sequence[Question], scores: Scores, looks: int = 1
) -> list[Difference]:
    """Compare methods of a table.

    Args:
        rows: Of a table, with all its datasets and fractions: they say how many differences have
            to hold together. A difference of one seed has no interval and does not count.
        questions: Which methods are compared; one whose rows are absent is left out.
        scores: What is compared of them.
        looks: How often such verdicts are read, see `trainables.metrics.welch.at_look`.
    """
    comparisons = list(_comparisons(rows, questions, scores))
    count = sum(len(comparison.pairs) > 1 for comparison in comparisons)
    return [comparison.difference(at_look(count, looks)) for comparison in comparisons]


def answer(
    rows: Sequence[Row], questions: Sequence[Question], scores: Scores, looks: int = 1
) -> str:
    """Write the verdicts, a section for each dataset and fraction, and what their intervals are.

    Args:
        rows: As for `differences`.
        questions: As for `differences`.
        scores: As for `differences`.
        looks: As for `differences`.
    """
    items, parts = differences(rows, questions, scores, looks), []
    for setting, trainings in by_setting(rows).items():
        seeds = len({row.seed for row in trainings})
        names = marked_names(trainings)
        share = f"{100 * setting[1]:g} % of its training images"
        lines = [f"{setting[0]}, {share}, {plural(seeds, 'seed')}:", ""]
        sections: dict[Question, list[Difference]] = {}
        for item in items:
            if (item.dataset, item.fraction) == setting:
                sections.setdefault(item.question, []).append(item)
        lines += [
            f"- {question.of(names)}: {'; '.join(map(str, group))}."
            for question, group in sections.items()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *_note(items)])


def _comparisons(
    rows: Sequence[Row], questions: Sequence[Question], scores: Scores
) -> Iterator[_Comparison]:
    for setting, group in by_setting(rows).items():
        trainings = {(row.method, row.seed): row for row in group}
        seeds = sorted({row.seed for row in group})
        for question in questions:
            couples = [
                (trainings.get((question.method, seed)), trainings.get((question.rival, seed)))
                for seed in seeds
            ]
            for words, template in scores.items():
                metric = template.format(headline=group[0].headline)
                pairs = [
                    (first, second)
                    for first, second in couples
                    if first is not None
                    and second is not None
                    and first.scores.get(metric) is not None
                    and second.scores.get(metric) is not None
                ]
                if pairs:
                    yield _Comparison(
                        setting=setting, question=question, score=words, metric=metric, pairs=pairs
                    )


def _note(items: Sequence[Difference]) -> Iterator[str]:
    """Say what the intervals hold, where there are some."""
    intervals = [item for item in items if not math.isnan(item.half)]
    if intervals:
        test = "Welch's t"
        if any(item.paired for item in intervals):
            test += f", from {PAIRED_FROM} seeds on Student's, paired by seed"
        yield (
            "±: half the width of the interval over seeds and test images, at "
            f"{percent(intervals[0].estimate.level)} ({test}): the {len(intervals)} intervals of "
            "this table hold together in 95 % of tables (Bonferroni)."
        )
