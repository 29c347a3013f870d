"""The document's tables, ours and MedMNIST's side by side."""

import pytest

from search.comparison.rows import Row
from search.deepauc.tables import markdown


def row(method, seed=0, *, val=0.9, test=0.8, dataset="breastmnist", half=0.03):
    scores = dict.fromkeys(("test_pgd_auc_eps1", "test_pgd_auc_eps2", "test_clean_bacc"), 0.5)
    scores |= {"val_clean_auc": val, "test_clean_auc": test}
    scores |= {"low.test_clean_auc": test - half, "high.test_clean_auc": test + half}
    return Row(
        dataset=dataset, fraction=1.0, seed=seed, method=method, headline="auc", scores=scores
    )


def lines_of(rows, title):
    (part,) = (part for part in markdown(rows).split("## ") if part.startswith(title))
    return [line for line in part.splitlines() if line.startswith("| ")][2:]


def test_each_line_of_the_ablation_has_the_documents_value_or_none():
    rows = [row("sampler, decay"), row("plain"), row("augmentation"), row("cross-entropy")]
    assert lines_of(rows, "The AUC margin") == [
        "| breastmnist | 100 % | plain | 1 | 90.0 | 80.0 | - | 50.0 | 50.0 | 50.0 | 92.0 |",
        "| breastmnist | 100 % | augmentation | 1 | 90.0 | 80.0 | - | 50.0 | 50.0 | 50.0 | - |",
        "| breastmnist | 100 % | sampler, decay | 1 | 90.0 | 80.0 | - | 50.0 | 50.0 | 50.0 | 94.9 |",  # noqa: E501
    ]


def test_losses_stand_beside_cross_entropy_which_the_document_lacks():
    rows = [row("cross-entropy"), row("sampler, decay"), row("pauc document")]
    cells = [line.split(" | ") for line in lines_of(rows, "Losses")]
    assert [(line[2], line[-1]) for line in cells] == [
        ("sampler, decay", "93.1 |"),
        ("pauc document", "80.3 |"),
        ("cross-entropy", "- |"),
    ]


@pytest.mark.parametrize(
    ("test", "verdict"), [(0.90, "not told apart"), (0.95, "above"), (0.86, "below")]
)
def test_the_final_table_takes_the_best_on_val_and_says_where_medmnist_lies(test, verdict):
    rows = [row("cross-entropy", val=0.89, test=0.99), row("decay", val=0.91, test=test)]
    (line,) = lines_of(rows, "Final")
    assert f"| decay | 1 | 91.0 | {100 * test:.1f} ± 3.0 | 50.0 | 99.0 | 93.1 | 90.1 |" in line
    assert line.endswith(f"| {verdict} |")


def test_the_interval_of_test_holds_seeds_and_images():
    rows = [row("plain", 0, test=0.81), row("plain", 1, test=0.79)]
    (line,) = lines_of(rows, "Final")
    assert "| 80.0 ± 13.1 |" in line  # Student's 12.706 for two seeds, and 3 for images


@pytest.mark.parametrize("undefined", [None, float("nan")])
def test_a_score_that_is_not_defined_is_never_the_best(undefined):
    rows = [row("plain", val=undefined), row("decay", val=0.3)]
    (line,) = lines_of(rows, "Final")
    assert "| decay |" in line


def test_of_the_phantom_no_published_value_is_claimed():
    (line,) = lines_of([row("plain", dataset="phantom")], "Final")
    assert line.endswith("| - | - | - |")
    assert "contradicts" not in markdown([row("plain", dataset="phantom")])
