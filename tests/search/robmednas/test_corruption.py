"""Rising corruption of the test subjects of a finished comparison."""

import pandas as pd

from search.robmednas import corruption as module
from search.robmednas.corruption import RADII, SIGMAS, corruption
from trainables.metrics.synthesis import SCORES


def test_corruption_rises_along_the_papers_strengths(finished, printed_by, monkeypatch):
    assert (RADII[0], RADII[-1], len(RADII)) == (0.02, 0.2, 10)
    assert (SIGMAS[0], SIGMAS[-1], len(SIGMAS)) == (0.025, 0.25, 10)
    some = (0.1, 0.2)  # the others would take minutes
    monkeypatch.setattr(module, "RADII", some)
    folder, _ = finished
    text = printed_by(corruption, folder)
    scores = pd.read_csv(folder / "corruption.csv")
    assert list(scores) == ["row", "kind", "strength", "subject", "score", "value"]
    assert set(scores.loc[scores["kind"] == "fgsm", "strength"]) == set(some)
    assert set(scores.loc[scores["kind"] == "noise", "strength"]) == set(SIGMAS)
    mae = scores[scores["score"] == "mae_head"].groupby(["kind", "strength"])["value"].mean()
    assert mae["pgd", 0.2] > mae["pgd", 0.1] > mae["clean", 0.0]
    assert "choose nothing by them" in text
    assert "…" not in text  # no name is cut
    assert "scoring One grey, 1 of 9: " in text
    tested = pd.read_csv(folder / "test_scores.csv")
    part = (tested["kind"] == "clean") & tested["score"].isin(SCORES)  # test has more scores
    same = tested[part].reset_index(drop=True)
    clean = scores[scores["kind"] == "clean"].reset_index(drop=True)
    pd.testing.assert_frame_equal(clean, same)
