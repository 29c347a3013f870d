"""The answer: what is asked of the split."""

import numpy as np
import pytest

from search.comparison.rows import Row
from search.gansplit.answer import QUESTIONS, answer
from search.gansplit.methods import methods
from trainables.metrics.influence import Sample
from trainables.studies.gansplit.settings import GANSplitSettings

CLASSES = np.repeat([0, 1], 20)


def rows(gain=0.02):
    """Make six seeds that differ much from one another, and methods of which one is better."""
    metrics = ("test_clean_bacc", "test_pgd_bacc_skill")
    sample = Sample(np.zeros(len(CLASSES)), CLASSES, np.zeros((0, 2)))
    return [
        Row(
            dataset="breastmnist", fraction=0.5, seed=seed, method=method, headline="bacc",
            scores=dict.fromkeys(metrics, base + gain * (method == "add 1")),
            samples=dict.fromkeys(metrics, sample),
        )
        for seed, base in enumerate((0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
        for method in ("authentic", "add 1", "repeats")
    ]  # fmt: skip


def test_the_answer_is_in_words_and_numbers():
    text = answer(rows())
    assert (
        "- As many added, beside repeating authentic ones (add 1 less repeats): balanced accuracy "
        "+2.0 ± 0.0 (better); robust skill +2.0 ± 0.0 (better)."
    ) in text
    assert "Synthetic images alone" not in text  # no such row
    assert "paired by seed" in text
    assert "seeds and test images" in text


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_of_rows_of_the_table(question):
    labels = {row.label for row in methods(GANSplitSettings(), (0, 0.5, 1))}
    assert {question.method, question.rival} <= labels
