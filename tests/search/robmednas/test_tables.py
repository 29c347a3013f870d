"""The paper's tables: what is compared, and how it is written."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ttest_rel

from search.robmednas.retrain import Retrained
from search.robmednas.sources import Candidate, in_order
from search.robmednas.tables import (
    NOTE,
    barred_lines,
    deviation,
    markdown,
    name_of,
    sentences,
    sizes_table,
)
from trainables.metrics.synthesis import REGIONS
from trainables.synthesis.measurement import constant_metrics

SUBJECTS = 8
ATTACKS = ["fgsm", "pgd"]
REGIONAL = [f"{score}_{region}" for score in ("dice", "mae") for region in REGIONS]


@pytest.fixture
def scores():
    """Head MAE of two rows over eight subjects, clean and under PGD, where they are alike."""
    rows = []
    for subject in range(SUBJECTS):
        better, alike = 90.0 + 2 * subject / 3, 100.0 + subject + (-1) ** subject
        values = {"clean": (100.0 + subject, better), "pgd": (100.0 + subject, alike)}
        for kind, pair in values.items():
            for row, value in zip(("Baseline", "Random"), pair, strict=True):
                row_of_file = {"row": row, "kind": kind, "strength": 0.06 * (kind == "pgd")}
                row_of_file |= {"subject": f"s{subject}", "score": "mae_head", "value": value}
                rows.append(row_of_file)
    return pd.DataFrame(rows)


def test_differences_are_paired_by_subject_and_corrected_for_all_that_are_printed(scores):
    (line,) = [line for line in sentences(scores, ["pgd"]) if "clean" in line and "HU [" in line]
    heads = scores[scores["kind"] == "clean"].pivot_table("value", "subject", "row")
    oracle = ttest_rel(heads["Random"], heads["Baseline"]).confidence_interval(1 - 0.05 / 2)
    assert f"[{oracle.low:.1f}, {oracle.high:.1f}]" in line


def test_without_a_baseline_nothing_is_compared(scores):
    lines = sentences(scores[scores["row"] != "Baseline"], ["pgd"])
    assert lines == [NOTE, "8 test subjects"]


def test_sentences_say_by_how_much_each_row_differs_and_give_no_verdict(scores):
    scope, _, clean, attacked, count = sentences(scores, ["pgd"])
    assert "of one training each" in scope
    assert "all 2 of this list together in 95 %" in scope
    assert clean.startswith("Random minus Baseline, clean: -11.2 HU [-12")
    assert attacked.startswith("Random minus Baseline, PGD at 0.06: +0.0")
    assert count == "8 test subjects"


def test_one_subject_has_neither_interval_nor_deviation(scores):
    alone = scores[scores["subject"] == "s3"]
    sentence = sentences(alone, ["pgd"])[2]
    assert sentence == "Random minus Baseline, clean: -11.0 HU, without an interval"
    assert deviation(float("nan"), 1) == ""
    assert deviation(1.25, 1) == "±1.2"


ROWS = ("Baseline", "Baseline w/AT", "Plain U-Net", "Plain U-Net w/AT", "Random",
        "RobMedNAS-R", "RobMedNAS-B", "RobMedNAS-T")  # fmt: skip


def equal_networks(generator, luck, tables=1):
    """Yield head MAE of networks that are equally good, but for the luck of each training."""
    axes = {"kind": ["clean", *ATTACKS], "row": ROWS, "subject": [f"s{n}" for n in range(18)]}
    frame = pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False)
    for _ in range(tables):
        values = generator.normal(80, 12, (3, 1, 18)) + luck * generator.normal(size=(3, 8, 1))
        values = values + generator.normal(0, 3, (3, 8, 18))
        yield frame.assign(strength=0.06, score="mae_head", value=values.ravel())


def test_equal_networks_are_told_apart_in_5_percent_of_tables_at_most():
    """Over subjects, by any of 48 intervals; seeds may do more, so there are no words for it."""
    generator, tables, apart = np.random.default_rng(0), 40, 0
    for scores in equal_networks(generator, 0, tables):
        lines = [line for line in sentences(scores, ATTACKS) if "[" in line]
        assert len(lines) == 48
        bounds = [re.search(r"\[(.+), (.+)\]", line).groups() for line in lines]
        apart += any(float(low) > 0 or float(high) < 0 for low, high in bounds)
    assert apart <= binom.ppf(0.99, tables, 0.05)
    (lucky,) = equal_networks(generator, 3)
    lucky = pd.concat(
        [lucky, *(lucky.assign(score=name) for name in REGIONAL if name != "mae_head")]
    )
    text = markdown(lucky, [], [], SKILL, CONSTANT) + "".join(sentences(lucky, ATTACKS))
    assert not any(word in text for word in ("better", "worse", "distinguishable", "*"))


@pytest.mark.parametrize("name", ["One grey", "By intensity"])
def test_what_needs_no_network_is_a_row_that_nothing_is_compared_with(scores, name):
    row = scores[scores["row"] == "Baseline"].assign(row=name, value=300.0)
    both = pd.concat([scores, row])
    assert sentences(both, ["pgd"]) == sentences(scores, ["pgd"])
    assert in_order(both["row"]) == [name, "Baseline", "Random"]


def test_a_condition_is_written_with_its_strength(scores):
    assert (name_of("clean", scores), name_of("pgd", scores)) == ("clean", "PGD at 0.06")


def test_the_cost_of_a_network_stands_beside_its_value():
    """What chose is printed, and not what FGSM left, which comes first among the metrics."""
    metrics = {
        "parameters": 12345.0, "multiply_adds": 2.5e9, "ranking_clean_mae_head": 66.6,
        "ranking_fgsm_mae_head_curve": 77.7, "ranking_fgsm_mae_head_skill": 0.9,
        "ranking_pgd_mae_head_curve": 88.8, "ranking_pgd_mae_head_skill": 0.4567,
    }  # fmt: skip
    row = (Candidate("random-1", "Random", {}), Retrained(7, 5, metrics, 1.0))
    columns = sizes_table([row], SKILL, CONSTANT).columns
    assert [list(column.cells) for column in columns] == [
        ["One grey", "Random"], ["", "12,345"], ["", "2.50"], ["", "7"], ["0.000", "0.457"],
        ["300.0", "66.6"], ["300.0", "88.8"],
    ]  # fmt: skip


SKILL = "ranking_pgd_mae_head_skill"
CONSTANT = constant_metrics("pgd", (0.0, 0.1), 300.0)


def test_a_row_that_could_not_win_is_marked_and_says_why(scores):
    sizes = {"parameters": 1.0, "multiply_adds": 1.0}
    candidate = Candidate("random-1", "Random", {"architecture": "plain 8 16"})
    masked = Retrained(7, 5, CONSTANT | sizes, 1.0, {"masked_gradients": 0.2, "collapse": -0.1})
    assert list(sizes_table([(candidate, masked)], SKILL, CONSTANT).columns[0].cells) == [
        "One grey", "Random !",
    ]  # fmt: skip
    (line,) = barred_lines([(candidate, masked)])
    assert line.startswith("Random !: its training misses masked_gradients, as all of its row do")
    rows = scores.assign(score=["dice_head" if n % 2 else "mae_head" for n in range(len(scores))])
    regional = pd.concat([scores, *(rows.assign(score=name) for name in REGIONAL)])
    text = markdown(regional, [(candidate, masked)], ["pgd"], SKILL, CONSTANT)
    assert "| Random ! |" in text
    assert "| One grey |" in text
    assert line in text
