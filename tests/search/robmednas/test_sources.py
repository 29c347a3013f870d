"""Which runs can be compared, and what they stand for."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from search.robmednas.sources import (
    MAY_DIFFER,
    Source,
    candidates,
    differences,
    draw,
    in_order,
    read_source,
    read_sources,
    row_of,
    searched,
)
from search.samplers.registry import SAMPLERS
from searchspace.errors import UserError
from searchspace.unet import parse_network
from trainables.studies.robmednas.settings import RobMedNASConfig
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.preparation.record import FILE

robmednas = RobMedNAS()


def changed(run, folder, **manifest):
    shutil.copytree(run, folder)
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | manifest))
    return folder


def test_a_run_stands_for_its_best_sampled_trial(searches):
    for run, row in zip(searches, ("RobMedNAS-T", "RobMedNAS-R"), strict=True):
        source = read_source(run)
        table = pd.read_csv(run / "trials.csv")
        limits = [name for name in table if name.startswith("constraint.")]
        able = (table[limits].fillna(0) <= 0).all(axis=1)
        sampled = table[table["label"].isna() & able]
        best = sampled.loc[sampled["value"].idxmax(), "config.architecture"]
        assert source.row == row
        assert source.config["architecture"] == best
        assert source.config == RobMedNASConfig(**source.config).model_dump()


def with_last_reports(run, trials, **constraints):
    """Give the last reports of some trials other constraints."""
    file = run / "events.jsonl"
    events = [json.loads(line) for line in file.read_text().splitlines()]
    last = max(event["rung"] for event in events if event["event"] == "reported")
    for event in events:
        if event["event"] == "reported" and (event["trial"], event["rung"]) in {
            (trial, last) for trial in trials
        }:
            event["constraints"] |= constraints
    file.write_text("".join(json.dumps(event) + "\n" for event in events))


@pytest.mark.parametrize("value", [0.1, None], ids=["missed", "not a number"])
def test_a_trial_that_misses_a_constraint_stands_for_nothing(searches, tmp_path, value):
    run = changed(searches[0], tmp_path / "run")
    table = pd.read_csv(run / "trials.csv")
    sampled = table[table["label"].isna()].sort_values("value", ascending=False, kind="stable")
    with_last_reports(run, sampled["trial"][:1], collapse=value)
    second = table.loc[sampled.index[1], "config.architecture"]
    assert read_source(run).config["architecture"] == second
    with_last_reports(run, list(sampled["trial"]), collapse=value)
    with pytest.raises(UserError, match="no sampled trial"):
        read_source(run)


def test_of_a_raced_run_the_mean_over_seeds_counts_and_no_lucky_seed(searches, tmp_path):
    run = changed(searches[0], tmp_path / "run")
    first = read_source(run).config["architecture"]
    file = run / "events.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    events = [json.loads(line) for line in lines]
    lucky = next(
        event["trial"]
        for event in events
        if event["event"] == "proposed"
        and not event["label"]
        and event["config"]["architecture"] == first
    )
    repeat = [
        event | {"trial": f"{lucky}-s1"}
        for event in events
        if event.get("trial") == lucky and event["event"] in {"proposed", "reported", "ended"}
    ]
    repeat[0] |= {"repeats": lucky, "seed": 1, "by_value": False}
    metric = json.loads((run / "manifest.json").read_text())["objective"]["metric"]
    repeat[-2]["metrics"] = repeat[-2]["metrics"] | {metric: -10.0}
    file.write_text("".join([*lines, *(json.dumps(event) + "\n" for event in repeat)]))
    assert read_source(run).config["architecture"] != first


def test_a_folder_of_data_that_only_a_strangers_run_names_is_not_read(searches, tmp_path):
    settings = json.loads((searches[0] / "manifest.json").read_text())["settings"]
    plan = json.loads((searches[0] / "manifest.json").read_text())["plan"]
    forged = {
        "settings": settings | {"data": "/home/thesis"},
        "plan": plan | {"settings": plan["settings"] | {"data": "/home/thesis"}},
    }
    run = changed(searches[0], tmp_path / "run", **forged)
    with pytest.raises(UserError, match="names places: to use them add --data /home/thesis"):
        read_source(run)
    assert read_source(run, {"data": tmp_path}).settings.data == tmp_path


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"plan": {"study": "tsynd"}}, "is a run of tsynd"),
        ({"status": "interrupted"}, "is interrupted: name a run that has finished"),
    ],
)
def test_runs_that_cannot_be_used(searches, tmp_path, manifest, message):
    with pytest.raises(UserError, match=message):
        read_source(changed(searches[0], tmp_path / "run", **manifest))


@pytest.mark.parametrize("sampler", ["bayes", "evolution", "gp", "./own.py:My_Sampler"])
def test_a_run_of_any_sampler_stands_for_a_row(sampler, searches, tmp_path):
    plan = json.loads((searches[0] / "manifest.json").read_text())["plan"]
    run = changed(searches[0], tmp_path / "run", plan=plan | {"sampler": sampler})
    source = read_source(run)
    assert source.row == row_of(sampler)
    (candidate,) = [item for item in candidates([source], 0, 0) if item.row == source.row]
    assert candidate.config == source.config


def test_rows_of_samplers():
    names = {sampler: row_of(sampler) for sampler in (*SAMPLERS, "own.py:My_Sampler", "a\nb/..")}
    assert names == {
        "random": "RobMedNAS-R", "tpe": "RobMedNAS-T", "hyperopt": "RobMedNAS-T",
        "bayes": "RobMedNAS-B", "gp": "RobMedNAS-G", "evolution": "RobMedNAS-E",
        "own.py:My_Sampler": "RobMedNAS-MySampler", "a\nb/..": "RobMedNAS-ab",
    }  # fmt: skip
    rows = ["RobMedNAS-R", "Random", "RobMedNAS-B", "RobMedNAS-T", "own", "Baseline"]
    assert searched(rows) == ["RobMedNAS-T", "RobMedNAS-B", "RobMedNAS-R"]
    assert in_order(rows) == [
        "Baseline", "own", "Random", "RobMedNAS-R", "RobMedNAS-B", "RobMedNAS-T",
    ]  # fmt: skip


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(UserError, match="is not a run"):
        read_source(tmp_path)


def test_runs_on_other_data_are_not_compared(searches, tmp_path):
    settings = json.loads((searches[0] / "manifest.json").read_text())["settings"]
    run = changed(searches[1], tmp_path / "other", settings=settings | {"data_seed": 5})
    with pytest.raises(UserError, match="cannot be compared: data_seed is 0 and 5"):
        read_sources([searches[0], run])


def test_runs_that_were_made_otherwise_are_not_compared_and_all_differences_are_named(
    searches, tmp_path
):
    settings = json.loads((searches[0] / "manifest.json").read_text())["settings"]
    other = settings | {"equal": "time", "lr": 0.5, "max_disturbed": 0.2}
    run = changed(searches[1], tmp_path / "other", settings=other)
    with pytest.raises(UserError) as error:
        read_sources([searches[0], run])
    assert str(error.value) == (
        "tpe and other cannot be compared: equal is slices and time, lr is 0.008 and 0.5, "
        "max_disturbed is None and 0.2"
    )


def test_every_setting_counts_but_place_seed_and_machine():
    settings = robmednas.parse_settings({"device": "cpu"})
    assert differences(settings, settings) == ""
    for name in type(settings).model_fields:
        said = differences(settings, settings.model_copy(update={name: "else"}))
        assert said.startswith(f"{name} is ") != (name in MAY_DIFFER), name
    assert type(settings).model_fields.keys() >= MAY_DIFFER


def test_runs_of_another_seed_machine_and_place_are_compared(searches, tmp_path):
    settings = json.loads((searches[0] / "manifest.json").read_text())["settings"]
    other = settings | {"seed": 5, "max_memory": 3.0, "precision": "fp32"}
    run = changed(searches[1], tmp_path / "other", settings=other)
    assert [source.row for source in read_sources([searches[0], run])] == [
        "RobMedNAS-T",
        "RobMedNAS-R",
    ]


def test_runs_on_folders_that_changed_in_between_are_not_compared(searches, tmp_path):
    run = changed(searches[1], tmp_path / "other")
    record = json.loads((run / "assets" / FILE).read_text())
    record["splits"]["train"][0], record["splits"]["test"][0] = (
        record["splits"]["test"][0], record["splits"]["train"][0]
    )  # fmt: skip
    (run / "assets" / FILE).write_text(json.dumps(record))
    with pytest.raises(UserError, match="cannot be compared: their splits differ"):
        read_sources([searches[0], run])


def test_rows_come_in_the_papers_order_and_repeats_are_numbered(searches):
    sources = read_sources([searches[1], searches[0], searches[0]])
    networks = candidates(sources, draws=2, seed=0)
    assert [network.name for network in networks] == [
        "baseline-1", "baseline-at-1", "plain-u-net-1", "plain-u-net-at-1", "random-1", "random-2",
        "robmednas-r-1", "robmednas-t-1", "robmednas-t-2",
    ]  # fmt: skip
    assert networks[0].config["regime"] == "standard"
    assert networks[1].config == networks[0].config | {"regime": "uniform"}


def test_draws_depend_on_the_seed_and_keep_the_limits():
    settings = robmednas.parse_settings({"device": "cpu", "max_params": 50_000})
    configs = draw(settings, 4, seed=1)
    assert configs == draw(settings, 4, seed=1) != draw(settings, 4, seed=2)
    for config in configs:
        parse_network(config["architecture"])
        assert robmednas.limits(config, settings)["max_params"] <= 0


def test_networks_of_the_users_own_stand_before_what_was_searched():
    settings = robmednas.parse_settings({"device": "cpu", "max_depth": 2, "size": 32})
    config = robmednas.config_of("1000x8 | 0100x8", settings)
    source = Source(Path("run"), "RobMedNAS-T", config, settings, None)
    listed = candidates([source], 1, 0, ["monai unet", "/somewhere/mine.py:Small.Net"])
    rows = [network.row for network in listed]
    assert rows[-6:] == [
        "monai unet", "monai unet w/AT", "Small.Net", "Small.Net w/AT", "Random", "RobMedNAS-T",
    ]  # fmt: skip
    by_row = {network.row: network for network in listed}
    assert by_row["monai unet"].name == "monai-unet-1"
    assert by_row["Small.Net w/AT"].name == "small.net-at-1"
    assert by_row["Small.Net"].config["architecture"] == "/somewhere/mine.py:Small.Net"
    assert by_row["Small.Net"].config["regime"] == "standard"
    assert by_row["Small.Net w/AT"].config["regime"] == "uniform"
    assert by_row["monai unet"].config["loss"] == settings.loss
    assert in_order(["RobMedNAS-T", "own", "Baseline"]) == ["Baseline", "own", "RobMedNAS-T"]


def test_in_the_papers_protocol_networks_of_the_users_own_meet_the_papers_attack():
    """They were trained at random radii, beside references that were not."""
    settings = robmednas.parse_settings({"device": "cpu", "protocol": "paper"})
    config = robmednas.config_of("1000x8 | 0100x8", settings)
    source = Source(Path("run"), "RobMedNAS-T", config, settings, None)
    listed = candidates([source], 0, 0, ["plain 8 16"])
    regimes = {network.row: network.config["regime"] for network in listed}
    assert regimes["plain 8 16 w/AT"] == regimes["Baseline w/AT"] == "adversarial"
