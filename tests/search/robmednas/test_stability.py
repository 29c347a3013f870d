"""Trainings with other seeds and other subjects, of a finished comparison."""

import io
import json
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from rich.console import Console
from scipy.stats import binom

from search.robmednas import stability as module
from search.robmednas.rows import write_rows
from search.robmednas.stability import stability
from searchspace.errors import UserError
from trainables.metrics.synthesis import REGIONS
from trainables.synthesis.constant import OneGrey, best_grey
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.preparation.assets import read_data
from trainables.synthesis.slices import read_split


def test_stability_retrains_with_other_seeds_and_other_subjects(finished, printed_by):
    folder, _ = finished
    text = printed_by(stability, folder, 2, 3)
    scores = pd.read_csv(folder / "stability.csv")
    assert set(scores["row"]) == {"Baseline", "Plain U-Net", "Plain U-Net w/AT", "RobMedNAS-T"}
    counts = scores.groupby(["row", "kind"])["number"].nunique()
    assert counts["Baseline", "initialisation"] == 2
    assert counts["RobMedNAS-T", "training data"] == 3
    assert set(scores["condition"]) == {"clean", "fgsm", "pgd"}
    head = scores[(scores["score"] == "mae_head") & (scores["condition"] == "clean")]
    by_training = head.groupby(["row", "kind", "number"])["value"].mean()
    assert by_training.nunique() == len(by_training)  # each training is one of its own
    assert "20 of 20 trainings to do, each of at most 2 epochs" in text
    assert "over 2 trainings" in text
    assert "no verdict without 3 trainings each" in text
    assert "without a network, head MAE" not in text  # robmednas-final has rows that say it
    test = read_split(folder / "test" / "test")
    grey = OneGrey(best_grey(read_data(folder / "assets").train))
    (expected,) = score_subjects(grey, test, [None], torch.device("cpu"))
    row = " ".join(f"{expected[f'mae_{region}'].mean():.0f}" for region in REGIONS)
    assert text.count(f"One grey {row} ") == 2  # of each table, at any attack
    assert "over 3 trainings" in text


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    """A comparison whose trainings take no time; lists those that were scored."""
    settings, scored = SimpleNamespace(seed=0, epochs=1), []
    settings.model_copy = lambda update: SimpleNamespace(seed=update["seed"])
    comparison = {
        "settings": {"seed": 0, "size": 64, "field_mm": 256.0}, "patience": 1, "eps": 0.1,
        "candidates": [{"name": row, "config": {}} for row in ROWS],
        "chosen": {row: row for row in ROWS},
    }  # fmt: skip

    def score(networks, *_):
        scored.append(*networks)
        scores = [f"{kind}_{region}" for kind in ("mae", "dice") for region in REGIONS]
        axes = ("clean", "pgd"), ("s1", "s2", "s3"), scores
        keys = ("row", "kind", "subject", "score")
        return [
            dict(zip(keys, (*networks, *each), strict=True)) | {"value": 1.0 + len(scored) % 3}
            for each in product(*axes)
        ]

    replaced = {
        "read_final": lambda _: comparison,
        "full_settings_of": lambda *_: settings,
        "_write_folds": lambda _, folder, groups, say: [folder] * groups,
        "say_work": lambda *_: False,
        "load_unet": lambda _: (None,),
        "score": score,
        "read_data": lambda _: SimpleNamespace(train=None),
        "_grey": lambda *_: pd.Series(1.0, [f"{a}_{b}" for a in ("mae", "dice") for b in REGIONS]),
    }
    for name, value in replaced.items():
        monkeypatch.setattr(module, name, value)
    for name in ("retrain", "open_test", "read_split"):
        monkeypatch.setattr(module, name, lambda *_: None)
    return tmp_path, scored


def test_missing_trainings_are_added_and_pay_for_another_look(untrained, printed_by):
    folder, scored = untrained
    assert "no verdict without 3 trainings each" in printed_by(stability, folder, 2, 3)
    assert len(scored) == 4 * (2 + 3)
    before = pd.read_csv(folder / "stability.csv")
    text = printed_by(stability, folder, 3, 3)
    assert len(scored) == 4 * (3 + 3)
    scores = pd.read_csv(folder / "stability.csv")
    seeds = scores.loc[scores["kind"] == "initialisation", "number"]
    assert sorted(seeds.unique()) == [1000, 1001, 1002]
    old = scores[scores["number"] != 1002].reset_index(drop=True)
    pd.testing.assert_frame_equal(old, before)
    for _ in range(2):  # the comparison opened test before
        assert "over subjects and 3 trainings each" in text
        assert "at half the level of opening 1 of test" in text
        text = printed_by(stability, folder, 3, 3)
    assert "at half the level of opening 2 of test" in printed_by(stability, folder, 4, 3)
    with pytest.raises(UserError, match="4 trainings each: give --initialisations 4 or more"):
        stability(folder, 3, 3, Console(file=io.StringIO()))
    with pytest.raises(UserError, match="3 groups of subjects: give --folds 3"):
        stability(folder, 4, 2, Console(file=io.StringIO()))


def test_more_folds_than_training_subjects_are_refused(finished):
    folder, _ = finished
    (folder / "stability.csv").unlink(missing_ok=True)
    with pytest.raises(UserError, match="99 groups of 12 subjects"):
        stability(folder, 1, 99, Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("seed", "seeds", "first"), [(0, [0, 2], 1002), (7, [0, 2], 1007), (3, None, 1003)]
)
def test_seeds_start_beyond_all_that_may_have_chosen(seed, seeds, first):
    comparison = {"settings": {"seed": seed}}
    if seeds is not None:
        comparison["sources"] = {"settings": {"runs": [], "seeds": seeds}, "signature": None}
    assert module.fresh_seed(comparison) == first


def written(folder, seeds):
    names = (*module.CSV_COLUMNS[:2], "condition", "subject", "score")
    rows = [
        dict.fromkeys(names, "a") | {"kind": module.INITIALISATION, "number": seed, "value": 1.0}
        for seed in seeds
    ]
    write_rows(
        folder / module.FILE, [{name: row[name] for name in module.CSV_COLUMNS} for row in rows]
    )


def test_trainings_that_may_have_chosen_are_refused_and_remain_a_look(tmp_path):
    written(tmp_path, range(1, 6))
    with pytest.raises(UserError, match="seeds 1 to 5, which may have chosen: move it elsewhere"):
        module._rows_before(tmp_path, range(1000, 1011), 8)
    (tmp_path / module.FILE).unlink()
    written(tmp_path, range(1000, 1003))
    frame = pd.read_csv(tmp_path / module.FILE)
    assert [module._looks(tmp_path, frame) for _ in range(2)] == [2, 2]


def test_trainings_below_those_of_a_verdict_are_no_look(tmp_path):
    written(tmp_path, range(1000, 1000 + module.LEAST - 1))
    frame = pd.read_csv(tmp_path / module.FILE)
    assert module._looks(tmp_path, frame) == 1
    assert not (tmp_path / module.LOOKS).exists()
    (tmp_path / module.LOOKS).write_text("{}")
    with pytest.raises(UserError, match="is damaged: it is no list of looks"):
        module._looks(tmp_path, frame)


def test_each_opening_before_widens_the_intervals():
    scores = equal_recipes(np.random.default_rng(0), 5, luck=1, taste=1)
    first, second = (module._sentences(scores, openings) for openings in (1, 2))
    assert "opening" not in first[0]
    assert second[0].endswith("at half the level of opening 1 of test:")
    assert first[1] != second[1]


def test_a_training_that_raised_an_alarm_is_named(tmp_path):
    for name, alarm in {"a": 0.2, "b": -0.2}.items():
        outcome = {"epochs": 1, "best_epoch": 1, "metrics": {}, "seconds": 1.0}
        outcome["constraints"] = {"rising": alarm}
        (tmp_path / name).mkdir()
        (tmp_path / name / "retrained.json").write_text(json.dumps(outcome))
    assert module._alarm_lines(tmp_path) == ["a misses rising: it could not win a search"]
    assert module._alarm_lines(tmp_path / "nowhere") == []


def test_a_comparison_without_a_searched_architecture_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no searched architecture"):
        module._searched({"chosen": {"Baseline": "baseline-1"}}, tmp_path)


def test_the_architecture_by_tpe_comes_before_the_one_by_random_draws(tmp_path):
    rows = {"RobMedNAS-R": "robmednas-r-1", "RobMedNAS-T": "robmednas-t-1"}
    assert module._searched({"chosen": rows}, tmp_path) == "RobMedNAS-T"


ROWS = ("Baseline", "Plain U-Net", "Plain U-Net w/AT", "RobMedNAS-T")


def equal_recipes(generator, trainings, luck, taste):
    """Return head MAE of equally good recipes: seeds have luck, networks their hard subjects."""
    axes = {"condition": ["clean", "pgd"], "row": ROWS, "number": range(trainings)}
    axes["subject"] = [f"s{number}" for number in range(18)]
    values = generator.normal(80, 12, (2, 1, 1, 18)) + taste * generator.normal(size=(2, 4, 1, 18))
    values = values + luck * generator.normal(size=(2, 4, trainings, 1))
    values = values + generator.normal(size=(2, 4, trainings, 18))
    frame = pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False)
    return frame.assign(score="mae_head", value=values.ravel())


@pytest.mark.parametrize("trainings", [module.LEAST, 11])
def test_equal_recipes_are_told_apart_in_5_percent_of_tables_at_most(trainings):
    """With two trainings it is 11 %: too many for any verdict."""
    generator, tables, apart = np.random.default_rng(0), 80, 0
    for _ in range(tables):
        _, *lines = module._sentences(equal_recipes(generator, trainings, luck=2, taste=3))
        assert len(lines) == 6
        apart += any("not distinguishable" not in line for line in lines)
    assert apart <= binom.ppf(0.99, tables, 0.05)


def test_too_few_trainings_have_no_verdict():
    scores = equal_recipes(np.random.default_rng(0), module.LEAST - 1, luck=0, taste=0)
    (line,) = module._sentences(scores)
    assert line == "no verdict without 3 trainings each: give --initialisations 3 or more"


def test_a_great_difference_of_recipes_is_a_verdict():
    scores = equal_recipes(np.random.default_rng(0), 5, luck=1, taste=1)
    scores.loc[scores["row"] == "RobMedNAS-T", "value"] -= 20
    _, *lines = module._sentences(scores)
    assert all(": better than " in line for line in lines)
