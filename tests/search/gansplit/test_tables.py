"""Tables: means with intervals, and answers by class."""

import numpy as np

from search.comparison.rows import Row
from search.gansplit.tables import markdown, mean_confusion


def row(method, seed, matrix, clean=0.6, dataset="breastmnist"):
    counts = {
        f"test_{condition}_confusion_{label}_{answer}": float(count)
        for condition in ("clean", "attacked")
        for (label, answer), count in np.ndenumerate(np.array(matrix))
    }
    scores = {
        "test_clean_acc": clean,
        "test_clean_bacc": clean,
        "test_pgd_bacc_skill": 0.1,
        "test_noise_bacc_skill": 0.3,
    }
    return Row(
        dataset=dataset, fraction=0.5, seed=seed, method=method, headline="bacc",
        scores=scores | counts,
    )  # fmt: skip


ROWS = [
    row("authentic", 0, [[6, 2], [1, 9]], 0.6),
    row("authentic", 1, [[4, 4], [3, 7]], 0.8),
    row("replace 1", 0, [[8, 0], [10, 0]]),
]


def test_the_matrix_is_the_mean_over_seeds():
    matrix = mean_confusion(ROWS, "authentic", "clean")
    assert matrix.tolist() == [[5, 3], [2, 8]]
    assert mean_confusion(ROWS, "noise", "clean") is None


def test_tables_hold_means_precision_and_recall():
    text = markdown(ROWS)
    assert "| breastmnist | 50 % | authentic | 2 | 70.0 [0.0, 100.0]" in text
    assert "breastmnist, 50 %, authentic, attacked:" in text
    lines = text.splitlines()
    first = lines.index("breastmnist, 50 %, authentic, clean:")
    assert lines[first + 2] == "| true class | malignant | normal, benign | precision | recall |"
    assert lines[first + 4] == "| malignant | 5.0 | 3.0 | 0.71 | 0.62 |"
    second = lines.index("breastmnist, 50 %, replace 1, clean:")
    assert lines[second + 5] == "| normal, benign | 10.0 | 0.0 | - | 0.00 |"
    assert "## In words" in text


def test_classes_without_names_have_numbers():
    text = markdown([row("authentic", 0, np.eye(3, dtype=int), dataset="phantom")])
    assert "| class 3 | 0.0 | 0.0 | 1.0 | 1.00 | 1.00 |" in text
    assert "nan" not in text
