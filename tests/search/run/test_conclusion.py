"""What is said and written at the end of a search."""

import csv
from dataclasses import replace

import optuna
import pytest
import toy_study
from whole_runs import events_of, manifest_of, states_of

from trainables.study.study import Floor


def set_constant(monkeypatch, score):
    """Give a constant answer a score, above which the baseline sets a floor."""
    prepare = toy_study.ToyStudy.prepare
    floor = Floor("relative_floor", "robustness", "baseline", 0.5, above_constant=True)
    monkeypatch.setattr(toy_study.ToyStudy, "floor", lambda *_: floor)
    monkeypatch.setattr(
        toy_study.ToyStudy,
        "prepare",
        lambda *arguments: replace(prepare(*arguments), constant={"robustness": score}),
    )


def test_without_a_winner_it_says_so(run_toy):
    status, folder, printed = run_toy(settings={"floor": 2.0}, trials=2)
    assert status == 1
    assert "no winner: no trial reached the last rung and met its constraints" in printed
    assert not (folder / "best").exists()
    assert manifest_of(folder)["winner"] is None


def test_what_the_winner_keeps_of_the_baseline_and_what_a_constant_answer_scores_are_said(
    run_toy, monkeypatch
):
    set_constant(monkeypatch, 0.1)
    _, folder, printed = run_toy(trials=3)
    assert manifest_of(folder)["constant"] == {"robustness": 0.1}
    assert toy_study.Settings.about.level in printed  # a row of the table
    assert "to compare with" in printed
    assert " of the baseline's clean skill" in printed
    share = manifest_of(folder)["clean_share"]
    assert f"keeps {100 * share['value']:.0f} % " in printed


def test_a_winner_that_is_no_better_than_a_constant_answer_is_named_as_that(run_toy, monkeypatch):
    set_constant(monkeypatch, 99.0)
    printed = run_toy(trials=1)[2]
    assert f"the winner is no better than {toy_study.Settings.about.level}\n" in printed
    assert "it sets no clean floor" in printed


def test_an_interrupted_search_ranks_what_is_finished(run_toy):
    status, folder, printed = run_toy(settings={"faults": ("interrupt",)})
    assert status == 130
    assert states_of(folder) == {"r01": "completed", "r02": "completed", "r03": "interrupted"}
    assert manifest_of(folder)["status"] == "interrupted"
    assert "winner: r02 paper" in printed


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_two_metrics_end_in_a_front(run_toy, sampler):
    """Robustness against size, which grows with x, as robustness does up to a point."""
    status, folder, printed = run_toy(trials=15, sampler=sampler, trade_off="size", seed=1)
    manifest = manifest_of(folder)
    assert status == 0
    assert manifest["objective"]["other"] == {"metric": "size", "direction": "min"}
    with (folder / "trials.csv").open() as file:
        rows = {row["trial"]: row for row in csv.DictReader(file) if row["state"] == "completed"}
    points = {
        name: (float(row["metric.robustness"]), -float(row["metric.size"]))
        for name, row in rows.items()
    }
    front = {
        name
        for name, (a, b) in points.items()
        if not any(c >= a and d >= b and (c, d) != (a, b) for c, d in points.values())
    }
    assert set(manifest["front"]["trials"]) == front
    assert len(front) > 1
    assert manifest["winner"] in front
    assert manifest["front"]["hypervolume"] > 0
    assert "Pareto front of robustness and size:" in printed
    study = optuna.load_study(
        study_name="toy",
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(folder / "study.journal"))
        ),
    )
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    best = {trial.user_attrs["trial"] for trial in study.best_trials}
    assert best <= front


def test_the_winner_is_the_best_of_the_toy_that_ran_to_the_end(run_toy):
    _, folder, _ = run_toy(trials=10, scheduler="fifo", seed=3)
    proposed = [event for event in events_of(folder) if event["event"] == "proposed"]
    best = max(proposed, key=lambda event: toy_study.quality(event["config"]))
    assert manifest_of(folder)["winner"] == best["trial"]
