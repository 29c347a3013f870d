"""The table and its words: over seeds and images, with the linear control of the cells."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from search.comparison.rows import Row
from search.nonrobust import layout as module
from search.nonrobust.layout import collect, combine, layout, merge

VARIANCE = 0.0004


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


def test_of_several_seeds_it_is_over_both():
    trainings = [row("x", seed, value).scores for seed, value in enumerate((0.4, 0.5, 0.6))]
    measured = combine(trainings, "test_clean_bacc")
    variance = np.var([0.4, 0.5, 0.6], ddof=1) / 3 + VARIANCE
    assert measured.value == pytest.approx(0.5)
    assert measured.high - 0.5 > 1.96 * math.sqrt(variance)  # with few degrees of freedom
    assert measured.high <= 1


def test_a_missing_score_is_nan():
    assert math.isnan(combine([{}], "test_clean_bacc").value)


def test_the_linear_controls_of_seeds_are_averaged():
    details = [{"linear": value, "linear_low": 0.1, "linear_high": 0.9} for value in (0.3, 0.4)]
    assert merge(details).value == pytest.approx(0.35)
    assert (merge(details[:1]).low, merge(details[:1]).high) == (0.1, 0.9)


def test_the_table_ends_in_what_it_means(rows, cells, tmp_path):
    text = layout(rows, out=tmp_path, radius=4.0)
    assert cells == ["phantom-0.1-0", "phantom-0.1-1", "phantom-0.1-2"]
    assert "## phantom, 10 % of the training images" in text
    assert "| nonrobust random | 0.560 [" in text
    assert "| nonrobust random, linear model of pixels | 0.350 [" in text
    assert "- nonrobust random: useful nonrobust features are shown" in text
    assert "- trades against standard training" in text
    assert "the rest on test" in text


def test_each_dataset_has_its_part(rows, cells, tmp_path):
    text = layout([*rows, row("baseline", 0, 0.9, dataset="breastmnist")], out=tmp_path, radius=4.0)
    assert text.index("## phantom") < text.index("## breastmnist")


def test_rows_are_collected_by_label(rows):
    scores = collect(rows, 4.0, "test")
    assert list(scores)[:2] == ["baseline", "trades"]
    assert scores["trades"].attacked.value == pytest.approx(0.8)
