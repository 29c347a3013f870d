"""Means over seeds, their intervals, and the files."""

import csv
import math

import pytest
from scipy import stats

from search.tsynd.tables import Row, markdown, mean_and_half_width, write_csv


def row(method, seed, clean, dataset="breastmnist", headline="bacc", skill=0.25):
    scores = dict.fromkeys(
        ("test_clean_acc", "test_noise_acc", "test_fgsm_acc_eps2", "test_fgsm_acc_eps8"), clean
    )
    scores |= {f"test_clean_{headline}": clean / 2, f"test_pgd_{headline}_skill": skill}
    return Row(
        dataset=dataset, fraction=0.1, seed=seed, method=method, headline=headline, scores=scores
    )


def line_of(text, method):
    return next(line for line in text.splitlines() if f"| {method} |" in line)


def test_the_interval_is_students():
    values = [0.5, 0.7, 0.9, 0.6]
    mean, half = mean_and_half_width(values)
    low, high = stats.t.interval(0.95, 3, loc=mean, scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert math.isnan(mean_and_half_width([0.5])[1])


def test_a_line_holds_means_in_per_cent():
    text = markdown([row("baseline", 0, 0.6), row("baseline", 1, 0.8), row("TSynD", 0, 0.5)])
    assert line_of(text, "baseline").startswith(
        "| breastmnist | 10 % | baseline | 2 | 70.0 ± 127.1 |"
    )
    assert line_of(text, "baseline").endswith("| 35.0 ± 63.5 | 25.0 ± 0.0 |")
    assert line_of(text, "TSynD").startswith("| breastmnist | 10 % | TSynD | 1 | 50.0 | 50.0 |")


def test_table_1_has_what_was_tuned_and_table_2_the_two_measures():
    names = ["tuned tsynd", "adversarial", "TSynD, entropy", "TSynD", "baseline"]
    first, _, second = markdown([row(name, 0, 0.5) for name in names]).partition("## Table 2")
    methods = [line.split(" | ")[2] for line in first.splitlines() if line.startswith("| breast")]
    assert methods == ["baseline", "TSynD", "adversarial", "tuned tsynd"]
    methods = [line.split(" | ")[2] for line in second.splitlines() if line.startswith("| breast")]
    assert methods == ["TSynD", "TSynD, entropy"]


def test_several_labels_are_scored_by_auc_and_what_is_not_known_is_a_dash():
    text = markdown([row("baseline", 0, 0.5, headline="auc"), row("noise", 0, 0.5, skill=None)])
    assert line_of(text, "baseline").endswith("| 25.0 | 25.0 |")
    assert line_of(text, "noise").endswith("| 25.0 | - |")


def test_the_csv_has_a_line_for_each_training(tmp_path):
    file = tmp_path / "new" / "table1.csv"
    write_csv(file, [row("TSynD, entropy", 0, 0.5), row("baseline", 3, 0.7, skill=None)])
    with file.open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["method"] for line in lines] == ["TSynD, entropy", "baseline"]
    assert (lines[1]["seed"], lines[1]["fraction"]) == ("3", "0.1")
    assert lines[1]["test_pgd_bacc_skill"] == ""
    assert float(lines[0]["test_clean_acc"]) == 0.5
