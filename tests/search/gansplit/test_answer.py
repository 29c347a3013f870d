"""The answer: paired by seed, with an interval, in words that follow from it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from search.comparison.rows import Row
from search.gansplit.answer import QUESTIONS, SCORES, answer, differences

T = stats.t.ppf(1 - 0.05 / 4 / 2, 2)  # of 3 seeds, where 2 rivals and 2 scores are compared


def row(method, seed, clean, skill=0.2):
    scores = {"test_clean_bacc": clean, "test_pgd_bacc_skill": skill}
    return Row(
        dataset="breastmnist", fraction=0.5, seed=seed, method=method, headline="bacc",
        scores=scores,
    )  # fmt: skip


def made_table(generator, seeds=3):
    """Make seeds that differ, and all methods that are asked about, equal but for chance."""
    methods = dict.fromkeys(name for question in QUESTIONS for name in question[1:])
    return [
        row(method, seed, *(base + generator.normal(0, 0.03, 2)))
        for seed, base in enumerate(generator.uniform(0.3, 0.7, seeds))
        for method in methods
    ]


def rows(gains):
    """Make seeds that differ much from one another, and methods that differ by gains."""
    bases = (0.5, 0.7, 0.9)
    return [
        row(method, seed, base + (gain if method == "add 1" else 0))
        for seed, (base, gain) in enumerate(zip(bases, gains, strict=True))
        for method in ("authentic", "add 1", "repeats")
    ]


def clean(items, rival):
    (difference,) = (
        item for item in items if item.score == "balanced accuracy" and item.rival == rival
    )
    return difference


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.02, 0.02, 0.021), "better"),
        ((-0.02, -0.02, -0.021), "worse"),
        ((0.03, -0.03, 0.01), "not told apart"),
    ],
)
def test_seeds_are_paired(gains, verdict):
    difference = clean(differences(rows(gains)), "repeats")
    mean = sum(gains) / 3
    deviation = math.sqrt(sum((gain - mean) ** 2 for gain in gains) / 2)
    assert difference.mean == pytest.approx(100 * mean)
    assert difference.half == pytest.approx(100 * T * deviation / math.sqrt(3))
    assert difference.verdict == verdict
    assert difference.seeds == 3


def test_words_name_what_is_compared():
    text = answer(rows((0.02, 0.02, 0.021)))
    assert text.startswith("breastmnist, 50 % of its training images, 3 seeds:")
    assert "As many added, beside repeating authentic ones (add 1 less repeats)" in text
    assert "balanced accuracy +2.0 ± 0.3 (better); robust skill +0.0 ± 0.0 (not told apart)" in text
    assert "Synthetic images alone" not in text  # no such row
    assert "interval over seeds, at 99 %" in text
    assert "the 4 intervals of this table hold together in 95 % of tables" in text
    assert "They are about these test images" in text


def test_one_seed_says_nothing():
    items = differences([item for item in rows((0.1, 0.1, 0.1)) if item.seed == 0])
    assert {item.verdict for item in items} == {"one seed says nothing"}
    assert "±" not in str(items[0])
    assert "±" not in answer([item for item in rows((0.1, 0.1, 0.1)) if item.seed == 0])


def test_what_has_one_seed_does_not_widen_the_other_intervals():
    several = rows((0.02, 0.02, 0.021))
    (single,) = {item.level for item in differences([*several, row("replace 1", 0, 0.5)])}
    assert single == pytest.approx(1 - 0.05 / 4)


def test_all_datasets_and_fractions_of_a_table_hold_together():
    first = rows((0.02, 0.02, 0.021))
    items = differences([*first, *(replace(item, fraction=1.0) for item in first)])
    assert len(items) == 8
    assert {item.level for item in items} == {1 - 0.05 / 8}
    assert {item.fraction for item in items} == {0.5, 1.0}


@pytest.mark.parametrize("seeds", [2, 3, 6])
def test_equal_methods_are_told_apart_in_one_table_of_twenty(seeds):
    """At 95 % for each difference, of three seeds, they were told apart in 4 tables of 10."""
    generator, tables = np.random.default_rng(0), 600
    wrong = 0
    for _ in range(tables):
        items = differences(made_table(generator, seeds))
        assert len(items) == len(QUESTIONS) * len(SCORES)
        wrong += any(item.verdict != "not told apart" for item in items)
    assert wrong / tables <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / tables)  # chance of the test
