"""Tables 1 and 2."""

from search.comparison.rows import Row
from search.tsynd.tables import markdown


def row(method, headline="bacc", skill=0.25):
    scores = dict.fromkeys(
        ("test_clean_acc", "test_noise_acc", "test_fgsm_acc_eps2", "test_fgsm_acc_eps8"), 0.5
    )
    scores |= {f"test_clean_{headline}": 0.3, f"test_pgd_{headline}_skill": skill}
    return Row(
        dataset="breastmnist", fraction=0.1, seed=0, method=method, headline=headline,
        scores=scores,
    )  # fmt: skip


def test_table_1_has_what_was_tuned_and_table_2_the_two_measures():
    names = ["tuned tsynd", "adversarial", "TSynD, entropy", "TSynD", "baseline"]
    first, _, second = markdown([row(name) for name in names]).partition("## Table 2")
    methods = [line.split(" | ")[2] for line in first.splitlines() if line.startswith("| breast")]
    assert methods == ["baseline", "TSynD", "adversarial", "tuned tsynd"]
    methods = [line.split(" | ")[2] for line in second.splitlines() if line.startswith("| breast")]
    assert methods == ["TSynD", "TSynD, entropy"]


def test_a_line_has_the_papers_accuracies_then_the_headline_and_robust_skill():
    (line,) = (line for line in markdown([row("noise", "auc")]).splitlines() if "| noise |" in line)
    assert line.endswith("| 1 | 50.0 | 50.0 | 50.0 | 50.0 | 30.0 | 25.0 | - |")
