"""The answer: paired by seed, with an interval, in words that follow from it."""

import math

import pytest

from search.comparison.rows import Row
from search.gansplit.answer import answer, differences

T = 4.302652729911275  # of 2 degrees of freedom


def row(method, seed, clean, skill=0.2):
    scores = {"test_clean_bacc": clean, "test_pgd_bacc_skill": skill}
    return Row(
        dataset="breastmnist", fraction=0.5, seed=seed, method=method, headline="bacc",
        scores=scores,
    )  # fmt: skip


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
    assert "balanced accuracy +2.0 ± 0.1 (better); robust skill +0.0 ± 0.0 (not told apart)" in text
    assert "Synthetic images alone" not in text  # no such row


def test_one_seed_says_nothing():
    items = differences([item for item in rows((0.1, 0.1, 0.1)) if item.seed == 0])
    assert {item.verdict for item in items} == {"one seed says nothing"}
    assert "±" not in str(items[0])
