"""Tables of a confirmation, at 80 columns."""

import io

import numpy as np
from make_confirmation import NEAR, VALUES, confirmed
from rich.console import Console

from search.confirmation.finalists import Finalist
from search.confirmation.plan import ConfirmPlan
from search.confirmation.tables import say_ranking, say_test
from search.confirmation.verdict import Standing
from trainables.classification.about import about_classification
from trainables.metrics.welch import Estimate
from trainables.study.examination import Examination
from trainables.synthesis.about import about_synthesis

IMAGES = about_classification("toy", "a toy", ())
SUBJECTS = about_synthesis("toy", "a toy", ())


def printed(record, about):
    console, lines = Console(width=80, file=io.StringIO()), []
    say_test(console, lines.append, record, about)
    return console.file.getvalue(), lines


def test_test_images_under_each_radius_and_one_strength_of_noise():
    noisy = {"kind": "noise", "strength": 0.4, "score": 0.1}
    blurred = {"kind": "blur", "strength": 1.0, "score": 0.1}
    conditions = {name: [*cells, noisy, blurred] for name, cells in VALUES["conditions"].items()}
    text, lines = printed(confirmed(conditions=conditions), SUBJECTS)
    assert "accuracy on 70 test subjects" in text
    heads = text.splitlines()[2]
    assert [head.strip() for head in heads.strip("┃").split("┃")] == [
        "", "clean", "0.02 SD", "0.04 SD", "noise 0.4", "area"
    ]  # fmt: skip
    assert "best (winner)" in text
    assert max(map(len, text.splitlines())) <= 80
    assert lines[0] == "winner: best"


def test_of_the_noise_the_strength_is_shown_at_which_finalists_differ_most():
    levels = ((0.02, 0.9, 0.9), (0.05, 0.8, 0.5), (0.4, 0.3, 0.3))
    conditions = {
        name: [*cells, *({"kind": "noise", "strength": n, "score": v[who]} for n, *v in levels)]
        for who, (name, cells) in enumerate(VALUES["conditions"].items())
    }
    text, _ = printed(confirmed(conditions=conditions), IMAGES)
    assert "noise 0.05" in text
    assert "noise 0.4" not in text


def test_radii_of_pixels_are_written_in_255ths():
    text, _ = printed(confirmed(), IMAGES)
    assert "5.1/255" in text
    assert "10.2/255" in text


def test_names_and_numbers_are_whole_with_five_radii():
    radii = [0.0, 0.00122, 0.002, 0.0033, 0.0055, 0.009]
    cells = [{"kind": "ensemble", "strength": r, "score": 0.71} for r in radii]
    cells.append({"kind": "noise", "strength": 0.05, "score": 0.7})
    conditions = dict.fromkeys(VALUES["conditions"], cells)
    text, _ = printed(confirmed(summary="skill", conditions=conditions), IMAGES)
    assert max(map(len, text.splitlines())) <= 80
    row = next(line for line in text.splitlines() if "baseline" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][1:-1] == ["0.710"] * 6 + ["0.700"]
    assert "skill" in text


def test_a_constant_answer_is_a_row_of_the_test_table():
    text, _ = printed(confirmed(summary="skill", constant=0.333, constant_value=0.0), IMAGES)
    row = next(line for line in text.splitlines() if "constant answer" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[1:] == ["0.333"] * 4 + ["0.000"]
    assert "skill" in text.splitlines()[2]
    assert "constant" not in printed(confirmed(), IMAGES)[0]


def test_of_mr_the_table_counts_subjects_and_names_the_best_single_grey():
    text, _ = printed(confirmed(constant=300.0, constant_value=300.0), SUBJECTS)
    assert "the best single grey" in " ".join(text.split())
    assert "images" not in text
    assert "constant answer" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_finalist_has_a_second_line_without_near_copies():
    text, lines = printed(confirmed(without_near=NEAR), IMAGES)
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines()]
    places = [n for n, row in enumerate(rows) if row[0] == "without near copies"]
    assert [rows[n - 1][0] for n in places] == ["best (winner)", "baseline"]
    assert rows[places[0]][1:] == ["0.800", "0.400", "0.100", "0.700", "0.300"]
    assert rows[places[1]][1:] == ["0.800", "0.200", "0.000", "0.700", "0.150"]
    assert max(map(len, text.splitlines())) <= 80
    assert any(line.startswith("without the 20 of 70 test images") for line in lines)
    assert "near copies" not in printed(confirmed(), IMAGES)[0]


def test_no_word_of_the_ranking_is_broken():
    conditions, labels = (("clean", 0.0), ("ensemble", 1.0)), np.zeros(4, dtype=np.int64)
    won = np.array([[2, 0]])
    seen = Examination("accuracy", "max", conditions, np.eye(2, 4), labels, ("a", "b"), won)
    value = Estimate(value=0.224, low=0.112, high=0.336, p=0.01, df=4, level=0.95)
    missed = {"t002": ("clean_floor", "gradient_masking"), "adversarial": (), "paper 50/1.0": ()}
    rows = [
        Standing(
            Finalist("r1", "", name, {}, True, False, 120, 0.26, bool(barred)),
            value,
            (0.2,),
            barred,
        )
        for name, barred in missed.items()
    ]
    console = Console(width=80, file=io.StringIO())
    say_ranking(console, rows, {"r1": [seen]}, ConfirmPlan(), "ranking_pgd_acc_curve", IMAGES)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert {"adversarial", "50/1.0", "(#120)", "gradient"} <= set(text.split())
    assert "4 ranking images" in text
    say_ranking(console, rows, {"r1": [seen]}, ConfirmPlan(), "ranking_pgd_acc_curve", SUBJECTS)
    assert "4 ranking subjects" in console.file.getvalue().removeprefix(text)
    assert "images" not in console.file.getvalue().removeprefix(text)
