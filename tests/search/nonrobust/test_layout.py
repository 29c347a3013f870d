"""The table and its words: over seeds and images, with the linear control of the cells."""

import dataclasses
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from search.comparison.rows import Row
from search.nonrobust import layout as module
from search.nonrobust.layout import collect, combine, layout, merge
from trainables.metrics.welch import Component

VARIANCE = 0.0004
SPREAD = 0.05  # over seeds, of simulated networks


def row(method, seed, clean, attacked=0.02, corrupted=0.4, dataset="phantom"):
    scores = {}
    for name, value in (
        ("clean_bacc", clean), ("ensemble_bacc_eps4", attacked), ("corrupted_bacc", corrupted),
    ):  # fmt: skip
        scores |= {f"test_{name}": value, f"test_{name}_variance": VARIANCE}
    return Row(
        dataset=dataset, fraction=0.1, seed=seed, method=method, headline="bacc", scores=scores
    )


@pytest.fixture
def rows():
    table = {
        "baseline": (0.93, 0.1, 0.7), "trades": (0.92, 0.8, 0.78), "nonrobust random": (0.55,),
        "labels only": (0.33,), "noise only": (0.32,), "untrained 1": (0.36,),
    }  # fmt: skip
    return [
        row(method, seed, values[0] + 0.01 * seed, *values[1:])
        for method, values in table.items()
        for seed in range(3)
    ]


@pytest.fixture
def cells(monkeypatch):
    """Manifests of the cells, of which the linear control reads 0.34, 0.35, 0.36."""
    folders = []

    def read(folder):
        folders.append(folder.path.name)
        seed = int(folder.path.name[-1])
        detail = {"linear": 0.34 + 0.01 * seed, "linear_low": 0.3, "linear_high": 0.4}
        content = {
            "details": {"made_sets": {"nonrobust random": detail}},
            "constant": {"ranking_clean_bacc": 1 / 3},
        }
        return SimpleNamespace(as_json=lambda: content)

    monkeypatch.setattr(module, "read_manifest", read)
    return folders


def test_of_one_seed_the_interval_is_over_images():
    measured = combine([row("x", 0, 0.5).scores], "test_clean_bacc")
    half = 1.96 * math.sqrt(VARIANCE)
    assert (measured.value, measured.low) == pytest.approx((0.5, 0.5 - half), abs=1e-4)

    assert not measured.is_of_seeds


def test_of_several_seeds_it_is_over_both():
    trainings = [row("x", seed, value).scores for seed, value in enumerate((0.4, 0.5, 0.6))]
    measured = combine(trainings, "test_clean_bacc")
    variance = np.var([0.4, 0.5, 0.6], ddof=1) / 3 + VARIANCE
    assert measured.value == pytest.approx(0.5)
    assert measured.high - 0.5 > 1.96 * math.sqrt(variance)  # with few degrees of freedom
    assert measured.high <= 1
    assert measured.seeds == pytest.approx(Component(0.01 / 3, 2))
    assert measured.images == Component(VARIANCE, math.inf)


def test_a_missing_score_is_nan():
    assert math.isnan(combine([{}], "test_clean_bacc").value)


def test_the_linear_controls_of_seeds_are_averaged():
    details = [{"linear": value, "linear_low": 0.1, "linear_high": 0.9} for value in (0.3, 0.4)]
    assert merge(details).value == pytest.approx(0.35)
    assert (merge(details[:1]).low, merge(details[:1]).high) == (0.1, 0.9)
    assert merge(details).images.variance == pytest.approx((0.4 / 1.96) ** 2, rel=1e-3)


def test_the_table_ends_in_what_it_means(rows, cells, tmp_path):
    text = layout(rows, out=tmp_path, radius=4.0)
    assert cells == ["phantom-0.1-0", "phantom-0.1-1", "phantom-0.1-2"]
    assert "## phantom, 10 % of the training images" in text
    assert "| nonrobust random | 0.560 [" in text
    assert "| nonrobust random, linear model of pixels | 0.350 [" in text
    assert "- nonrobust random: useful nonrobust features are shown" in text
    assert "- trades against standard training" in text
    assert "under attack (better)" in text
    assert "the rest on test" in text
    assert "at 98.75 %, so that all that the words decide (4) holds together" in text


def test_one_seed_decides_nothing(rows, cells, tmp_path):
    text = layout([item for item in rows if item.seed == 0], out=tmp_path, radius=4.0)
    assert "are not shown: with 0.550 [0.511, 0.589] on clean images, one seed says" in text
    assert text.count("(one seed says nothing)") == 3
    assert "(0) holds together" in text


def test_other_datasets_widen_the_intervals_of_a_table(rows, cells, tmp_path):
    others = [dataclasses.replace(item, dataset="breastmnist") for item in rows]
    text = layout([*rows, *others], out=tmp_path, radius=4.0)
    assert "at 99.38 %, so that all that the words decide (8) holds together" in text


def test_scores_without_near_copies_stand_beside_and_older_cells_have_a_dash(rows, cells, tmp_path):
    apart = {
        name.replace("test_", "test_apart_"): value if name.endswith("variance") else value - 0.1
        for name, value in rows[0].scores.items()
    }
    rows[:3] = [dataclasses.replace(item, scores=item.scores | apart) for item in rows[:3]]
    lines = layout(rows, out=tmp_path, radius=4.0).splitlines()
    (line, older) = (
        next(line for line in lines if line.startswith(f"| {name} |")).split(" | ")
        for name in ("baseline", "trades")
    )
    assert [cell.split(" ")[0] for cell in line[4:]] == ["0.830", "0.000", "0.600"]
    assert older[4:] == ["-", "-", "- |"]


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("spread", [0.005, SPREAD])
def test_equal_networks_are_told_apart_in_one_table_of_twenty(seeds, spread, cells, tmp_path):
    """A network of a made set is as good as its one control, and TRADES as standard training."""
    generator, tables, wrong = np.random.default_rng(0), 300, 0
    labels = ("baseline", "trades", "nonrobust random", "labels only")
    for _ in range(tables):
        rows = []
        for dataset, label in itertools.product(("phantom", "breastmnist"), labels):
            means = 0.5 + generator.normal(0, math.sqrt(VARIANCE), 3)  # of these test images
            attacked = 0.0 if label == "nonrobust random" else None
            for seed in range(seeds):
                clean, under, corrupted = means + generator.normal(0, spread, 3)
                values = clean, under if attacked is None else attacked, corrupted
                rows.append(row(label, seed, *values, dataset=dataset))
        text = layout(rows, out=tmp_path, radius=4.0)
        wrong += any(words in text for words in ("are shown", "(better)", "(worse)"))
    assert wrong / tables <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / tables)  # chance of the test


def test_a_network_with_an_alarm_is_marked(rows, cells, tmp_path):
    rows[0] = dataclasses.replace(rows[0], alarms=("masking_gradient",))
    text = layout(rows, out=tmp_path, radius=4.0)
    assert "| baseline ! |" in text
    assert "| trades |" in text
    assert "\n\n! alarm masking_gradient, baseline (1 of 3 seeds): gradients are zero" in text


def test_each_dataset_has_its_part(rows, cells, tmp_path):
    text = layout([*rows, row("baseline", 0, 0.9, dataset="breastmnist")], out=tmp_path, radius=4.0)
    assert text.index("## phantom") < text.index("## breastmnist")


def test_rows_are_collected_by_label(rows):
    scores = collect(rows, 4.0, "test")
    assert list(scores)[:2] == ["baseline", "trades"]
    assert scores["trades"].attacked.value == pytest.approx(0.8)
