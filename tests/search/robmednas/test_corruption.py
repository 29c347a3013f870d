"""Rising corruption of the test subjects of a finished comparison."""

import io
import json

import pandas as pd
from rich.console import Console

from search.record.run_folder import OPENINGS
from search.robmednas import corruption as module
from search.robmednas.corruption import RADII, SIGMAS, corruption
from search.robmednas.retrain import DONE
from trainables.metrics.synthesis import SCORES


def frame(values):
    """Scores of one network on three subjects, clean and disturbed."""
    conditions = [("clean", 0.0), *module.DISTURBANCES, ("pgd", 0.1)]
    return pd.DataFrame(
        [
            {"row": "Plain U-Net !", "kind": kind, "strength": strength, "subject": subject}
            | {"score": score, "value": value}
            for kind, strength in conditions
            for score in ("mae_head", "dice_bone")
            for subject, value in zip("abc", values[score], strict=True)
        ]
    )


def printed(*tables):
    output = io.StringIO()
    for table in tables:
        Console(file=output, width=80).print(table)
    return " ".join(output.getvalue().split())


def test_means_stand_above_their_intervals_within_what_is_possible():
    scores = frame({"mae_head": [90.0, 100.0, 110.0], "dice_bone": [0.9, 0.95, 1.0]})
    half = 4.3027 * 10 / 3**0.5  # Student's t of two degrees of freedom
    text = printed(module._table(scores, "pgd"), *module._disturbed(scores))
    assert "Plain U-Net ! 100/0.95" in text
    assert text.count(f"{100 - half:.0f}-{100 + half:.0f}") == 6 + 1 + len(module.DISTURBANCES)
    assert f"{0.95 - half / 200:.2f}-1.00" in text  # and not above 1
    scores["value"] *= [0.0, 1.0, 3.0] * (len(scores) // 3)
    assert " 0-" in printed(*module._disturbed(scores))  # and no error below 0


def test_corruption_rises_along_the_papers_strengths(finished, searches, printed_by, monkeypatch):
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
    assert "below each mean its 95 % interval over 3 test subjects" in text
    run = searches[0]
    openings = json.loads((run / OPENINGS).read_text())
    works = [entry["id"].partition(" ")[0] for entry in openings if entry["folder"] == str(folder)]
    assert works.count("final") == works.count("corruption") == 1
    again = printed_by(corruption, folder)
    assert json.loads((run / OPENINGS).read_text()) == openings
    assert "scoring" not in again
    assert f"the test split of {run.name} was opened {len(openings)} times" in again
    assert "…" not in text  # no name is cut
    assert "scoring One grey, 1 of 9: " in text
    tested = pd.read_csv(folder / "test_scores.csv")
    part = (tested["kind"] == "clean") & tested["score"].isin(SCORES)  # test has more scores
    same = tested[part].reset_index(drop=True)
    clean = scores[scores["kind"] == "clean"].reset_index(drop=True)
    pd.testing.assert_frame_equal(clean, same)


def test_a_row_that_could_not_win_is_marked_and_the_line_below_says_why(finished, printed_by):
    """An alarm, such as collapse, stands in how its training went."""
    folder, _ = finished
    name = json.loads((folder / "final.json").read_text())["chosen"]["Plain U-Net"]
    file = folder / "models" / name / DONE
    before = file.read_text()
    values = json.loads(before)
    values["constraints"] = dict.fromkeys(values["constraints"], -1.0) | {"collapse": 0.4}
    file.write_text(json.dumps(values))
    try:
        text = printed_by(corruption, folder)
    finally:
        file.write_text(before)
    assert "Plain U-Net ! " in text
    assert "Plain U-Net !: its training misses collapse" in text
