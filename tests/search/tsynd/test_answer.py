"""What table 1 is asked, whatever its numbers."""

import numpy as np

from search.comparison.rows import Row
from search.tsynd.answer import answer, questions
from search.tsynd.methods import methods, tsynd
from trainables.metrics.influence import Sample
from trainables.study.study import Reference

BEST = ("tuned tsynd", "tuned adversarial")


def pairs(*tuned):
    settings = tsynd.parse_settings({"device": "cpu"})
    rows = methods(settings, [Reference(label, {}) for label in tuned])
    return [(item.method, item.rival) for item in questions([row.label for row in rows])]


def test_every_method_meets_the_baseline_and_tsynd_adversarial_training():
    assert pairs() == [
        ("noise", "baseline"), ("TSynD", "baseline"), ("TSynD, entropy", "baseline"),
        ("adversarial", "baseline"), ("TSynD", "adversarial"), ("TSynD, entropy", "adversarial"),
        ("TSynD", "TSynD, entropy"),
    ]  # fmt: skip


def test_what_was_tuned_meets_what_was_tuned():
    """A tuned TSynD beside an untuned rival would look better than it is."""
    further = set(pairs(*BEST)) - set(pairs())
    assert further == {(BEST[0], "baseline"), (BEST[1], "baseline"), BEST}
    assert set(pairs("tuned")) - set(pairs()) == {("tuned", "baseline"), ("tuned", "adversarial")}


def test_the_verdict_is_on_the_skill_that_ranks():
    metric, classes = "test_pgd_auc_skill", np.zeros(30, dtype=int)
    rows = [
        Row(
            dataset="chestmnist", fraction=0.1, seed=seed, method=method, headline="auc",
            scores={metric: skill + 0.001 * seed},
            samples={metric: Sample(np.zeros(30), classes, np.zeros((0, 1)))},
        )
        for method, skill in (("baseline", 0.1), ("TSynD", 0.2), ("adversarial", 0.3))
        for seed in range(5)
    ]  # fmt: skip
    text = answer(rows)
    assert "chestmnist, 10 % of its training images, 5 seeds:" in text
    assert "- TSynD less baseline: robust skill +10.0 ± 0.3 (better)." in text
    assert "- TSynD less adversarial: robust skill -10.0 ± 0.3 (worse)." in text
    assert "at 98.33 % (Welch's t): the 3 intervals" in text
