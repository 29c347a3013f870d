"""Trainings with other seeds and other subjects, of a finished comparison."""

import io

import pandas as pd
import pytest
from rich.console import Console

from search.robmednas import stability as module
from search.robmednas.stability import stability
from searchspace.errors import UserError


def test_stability_retrains_with_other_seeds_and_other_subjects(finished, printed_by):
    folder, _ = finished
    text = printed_by(stability, folder, 2, 3)
    scores = pd.read_csv(folder / "stability.csv")
    assert set(scores["row"]) == {"Baseline", "Plain U-Net", "Plain U-Net w/AT", "RobMedNAS-T"}
    counts = scores.groupby(["row", "kind"])["number"].nunique()
    assert counts["Baseline", "initialisation"] == 2
    assert counts["RobMedNAS-T", "training data"] == 3
    assert set(scores["condition"]) == {"clean", "fgsm", "pgd"}
    head = scores[(scores["score"] == "mae_head") & (scores["condition"] == "clean")]
    by_training = head.groupby(["row", "kind", "number"])["value"].mean()
    assert by_training.nunique() == len(by_training)  # each training is one of its own
    assert "20 of 20 trainings to do, each of at most 2 epochs" in text
    assert "over 2 trainings" in text
    assert "RobMedNAS-T, pgd: " in text
    assert "HU of one grey" in text
    assert "over 3 trainings" in text


def test_more_folds_than_training_subjects_are_refused(finished):
    folder, _ = finished
    (folder / "stability.csv").unlink(missing_ok=True)
    with pytest.raises(UserError, match="99 groups of 12 subjects"):
        stability(folder, 1, 99, Console(file=io.StringIO()))


def test_a_comparison_without_a_searched_architecture_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no searched architecture"):
        module._searched({"chosen": {"Baseline": "baseline-1"}}, tmp_path)


def test_the_architecture_by_tpe_comes_before_the_one_by_random_draws(tmp_path):
    rows = {"RobMedNAS-R": "robmednas-r-1", "RobMedNAS-T": "robmednas-t-1"}
    assert module._searched({"chosen": rows}, tmp_path) == "RobMedNAS-T"
