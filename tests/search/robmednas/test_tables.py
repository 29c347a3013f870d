"""The paper's tables: what is compared, and how it is written."""

import pandas as pd
import pytest

from search.robmednas.retrain import Retrained
from search.robmednas.sources import Candidate
from search.robmednas.tables import comparisons, name_of, sentences, sizes_table

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
    _, _, clean, attacked, limit = sentences(scores, ["pgd"])
    assert clean.startswith("Random, clean: better than Baseline in head MAE (-11.2 HU [-")
    assert attacked.startswith("Random, PGD at 0.06: not distinguishable from Baseline in head MAE")
    assert limit.startswith("8 test subjects; over subjects, of one training of each network")


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
