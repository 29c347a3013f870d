"""The answer in words: what synthetic images change, beside what they must beat."""

from collections.abc import Sequence

from search.comparison import verdicts
from search.comparison.rows import Row
from search.comparison.verdicts import Question, Scores
from search.gansplit.methods import ADVERSARIAL, AUTHENTIC, COPIES, add_label, replace_label
from trainables.metrics.skill import SKILL

SCORES: Scores = {
    "balanced accuracy": "test_clean_{headline}",
    "robust skill": f"test_pgd_{{headline}}_{SKILL}",
}
QUESTIONS = (
    Question(replace_label(0.5), AUTHENTIC, "Half of the authentic images replaced"),
    Question(replace_label(1), AUTHENTIC, "Synthetic images alone"),
    Question(add_label(1), AUTHENTIC, "As many synthetic images added"),
    Question(add_label(1), COPIES[0], "As many added, beside repeating authentic ones"),
    Question(add_label(1), "augmented", "As many added, beside augmenting authentic ones"),
    Question(
        f"{ADVERSARIAL}, {add_label(1)}",
        f"{ADVERSARIAL}, {COPIES[0]}",
        "As many added in adversarial training",
    ),
)
"""What is asked, the row that answers, and the row that it is compared with."""


def answer(rows: Sequence[Row], looks: int = 1) -> str:
    """Write what each question comes to.

    Args:
        rows: All trainings.
        looks: How often such verdicts are read.
    """
    return verdicts.answer(rows, QUESTIONS, SCORES, looks)
