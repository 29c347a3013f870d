"""What the field reports: means over subjects, and dashes for what was not measured."""

from types import SimpleNamespace

import pandas as pd

from search.robmednas.field import HEADS, Widths, field_markdown, field_table, widths_of

WIDTHS = Widths(2.6667, 1.0)


def scores_of(values):
    rows = [
        {
            "row": "Baseline",
            "kind": kind,
            "strength": 0.0,
            "subject": f"s{n}",
            "score": score,
            "value": v,
        }
        for (kind, score), each in values.items()
        for n, v in enumerate(each)
    ]
    return pd.DataFrame(rows)


def test_every_score_is_its_mean_over_subjects():
    scores = scores_of(
        {
            ("clean", "mae_head"): (90.0, 100.0), ("clean", "native_mae_head"): (110.0, 120.0),
            ("clean", "bias_bone"): (-200.0, -100.0), ("clean", "psnr"): (28.0, 29.0),
            ("clean", "ms_ssim"): (0.9, 0.95), ("pgd", "mae_head"): (200.0, 220.0),
        }
    )  # fmt: skip
    text = field_markdown(scores, ("clean", "pgd"), WIDTHS)
    assert "clean; pixels of 2.67 mm, voxels of 1 mm" in text
    assert "| Baseline | 95 | 115 | - | -150 | - | 28.5 | - | 0.925 |" in text
    assert "| Baseline | 210 | - |" in text
    table = field_table(scores, "pgd", WIDTHS)
    assert [str(column.header) for column in table.columns] == ["", *HEADS]


def test_widths_are_of_the_grid_and_of_the_subjects_themselves():
    native = [
        SimpleNamespace(native=SimpleNamespace(spacing=(side, 1.2, 3.0)))
        for side in (0.9, 1.0, 2.0)
    ]
    widths = widths_of(SimpleNamespace(pixel_mm=2.0), SimpleNamespace(subjects=native))
    assert widths == Widths(2.0, 1.0)
    older = SimpleNamespace(subjects=[SimpleNamespace(native=None)])
    assert str(widths_of(SimpleNamespace(pixel_mm=2.0), older)) == "pixels of 2 mm"
