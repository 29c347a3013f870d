"""The paper's tables: what is compared, and how it is written."""

import pandas as pd
import pytest

from search.robmednas.retrain import Retrained
from search.robmednas.sources import Candidate, in_order
from search.robmednas.tables import comparisons, deviation, name_of, sentences, sizes_table

SUBJECTS = 8


@pytest.fixture
def scores():
    """Head MAE of two rows over eight subjects, clean and under PGD, where they are alike."""
    rows = []
    for subject in range(SUBJECTS):
        better, alike = 90.0 + 2 * subject / 3, 100.0 + subject + (-1) ** subject
        values = {"clean": (100.0 + subject, better), "pgd": (100.0 + subject, alike)}
        for kind, pair in values.items():
            for row, value in zip(("Baseline", "Random"), pair, strict=True):
                row_of_file = {"row": row, "kind": kind, "strength": 0.06 * (kind == "pgd")}
                row_of_file |= {"subject": f"s{subject}", "score": "mae_head", "value": value}
                rows.append(row_of_file)
    return pd.DataFrame(rows)


def test_comparisons_are_paired_and_corrected(scores):
    comparison = comparisons(scores, "clean", "mae_head")["Random"]
    assert comparison.verdict == "better"
    assert comparison.p_adjusted < 1e-4
    assert comparison.difference.value < comparison.difference.high < -10
    assert comparison.difference.level == 0.95


def test_without_a_baseline_nothing_is_compared(scores):
    assert comparisons(scores[scores["row"] != "Baseline"], "clean", "mae_head") == {}


def test_sentences_say_how_each_row_compares(scores):
    scope, _, _, clean, attacked, count = sentences(scores, ["pgd"])
    assert scope.startswith("all comparisons are of one training each")
    assert clean.startswith("Random, clean: this training is better than Baseline in head MAE (-11")
    assert "PGD at 0.06: this training is not distinguishable from Baseline" in attacked
    assert count == "8 test subjects"


def test_one_subject_has_neither_interval_nor_deviation(scores):
    alone = scores[scores["subject"] == "s3"]
    sentence = sentences(alone, ["pgd"])[3]
    assert sentence.endswith("-11.0 HU beside Baseline in head MAE, without an interval")
    assert deviation(float("nan"), 1) == ""
    assert deviation(1.25, 1) == "±1.2"


@pytest.mark.parametrize("name", ["One grey", "By intensity"])
def test_what_needs_no_network_is_a_row_that_nothing_is_compared_with(scores, name):
    row = scores[scores["row"] == "Baseline"].assign(row=name, value=300.0)
    both = pd.concat([scores, row])
    assert sentences(both, ["pgd"]) == sentences(scores, ["pgd"])
    assert in_order(both["row"]) == [name, "Baseline", "Random"]


def test_a_condition_is_written_with_its_strength(scores):
    assert (name_of("clean", scores), name_of("pgd", scores)) == ("clean", "PGD at 0.06")


def test_the_cost_of_a_network_stands_beside_its_value():
    """What chose is printed, and not what FGSM left, which comes first among the metrics."""
    metrics = {
        "parameters": 12345.0, "multiply_adds": 2.5e9, "ranking_clean_mae_head": 66.6,
        "ranking_fgsm_mae_head_curve": 77.7, "ranking_fgsm_mae_head_skill": 0.9,
        "ranking_pgd_mae_head_curve": 88.8, "ranking_pgd_mae_head_skill": 0.4567,
    }  # fmt: skip
    row = (Candidate("random-1", "Random", {}), Retrained(7, 5, metrics, 1.0))
    columns = sizes_table([row], "ranking_pgd_mae_head_skill").columns
    assert [list(column.cells) for column in columns] == [
        ["Random"], ["12,345"], ["2.50"], ["7"], ["0.457"], ["66.6"], ["88.8"],
    ]  # fmt: skip
