"""The tables are those of the benchmark."""

import json

import pytest

from trainables.corruptions.medmnistc.definitions import ALEXNET, CLEAN, FOLDS, NOT_MADE, STRENGTHS
from trainables.corruptions.medmnistc.operators import OPERATORS


@pytest.fixture
def published(shared_data):
    return json.loads((shared_data / "medmnistc_definitions.json").read_text())


def test_strengths_are_the_first_five_published(published):
    assert set(STRENGTHS) == set(published["corruptions"])
    for dataset, table in published["corruptions"].items():
        assert set(STRENGTHS[dataset]) == set(table) - set(NOT_MADE)
        for name, entry in table.items():
            if name in NOT_MADE:
                continue
            numbers = entry["severity_params"][:5]
            if name == "zoom_blur":
                numbers = [[row[-1], row[1] - row[0]] for row in numbers]
            flat = [tuple(row) if isinstance(row, list) else row for row in numbers]
            for strength, number in zip(STRENGTHS[dataset][name], flat, strict=True):
                assert strength == pytest.approx(number)


def test_the_reference_errors_are_the_published_ones(published):
    for dataset, entry in published["alexnet_baselines_balanced_error"].items():
        assert ALEXNET[dataset][CLEAN] == pytest.approx(entry["clean_score"], abs=1e-6)
        for name, error in entry["raw_scores"].items():
            assert ALEXNET[dataset][name] == pytest.approx(error, abs=1e-6)


def test_every_corruption_lies_in_a_fold_and_is_made_or_named_as_not_made():
    kinds = {name for table in STRENGTHS.values() for name in table}
    assert kinds == set(OPERATORS)
    assert kinds | set(NOT_MADE) == {name for names in FOLDS.values() for name in names}
