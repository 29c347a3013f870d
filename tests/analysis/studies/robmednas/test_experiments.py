"""What follows a search, as frames."""

import make_robmednas
import pandas as pd
import pytest

from analysis.studies.robmednas.experiments import curves, disturbed, read, trainings
from analysis.studies.robmednas.figures import draw_corruption
from searchspace.errors import UserError


def test_curves_average_regions_then_subjects(tmp_path):
    scores = read(make_robmednas.write_corruption(tmp_path))
    frame = curves(scores)
    row = frame[
        (frame["row"] == "Random") & (frame["kind"] == "fgsm") & (frame["measure"] == "mae")
    ]
    point = row[row["strength"] == 0.1].iloc[0]
    rows = scores.query("row == 'Random' and kind == 'fgsm' and strength == 0.1")
    rows = rows[rows["score"].str.startswith("mae")]
    by_subject = rows.groupby("subject")["value"].mean()
    assert point["mean"] == pytest.approx(by_subject.mean())
    assert point["deviation"] == pytest.approx(by_subject.std())


def test_what_is_clean_is_where_every_curve_starts(tmp_path):
    scores = read(make_robmednas.write_corruption(tmp_path))
    clean = scores[scores["strength"] == scores["strength"].min()].assign(
        kind="clean", strength=0.0
    )
    frame = curves(pd.concat([scores, clean], ignore_index=True))
    assert (frame.groupby(["row", "kind", "measure"])["strength"].min() == 0).all()


def test_disturbances_stand_at_their_greatest_strength_beside_what_is_clean():
    rows = [
        (row, kind, strength, subject, "mae_head", value)
        for row, extra in (("A", 0), ("B", 10))
        for kind, strength, value in (
            ("clean", 0.0, 80 + extra), ("pgd", 0.1, 500), ("ghosting", 0.1, 90 + extra),
            ("ghosting", 0.2, 120 + extra),
        )
        for subject in "xy"
    ]  # fmt: skip
    scores = pd.DataFrame(rows, columns=["row", "kind", "strength", "subject", "score", "value"])
    frame = disturbed(scores)
    assert frame.to_numpy().tolist() == [
        ["A", "clean", 80], ["A", "ghosting", 120], ["B", "clean", 90], ["B", "ghosting", 130],
    ]  # fmt: skip
    assert disturbed(scores[scores["kind"] != "ghosting"]).empty
    assert len(draw_corruption(scores).axes) == 3


def test_trainings_average_over_subjects(tmp_path):
    scores = read(make_robmednas.write_stability(tmp_path))
    frame = trainings(scores, "pgd")
    assert len(frame) == 2 * (11 + 8) * 8
    which = "row == 'Baseline' and kind == 'initialisation' and number == 3"
    rows = scores.query(f"{which} and condition == 'pgd' and score == 'dice_bone'")
    same = frame.query(f"{which} and score == 'dice_bone'")
    assert same["value"].item() == pytest.approx(rows["value"].mean())


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / "corruption.csv").write_text("row,kind\nBaseline,fgsm\n")
    with pytest.raises(UserError, match="no column 'strength'"):
        read(tmp_path / "corruption.csv")
    (tmp_path / "corruption.csv").write_text("")
    with pytest.raises(UserError, match="cannot read"):
        read(tmp_path / "corruption.csv")
