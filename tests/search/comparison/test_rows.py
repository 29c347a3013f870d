"""Means over seeds, their intervals, and the files."""

import csv
import math
from dataclasses import replace

import pytest
from scipy import stats

from search.comparison.rows import (
    CONSTANT,
    Row,
    Written,
    mean_and_half_width,
    table,
    with_interval,
    write_csv,
)

COLUMNS = {"clean": "test_clean_acc", "skill": "test_pgd_{headline}_skill"}


def row(method, seed, clean, headline="bacc", skill=0.25):
    scores = {"test_clean_acc": clean, f"test_pgd_{headline}_skill": skill}
    return Row(
        dataset="breastmnist", fraction=0.1, seed=seed, method=method, headline=headline,
        scores=scores,
    )  # fmt: skip


def test_the_interval_is_students():
    values = [0.5, 0.7, 0.9, 0.6]
    mean, half = mean_and_half_width(values)
    low, high = stats.t.interval(0.95, 3, loc=mean, scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert math.isnan(mean_and_half_width([0.5])[1])


def test_a_line_holds_means_in_per_cent_over_seeds():
    rows = [row("baseline", 0, 0.6), row("baseline", 1, 0.8), row("TSynD", 0, 0.5, skill=None)]
    lines = table(rows, ["TSynD", "absent", "baseline"], COLUMNS).splitlines()
    assert lines[0] == "| dataset | fraction | method | seeds | clean | skill |"
    assert lines[2:] == [
        "| breastmnist | 10 % | TSynD | 1 | 50.0 | - |",
        "| breastmnist | 10 % | baseline | 2 | 70.0 [0.0, 100.0] | 25.0 ± 0.0 |",
    ]


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (70.0, 30.0, "70.0 ± 30.0"),
        (70.0, 40.0, "70.0 [30.0, 100.0]"),
        (2.0, 5.0, "2.0 [0.0, 7.0]"),
        (0.0, 0.0, "0.0 ± 0.0"),
        (70.0, math.nan, "70.0"),
    ],
)
def test_no_interval_of_a_mean_leaves_what_is_possible(mean, half, text):
    assert with_interval(mean, half) == text


def test_a_constant_answer_stands_below_the_methods_of_each_setting():
    constants = {"test_constant_acc": 0.73, "test_constant_bacc": 0.5}
    rows = [
        replace(each, scores={**each.scores, **constants}, fraction=fraction)
        for fraction in (0.1, 0.5)
        for each in (row("baseline", 0, 0.6), row("TSynD", 0, 0.5))
    ]
    columns = {
        **COLUMNS,
        "own": Written("test_clean_acc", lambda group: "x"),
        "absent": "test_noise_bacc",
    }
    lines = table(rows, ["baseline", "TSynD"], columns).splitlines()[2:]
    assert [line.split(" | ")[2] for line in lines] == ["baseline", "TSynD", CONSTANT] * 2
    assert lines[2] == f"| breastmnist | 10 % | {CONSTANT} |  | 73.0 | 0.0 | 73.0 | - |"


COLLAPSED = "it answers nearly the same to every clean image, or worse than chance"


def methods_in(text):
    return [line.split(" | ")[2] for line in text.splitlines()[2:]]


def test_a_method_with_an_alarm_is_marked_and_the_line_below_says_in_how_many_seeds():
    """Without it a masked or a constant network stands among honest ones."""
    rows = [row(method, seed, 0.6) for method in ("baseline", "TSynD") for seed in range(3)]
    rows[4:] = [replace(each, alarms=("collapse",)) for each in rows[4:]]
    rows += [replace(row("noise", 0, 0.6), alarms=("masking_fgsm", "collapse"))]
    text, collapse, masking = table(rows, ["baseline", "TSynD", "noise"], COLUMNS).split("\n\n")
    assert methods_in(text) == ["baseline", "TSynD !", "noise !"]
    assert collapse == f"! alarm collapse, TSynD (2 of 3 seeds), noise (1 of 1 seed): {COLLAPSED}"
    assert masking.startswith("! alarm masking_fgsm, noise (1 of 1 seed): one step of the")
    assert "\n\n" not in table(rows, ["baseline"], COLUMNS)


def test_of_several_settings_the_line_names_that_of_the_alarm():
    honest = row("TSynD", 0, 0.6)
    rows = [honest, replace(honest, fraction=0.5, alarms=("collapse",))]
    text, note = table(rows, ["TSynD"], COLUMNS).split("\n\n")
    assert [line.split(" | ")[1:3] for line in text.splitlines()[2:]] == [
        ["10 %", "TSynD"], ["50 %", "TSynD !"],
    ]  # fmt: skip
    assert note == f"! alarm collapse, TSynD on 50 % of breastmnist (1 of 1 seed): {COLLAPSED}"


def test_the_headline_of_a_row_names_its_metric():
    (line,) = table([row("baseline", 0, 0.5, headline="auc")], ["baseline"], COLUMNS).splitlines()[
        2:
    ]
    assert line.endswith("| 50.0 | 25.0 |")


def test_a_column_may_be_a_function_of_the_trainings_of_its_line():
    rows = [row("baseline", 0, 0.6), row("baseline", 1, 0.8), row("TSynD", 0, 0.5)]

    def best(group):
        return f"{max(each.scores['test_clean_acc'] for each in group)}"

    columns = {"best": Written("", best)}
    lines = table(rows, ["baseline", "TSynD"], columns).splitlines()
    assert lines[2:] == [
        "| breastmnist | 10 % | baseline | 2 | 0.8 |",
        "| breastmnist | 10 % | TSynD | 1 | 0.5 |",
    ]


def test_the_csv_has_a_line_for_each_training(tmp_path):
    file = tmp_path / "new" / "table1.csv"
    alarmed = replace(row("TSynD, entropy", 0, 0.5), alarms=("collapse", "masking_fgsm"))
    write_csv(file, [alarmed, row("baseline", 3, 0.7, skill=None)])
    with file.open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["method"] for line in lines] == ["TSynD, entropy", "baseline"]
    assert (lines[1]["seed"], lines[1]["fraction"]) == ("3", "0.1")
    assert lines[1]["test_pgd_bacc_skill"] == ""
    assert [line["alarms"] for line in lines] == ["collapse masking_fgsm", ""]
    assert float(lines[0]["test_clean_acc"]) == 0.5
