"""What the document prints, and where it contradicts itself."""

import pytest

from search.deepauc.published import ABLATION, DATASETS, FINAL, LOSSES, MEDMNIST, contradictions


def test_tables_have_a_value_for_each_dataset_but_the_row_that_3d_lacks():
    for areas in (*LOSSES.values(), FINAL, MEDMNIST):
        assert list(areas) == list(DATASETS)
    assert {len(areas) for areas in ABLATION.values()} == {7, 3}
    assert FINAL["nodulemnist3d"] > MEDMNIST["nodulemnist3d"]
    assert sum(FINAL[name] > MEDMNIST[name] for name in DATASETS) == 5  # as it concludes


@pytest.mark.parametrize(
    ("dataset", "gaps"),
    [
        ("nodulemnist3d", "+8.6 and +8.6"),
        ("adrenalmnist3d", "+10.7 and +10.2"),
        ("vesselmnist3d", "+9.1 and +5.8"),
        ("synapsemnist3d", "+9.8 and +6.4"),
        ("breastmnist", "-1.8 and -1.8"),
    ],
)
def test_test_above_validation_is_said_beside_the_numbers(dataset, gaps):
    assert f"{dataset} {gaps}." in contradictions([dataset])[0]


def test_rows_below_chance_are_named():
    lines = contradictions(["breastmnist", "phantom"])
    assert "below chance: breastmnist 34.8." in lines[1]
    assert len(lines) == 2


def test_of_datasets_that_the_document_does_not_have_nothing_is_said():
    assert contradictions(["phantom"]) == []


def test_chestmnist_has_medmnists_own_value():
    assert "76.8 for two losses" in contradictions(["chestmnist"])[-1]
    assert LOSSES["ap"]["chestmnist"] == LOSSES["pauc"]["chestmnist"] == MEDMNIST["chestmnist"]
