"""The decomposition of a run: who has a row, at which radius, and what it says."""

import numpy as np
import pytest
from make_run import Blueprint

from analysis.numbers.tables import answers
from analysis.studies.nonrobust.numbers import (
    curves,
    decomposition,
    middle_radius,
    read_corruptions,
    scores_of,
    words,
)
from searchspace.errors import UserError
from trainables.metrics.classification import mean_recall


def test_references_and_the_winner_have_a_row(run):
    networks = decomposition(run)["network"].tolist()
    assert networks == [
        "baseline", "trades", "nonrobust random", "labels only", "untrained 1", "winner",
    ]  # fmt: skip


def test_values_are_those_of_the_saved_answers(run):
    saved = answers(run, "r02")
    row = decomposition(run).set_index("network").loc["trades"]
    assert row["clean"] == pytest.approx(float(mean_recall(saved.scores[0], saved.labels)))
    assert row["attacked"] == pytest.approx(float(mean_recall(saved.scores[2], saved.labels)))
    assert middle_radius(run) == saved.eps[2] == 2 / 255
    assert row["clean low"] < row["clean"] < row["clean high"]
    assert np.isnan(row["corrupted"])  # of a run that measured none


def test_words_of_one_training_each_decide_nothing(run):
    first, second = words(run)
    assert "nonrobust random: useful nonrobust features are not shown" in first
    assert "one seed says nothing" in first
    assert "trades against standard training" in second
    assert "under attack (one seed says nothing)" in second


def test_a_run_without_answers_has_no_rows(build):
    run = build(Blueprint("r01", "baseline"), Blueprint("t001"), keep_answers=False)
    assert scores_of(run) == {}
    assert decomposition(run).empty
    assert middle_radius(run) is None


def test_curves_are_means_over_a_fold_and_start_without_corruption(corruptions_file):
    table = curves(read_corruptions(corruptions_file)).set_index(["fold", "network", "severity"])
    assert table.loc[("noise", "winner", 0), "bacc"] == table.loc[("blur", "winner", 0), "bacc"]
    assert table.loc[("noise", "winner", 5), "bacc"] == pytest.approx(0.9 - 0.03 * 5)
    assert table.loc[("blur", "baseline", 2), "bacc"] == pytest.approx(0.78)


def test_a_damaged_file_is_said(corruptions_file):
    corruptions_file.write_text("suite,network\nx,y\n")
    with pytest.raises(UserError, match="no column 'fold'"):
        read_corruptions(corruptions_file)
    corruptions_file.write_text("")
    with pytest.raises(UserError, match="cannot read"):
        read_corruptions(corruptions_file)
