"""Corruption and stability of a finished comparison."""

import io

import pandas as pd
import pytest
from rich.console import Console

from search.robmednas.corruption import RADII, SIGMAS, corruption
from search.robmednas.stability import stability
from searchspace.errors import UserError


def said(call, *arguments):
    output = io.StringIO()
    assert call(*arguments, Console(file=output, width=80)) == 0
    return " ".join(output.getvalue().split())


def test_corruption_rises_along_the_papers_strengths(finished):
    folder, _ = finished
    text = said(corruption, folder)
    found = pd.read_csv(folder / "corruption.csv")
    assert list(found) == ["row", "kind", "strength", "subject", "score", "value"]
    assert RADII[0] == 0.02 and RADII[-1] == 0.2 and SIGMAS[-1] == 0.25  # noqa: PT018
    assert set(found.loc[found["kind"] == "fgsm", "strength"]) == set(RADII)
    assert set(found.loc[found["kind"] == "noise", "strength"]) == set(SIGMAS)
    mae = found[found["score"] == "mae_head"].groupby(["kind", "strength"])["value"].mean()
    assert mae["pgd", 0.2] > mae["pgd", 0.1] > mae["clean", 0.0]
    assert "choose nothing by them" in text
    tested = pd.read_csv(folder / "test_scores.csv")
    same = tested[(tested["kind"] == "clean")].reset_index(drop=True)
    clean = found[found["kind"] == "clean"].reset_index(drop=True)
    pd.testing.assert_frame_equal(clean, same)


def test_stability_retrains_with_other_seeds_and_other_subjects(finished):
    folder, _ = finished
    text = said(stability, folder, 2, 3)
    found = pd.read_csv(folder / "stability.csv")
    assert set(found["row"]) == {"Baseline", "RobMedNAS-T"}
    counts = found.groupby(["row", "kind"])["number"].nunique()
    assert counts["Baseline", "initialisation"] == 2
    assert counts["RobMedNAS-T", "training data"] == 3
    assert set(found["condition"]) == {"clean", "fgsm", "pgd"}
    head = found[(found["score"] == "mae_head") & (found["condition"] == "clean")]
    by_training = head.groupby(["row", "kind", "number"])["value"].mean()
    assert by_training.nunique() == len(by_training)  # each training is one of its own
    assert "over 2 trainings" in text
    assert "over 3 trainings" in text


def test_more_folds_than_training_subjects_are_refused(finished, tmp_path):
    folder, _ = finished
    (folder / "stability.csv").unlink(missing_ok=True)
    with pytest.raises(UserError, match="99 groups of 12 subjects"):
        stability(folder, 1, 99, Console(file=io.StringIO()))
