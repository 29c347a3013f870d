"""The table of networks and recipes: rows, splits, and what is printed of made scores."""

import importlib
import json
import re
import shutil
from argparse import Namespace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from places import ROOT

from search.record.run_folder import OPENINGS
from search.storage import openings
from searchspace.errors import UserError
from trainables.data.phantoms.heads import write_nifti
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.preparation.assets import SUBJECTS, draw_record, open_subjects
from trainables.synthesis.preparation.record import read_record
from trainables.synthesis.training.epoch import steps_of


@pytest.fixture
def table(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("robmednas_table")


def arguments(tmp_path, **changes):
    values = {
        "data": None, "out": tmp_path, "rows": ["plain U-Net, plain recipe"], "network": [],
        "model": [], "size": 32, "steps": 20, "seeds": 1, "folds": 0, "sites": [], "split": None,
        "jobs": 1, "device": "cpu", "minutes": 0.0, "equal": "slices", "epoch_slices": None,
        "filters": 32, "recipes": ["plain recipe", "uniform .12"],
    }  # fmt: skip
    return Namespace(**(values | changes))


def test_recipe_rows_differ_from_the_plain_recipe_in_what_their_name_says(table, tmp_path):
    first, *changed = table.rows_of(arguments(tmp_path, rows=["recipe"]))
    assert first.config == {**changed[0].config, "loss": "l1"}
    for row in changed:
        different = {name for name, value in row.config.items() if first.config[name] != value}
        assert different or row.normalisation != first.normalisation, row.name


def test_networks_of_ones_own_are_trained_by_the_recipes_that_were_asked_for(table, tmp_path):
    recipes = ["plain recipe", "uniform .12, lr 2e-3", "normalisation tissue"]
    options = {"rows": [], "network": ["plain 8 16"], "recipes": recipes}
    plain, attacked, tissue = table.rows_of(arguments(tmp_path, **options))
    assert attacked.name == "plain 8 16, uniform .12, lr 2e-3"
    assert plain.config["architecture"] == "plain 8 16"
    changed = {"regime": "uniform", "attack_eps": 0.12, "attack_steps": 1, "lr": 2e-3}
    assert attacked.config == plain.config | changed
    assert (plain.normalisation, tissue.normalisation) == ("whole", "tissue")
    assert tissue.config == plain.config


def test_a_row_is_a_network_and_any_changes_of_the_recipe(table, tmp_path):
    names = ["plain U-Net, uniform .12, not mirrored", "handcrafted, artefacts 0, augment no"]
    usual, hand = table.rows_of(arguments(tmp_path, rows=names))
    assert [usual.name, hand.name] == names
    expected = {"regime": "uniform", "attack_eps": 0.12, "mirrored": False}
    assert usual.config.items() >= expected.items()
    assert hand.config.items() >= {"artefacts": 0.0, "augment": False, "norm": "batch"}.items()


def test_the_plain_recipe_is_what_a_run_has_by_default(table, tmp_path):
    (row,) = table.rows_of(arguments(tmp_path))
    assert row.config.items() >= RobMedNASSettings().recipe.items()


def write_card(folder, table, **changes):
    config = table.study.config(architecture="plain 8 16", lr=2e-3).model_dump()
    card = {"provenance": {"config": config}, "normalisation": "tissue", "size": 32}
    card |= {"field_mm": 256.0, "neighbours": 0} | changes
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(card))
    return config


def test_a_saved_model_is_trained_by_its_own_recipe(table, tmp_path):
    config = write_card(tmp_path / "run" / "best", table)
    (row,) = table.rows_of(arguments(tmp_path, rows=[], model=[tmp_path / "run" / "best"]))
    assert (row.name, row.config, row.normalisation) == ("model run", config, "tissue")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": 96}, "size is 96, here 32"),
        ({"field_mm": 200.0}, "field_mm is 200, here 256"),
        ({"neighbours": 2, "size": 64}, "size is 64, here 32, neighbours is 2, here 0"),
    ],
)
def test_a_saved_model_that_saw_other_slices_is_refused(table, tmp_path, changes, said):
    write_card(tmp_path / "best", table, **changes)
    with pytest.raises(UserError, match=rf"saw other slices \({said}\): give"):
        table.rows_of(arguments(tmp_path, rows=[], model=[tmp_path / "best"]))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain U-Net, lr 9", "unknown change of the recipe 'lr 9': did you mean lr "),
        ("plain Unet, lr 2e-3", "unknown network of a row 'plain Unet': did you mean "),
    ],
)
def test_an_unknown_row_is_named(table, tmp_path, name, said):
    with pytest.raises(UserError, match=f"^{re.escape(said)}"):
        table.rows_of(arguments(tmp_path, rows=[name]))


def test_a_single_training_has_no_deviation(table):
    assert table.with_spread(81.94, float("nan")) == "   81.9"
    assert table.with_spread(81.94, 1.04) == "   81.9 ±1"


def test_every_row_of_the_table_is_trained_by_as_many_steps(table, tmp_path):
    rows = table.rows_of(arguments(tmp_path, rows=["table"], network=["1110x8 | 0101x8s4"]))
    assert len({row.name for row in rows}) == len(rows) == 10
    _, trainings = table.plan(arguments(tmp_path, steps=40, network=[]), rows)
    assert {training.row.name for training in trainings} == {row.name for row in rows}
    slices = len(table.read_data(trainings[0].assets).train)
    steps = {
        item.settings.epochs * steps_of(slices, item.row.config["batch_size"]) for item in trainings
    }
    assert len(steps) == 1
    assert abs(steps.pop() - 40) <= steps_of(slices, 6) / 2


def test_rows_of_equal_time_have_the_epochs_of_the_plain_network(table, tmp_path):
    options = {"equal": "time", "epoch_slices": 60, "steps": 40, "filters": 16}
    rows = table.rows_of(arguments(tmp_path, rows=["table"], **options))
    assert "plain 8 16 32 64" in {row.config["architecture"] for row in rows}
    _, trainings = table.plan(arguments(tmp_path, **options), rows)
    assert {item.settings.epochs for item in trainings} == {4}  # of 60 slices, 10 steps each
    assert {item.settings.equal for item in trainings} == {"time"}
    assert all("-time" in item.file.parent.name for item in trainings)


def test_folds_test_every_subject_once_and_share_none(table):
    settings = RobMedNASSettings(size=32, slices=1, subjects=20, max_depth=2)
    records = dict(table.records_of(settings, 4))
    assert list(records) == ["1of4", "2of4", "3of4", "4of4"]
    names = sorted(records["1of4"].contents)
    assert sorted(name for record in records.values() for name in record.splits.test) == names
    for record in records.values():
        assert_parts(record.splits, names)


def test_a_site_kept_apart_is_tested_whole_and_trains_nothing(table):
    settings = RobMedNASSettings(size=32, slices=1, subjects=20, max_depth=2)
    ((_, product),) = table.records_of(settings)
    names = sorted(product.contents)
    sites = names[0][:-1], names[-1][:-1]
    for site, record in table.records_of(settings, sites=sites):
        assert record.splits.test == tuple(name for name in names if name.startswith(site))
        assert_parts(record.splits, names)


@pytest.fixture
def heads(tmp_path):
    """Heads as files, to delete from, and the settings that read them."""
    made = RobMedNASSettings(size=32, slices=1, subjects=20, max_depth=2, device="cpu")
    write_nifti(open_subjects(made), tmp_path / "heads", lambda _: None)
    return made.model_copy(update={"data": tmp_path / "heads"})


def searched(folder, settings):
    """Write what a search writes of its subjects before it trains; return its model's folder."""
    record = draw_record(settings)
    record.write(folder / "assets")
    served = {split: getattr(record.splits, split) for split in ("train", "val", "ranking")}
    (folder / "assets" / SUBJECTS).write_text(json.dumps(served))
    (folder / "manifest.json").write_text("{}")
    return folder / "best"


def test_the_test_subjects_of_a_model_are_those_that_its_run_wrote_down(table, heads, tmp_path):
    model = searched(tmp_path / "run", heads.model_copy(update={"data_seed": 3}))
    origin = table.origin_of(model)
    shutil.rmtree(heads.data / origin.record.splits.train[0])  # the folder is not what it was
    ((name, record),) = table.records_of(heads, origins=[origin])
    assert name == "product"
    assert record.splits == read_record(tmp_path / "run" / "assets").splits
    assert list(table.remarks([origin], [(name, record)], "test")) == []
    ((_, drawn),) = table.records_of(heads)
    (line,) = table.remarks([origin], [("drawn", drawn)], "test")
    assert line.startswith("model run: of 3 subjects scored here ")


def test_the_table_of_a_model_tests_what_its_run_kept_as_test(
    table, heads, tmp_path, monkeypatch, capsys
):
    manifest = SimpleNamespace(stored=None, plan=SimpleNamespace(earlier_openings=()))
    monkeypatch.setattr(openings, "read_manifest", lambda _: manifest)
    model = searched(tmp_path / "run", heads.model_copy(update={"data_seed": 3}))
    write_card(model, table)
    kept = read_record(tmp_path / "run" / "assets").splits.test
    options = arguments(tmp_path / "out", model=[model], data=heads.data, rows=[])
    notes, (training,) = table.plan(options, table.rows_of(options))
    assert notes == []
    assert tuple(subject.name for subject in table.subjects_of(training).subjects) == kept
    shutil.rmtree(heads.data / kept[0])
    options.out = tmp_path / "again"
    with pytest.raises(UserError, match=f"^subject '{kept[0]}' is of the test split of this run"):
        table.plan(options, table.rows_of(options))
    assert "was opened 2 times" in capsys.readouterr().out


def test_models_of_runs_with_other_splits_are_refused(table, heads, tmp_path):
    seeds = {seed: heads.model_copy(update={"data_seed": seed}) for seed in (0, 1)}
    origins = [
        table.origin_of(searched(tmp_path / f"run{seed}", each)) for seed, each in seeds.items()
    ]
    with pytest.raises(UserError, match="run0 and run1 cannot be compared: their splits differ"):
        list(table.records_of(heads, origins=origins))
    with pytest.raises(UserError, match="lies in no run, so which subjects chose it is not known"):
        table.origin_of(tmp_path / "best")


def test_folds_say_which_subjects_chose_the_model_and_count_that_test_is_opened(
    table, heads, tmp_path, monkeypatch, capsys
):
    manifest = SimpleNamespace(stored=None, plan=SimpleNamespace(earlier_openings=()))
    monkeypatch.setattr(openings, "read_manifest", lambda _: manifest)
    origin = table.origin_of(searched(tmp_path / "run", heads))
    records = list(table.records_of(heads, 4, origins=[origin]))
    splits = origin.record.splits
    chose = sorted((*splits.val, *splits.ranking))
    (line,) = table.remarks([origin], records, "test")
    assert line.startswith(
        f"model run: of 20 subjects scored here 5 chose it ({', '.join(chose)}) and 12 trained"
    )
    for folder in ("first", "first", "second"):
        table.count_openings([origin], records, "test", tmp_path / folder)
    assert [
        opening["winner"] for opening in json.loads((tmp_path / "run" / OPENINGS).read_text())
    ] == ["model run"] * 2
    assert "was opened 2 times" in capsys.readouterr().out


def test_ranking_subjects_open_no_test(table, heads, tmp_path):
    origin = table.origin_of(searched(tmp_path / "run", heads))
    records = list(table.records_of(heads, origins=[origin]))
    table.count_openings([origin], records, "ranking", tmp_path / "out")
    assert not (tmp_path / "run" / OPENINGS).exists()
    (line,) = table.remarks([origin], records, "ranking")
    assert "of 3 subjects scored here 3 chose it" in line


def test_a_folder_that_was_begun_with_other_splits_is_refused(table, heads, tmp_path):
    records = [
        next(table.records_of(heads.model_copy(update={"data_seed": seed})))[1] for seed in (0, 1)
    ]
    table.prepare(tmp_path / "out", heads, records[0], "whole", "product", "ranking")
    table.prepare(tmp_path / "out", heads, records[0], "whole", "product", "ranking")
    with pytest.raises(UserError, match=r"holds other splits \(their splits differ\): name a new"):
        table.prepare(tmp_path / "out", heads, records[1], "whole", "product", "ranking")


def assert_parts(splits, names):
    assert sorted((*splits.train, *splits.val, *splits.ranking, *splits.test)) == names
    assert splits.train
    assert splits.ranking


def scores_of(errors):
    """Make scores of subjects by row and seed, the same under every condition of the table."""
    lines = []
    for (row, seed), values in errors.items():
        for kind, strength, score in [
            ("clean", 0.0, "mae_head"), ("pgd", 0.06, "mae_head"), ("pgd", 0.2, "mae_head"),
            ("clean", 0.0, "dice_bone"),
        ]:  # fmt: skip
            lines += [
                (row, "product", seed, kind, strength, f"s{k}", score, v)
                for k, v in enumerate(values)
            ]
        lines += [
            (row, "product", seed, "training", 0.0, "", name, 7.0)
            for name in ("parameters", "steps", "seconds")
        ]
    columns = ["row", "fold", "seed", "kind", "strength", "subject", "score", "value"]
    return pd.DataFrame(lines, columns=columns)


def test_a_row_is_compared_with_its_control_over_subjects_and_trainings(table, monkeypatch):
    monkeypatch.setattr(table, "STRENGTHS", {})
    plain, rival = "plain U-Net, plain recipe", "a network"
    rng = np.random.default_rng(0)
    subjects = rng.normal(90, 10, 12)
    scores = scores_of(
        {(plain, seed): subjects + rng.normal(0, 1, 12) for seed in range(3)}
        | {(rival, seed): subjects - 9 + rng.normal(0, 1, 12) for seed in range(3)}
    )
    lines = list(table.report(scores, [plain, rival]))
    (line,) = [line for line in lines if line.endswith(f"minus {plain}")]
    assert line.startswith(rival)
    assert "better in 12 of 12" in line
    gap = (
        scores[scores["score"] == "mae_head"]
        .query("kind == 'clean'")
        .groupby("row")["value"]
        .mean()
    )
    assert f"{gap[rival] - gap[plain]:+.1f} [" in line


def test_trainings_that_disagree_widen_the_interval(table):
    compare = importlib.import_module("robmednas_gaps").compare

    def width(spread, count=1):
        scores = scores_of(
            {("a", seed): np.arange(8.0) + spread * seed for seed in range(3)}
            | {("b", seed): np.arange(8.0) + np.array([0, 1] * 4) for seed in range(3)}
        )
        scores = scores[scores["kind"] == "clean"]
        means = scores.groupby(["row", "kind", "strength", "score", "fold", "seed", "subject"])[
            "value"
        ].mean()
        text = compare(means, ("a", "b"), "clean", count)
        low, high = text.split("[")[1].split("]")[0].split(", ")
        return float(high) - float(low)

    assert width(20.0) > 5 * width(0.0)
    assert width(20.0, count=12) > 1.3 * width(20.0)


def test_the_comparisons_of_a_table_hold_together(table, monkeypatch):
    gaps = importlib.import_module("robmednas_gaps")
    monkeypatch.setattr(table, "STRENGTHS", {})
    names = ["plain U-Net, plain recipe", *gaps.ATTACKED, "a network"]
    rng = np.random.default_rng(1)
    scores = scores_of({(name, seed): rng.normal(90, 1, 8) for name in names for seed in range(3)})
    lines = list(table.report(scores, names))
    compared = [line for line in lines if "; minus " in line]
    assert len(compared) == 3 + 2 * (4 * 2 - 2)  # clean, and each radius beside controls
    (note,) = [line for line in lines if "each row minus its control" in line]
    assert "interval at 99.67 %; the 15 of this table hold together in 95 %" in note
    assert all("p 1, " in line or " p 0." in line for line in compared)
    assert sum("p 1, " in line for line in compared) > 2


@pytest.mark.slow
def test_a_cut_command_keeps_what_it_has_and_goes_on(table, tmp_path, capsys, monkeypatch):
    small = partial(RobMedNASSettings, max_depth=2, size=32)
    monkeypatch.setattr(table, "RobMedNASSettings", small)
    options = [
        "table", "--out", str(tmp_path), "--rows", "plain U-Net, plain recipe", "--steps", "2",
        "--size", "32", "--device", "cpu",
    ]  # fmt: skip
    monkeypatch.setattr("sys.argv", [*options, "--seeds", "2", "--minutes", "1e-9"])
    table.main()
    assert "stopped after 1e-09 minutes" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", [*options, "--seeds", "1"])
    table.main()
    file = next((tmp_path / "scores").rglob("*.csv"))
    before = file.read_bytes()
    table.main()
    assert file.read_bytes() == before
    assert "1 trainings, 0 to do" in capsys.readouterr().out
    assert "plain U-Net, plain recipe" in (tmp_path / "table.txt").read_text(encoding="utf-8")
