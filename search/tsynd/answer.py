"""What table 1 says in words: which method keeps more of its skill under attack than another."""

from collections.abc import Sequence

from search.comparison import verdicts
from search.comparison.rows import Row
from search.comparison.verdicts import Question, Scores
from search.tsynd.methods import ENTROPY, TSYND, TUNED
from searchspace.studies.tsynd import ADVERSARIAL
from trainables.metrics.skill import SKILL
from trainables.study.study import BASELINE

SCORES: Scores = {"robust skill": f"test_pgd_{{headline}}_{SKILL}"}


def questions(methods: Sequence[str]) -> list[Question]:
    """List what is asked of a table, whatever its numbers.

    Every method is compared with the baseline; TSynD also with adversarial training, what a search
    tuned with what it tuned of that, where it did; and mutual information with entropy.

    Args:
        methods: Names of the rows.
    """
    best = f"{TUNED} {ADVERSARIAL}"
    tuned_rival = best if best in methods else ADVERSARIAL
    tuned = [name for name in methods if name.startswith(TUNED) and name != best]
    return [
        *(Question(name, BASELINE) for name in methods if name != BASELINE),
        *(Question(name, ADVERSARIAL) for name in methods if name in {TSYND, ENTROPY}),
        *(Question(name, tuned_rival) for name in tuned),
        Question(TSYND, ENTROPY),
    ]


def answer(rows: Sequence[Row], looks: int = 1) -> str:
    """Write the verdicts of a table.

    Args:
        rows: All trainings.
        looks: How often such verdicts are read.
    """
    methods = list(dict.fromkeys(row.method for row in rows))
    return verdicts.answer(rows, questions(methods), SCORES, looks)
