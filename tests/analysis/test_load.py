"""Runs as they lie on disk, whole and otherwise."""

import json
import os
import subprocess
import sys
from pathlib import Path

import make_run
import numpy as np
import pandas as pd
import pytest
from make_run import REFERENCES, Blueprint

from analysis.load import choose_run, load
from analysis.numbers.frames import hyperparameters
from search.engine.trial import State
from search.studies import about
from searchspace.errors import UserError

BASELINE = REFERENCES[0]


def test_it_agrees_with_the_table_the_engine_wrote(whole_run):
    table = pd.read_csv(whole_run.folder / "trials.csv").set_index("trial")
    trials = whole_run.trials.set_index("trial").loc[table.index]
    reached = table[table["epoch"] > 0].index
    for column in set(table) - {"label", "repeats", "reason", "started_s", "ended_s", "node"}:
        left, right = trials.loc[reached, column], table.loc[reached, column]
        if pd.api.types.is_numeric_dtype(right):
            np.testing.assert_allclose(left.astype(float), right.astype(float), err_msg=column)
        else:
            assert left.tolist() == right.tolist()
    assert trials["label"].tolist() == table["label"].fillna("").tolist()
    pruned = table["state"] == "pruned"
    assert trials.loc[pruned, "note"].tolist() == table.loc[pruned, "reason"].tolist()


def test_the_order_and_the_winner_are_the_engines(whole_run):
    trials = whole_run.trials
    assert trials["rank"].tolist() == list(range(1, 33))
    assert whole_run.winner == whole_run.manifest["winner"] == trials["trial"].iloc[0]
    assert trials["winner"].sum() == 1
    states = trials["state"].tolist()
    assert states == sorted(states, key=["completed", "pruned", "failed"].index)
    ranked = trials[(trials["state"] == "completed") & (trials["note"] == "")]
    assert ranked["value"].is_monotonic_decreasing
    barred = trials[trials["note"].str.contains("clean_floor")]
    assert barred["trial"].tolist() == ["t023"]


def test_columns_have_clean_types(whole_run):
    types = whole_run.trials.dtypes
    assert all(
        pd.api.types.is_bool_dtype(types[name])
        for name in ("winner", "reference", "scaled", "control")
    )
    assert all(pd.api.types.is_integer_dtype(types[name]) for name in ("rank", "epoch"))
    numbers = ("value", "low", "high", "best_epoch", "started_s", "ended_s")
    assert all(pd.api.types.is_float_dtype(types[name]) for name in numbers)
    assert not whole_run.trials[["trial", "label", "state", "note"]].isna().any(axis=None)


def test_there_is_a_row_for_every_report(whole_run):
    counts = whole_run.reports.groupby("trial").size()
    expected = {
        blueprint.id: blueprint.reports
        for blueprint in make_run.whole_search()
        if blueprint.reports
    }
    assert counts.to_dict() == expected
    assert whole_run.reports["time_s"].is_monotonic_increasing
    last = whole_run.reports.groupby("trial")["value"].last()
    values = whole_run.trials.set_index("trial")["value"].dropna()
    pd.testing.assert_series_equal(last.sort_index(), values.sort_index())


def test_seconds_are_totals_per_trial_and_parts_per_report(whole_run):
    first = whole_run.trials.set_index("trial").loc["r01"]
    assert first["seconds.generation"] == 8.0
    assert whole_run.reports.query("trial == 'r01'")["seconds.generation"].tolist() == [2.0] * 4


def test_a_running_run_shows_what_is_known(build):
    run = build(BASELINE, Blueprint("t001", reports=2, state=State.RUNNING), status="running")
    assert run.trials["state"].tolist() == ["completed", "running"]
    assert run.winner == "r01"
    assert np.isnan(run.trials["ended_s"].iloc[1])


def test_an_interrupted_run_keeps_its_winner(build):
    run = build(
        BASELINE,
        Blueprint("t001", reports=1, state=State.INTERRUPTED, reason="stopped by the user"),
        status="interrupted",
    )
    assert run.winner == "r01"
    assert run.trials["note"].tolist() == ["", "stopped by the user"]


def test_a_run_without_winner(build):
    assert build(Blueprint("t001", violation=0.1)).winner is None


def test_a_run_of_failures_has_no_reports(build):
    run = build(Blueprint("t001", state=State.FAILED, reports=0, reason="out of memory"))
    assert run.winner is None
    assert run.reports.empty
    assert "value" in run.reports
    assert run.trials["note"].tolist() == ["out of memory"]


@pytest.mark.parametrize("rest", ['{"time": "2026-01-01T00', '{"event": "x"}'])
def test_an_unfinished_last_line_is_dropped(build, rest):
    run = build(BASELINE)
    with (run.folder / "events.jsonl").open("a") as file:
        file.write(rest)
    pd.testing.assert_frame_equal(load(run.folder).trials, run.trials)


def test_a_run_is_read_by_the_description_that_it_holds(build):
    run = build(BASELINE)
    described = json.loads((run.folder / "manifest.json").read_text())
    described["about"]["scores"]["bacc"]["words"] = "mean recall"
    (run.folder / "manifest.json").write_text(json.dumps(described))
    assert load(run.folder).vocabulary.describe(run.objective.metric).startswith("mean recall")


def test_a_run_of_before_it_described_itself_is_read_by_what_its_study_says_today(build):
    run = build(BASELINE, describes_itself=False)
    assert "about" not in run.manifest
    assert run.about == about("tsynd")


def test_a_run_of_an_unknown_study_keeps_the_names_of_its_metrics(build):
    run = build(BASELINE, describes_itself=False)
    text = (run.folder / "manifest.json").read_text().replace('"tsynd"', '"strange"')
    (run.folder / "manifest.json").write_text(text)
    strange = load(run.folder)
    assert strange.about.name == "strange"
    assert strange.vocabulary.describe("ranking_pgd_bacc_curve") == "ranking pgd bacc curve"


def test_null_is_nan(build):
    run = build(BASELINE)
    events = run.folder / "events.jsonl"
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    lines[-2]["metrics"]["ranking_clean_bacc"] = None
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert load(run.folder).trials["metric.ranking_clean_bacc"].isna().all()


def damage(folder: Path, kind: str) -> None:
    manifest, events = folder / "manifest.json", folder / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    match kind:
        case "no manifest":
            manifest.unlink()
        case "half a manifest":
            manifest.write_text(manifest.read_text()[:50])
        case "a list":
            manifest.write_text("[]")
        case "no events":
            events.unlink()
        case "no objective":
            values = json.loads(manifest.read_text()) | {"status": "interrupted"}
            manifest.write_text(json.dumps(values | {"objective": None}))
        case "a broken line":
            events.write_text("".join([lines[0], lines[1][:30] + "\n", *lines[2:]]))
        case "another record":
            events.write_text(
                "".join([lines[0], lines[1].replace("metrics", "scores"), *lines[2:]])
            )
        case "another description":
            manifest.write_text(manifest.read_text().replace('"threat"', '"menace"'))
        case "an orphan":
            events.write_text(lines[0].replace("r01", "r02") + "".join(lines[1:]))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no manifest", "is not a run: it has no manifest.json"),
        ("half a manifest", "cannot read"),
        ("a list", "holds no JSON object"),
        ("no events", "no trial was started"),
        ("no objective", "(status: interrupted)"),
        ("a broken line", "line 2 of"),
        ("another record", "events.jsonl is damaged: it has no metrics; what can be done says"),
        ("another description", "manifest.json: about.threat is missing"),
        ("an orphan", "is damaged: r01 was not proposed before it; what can be done says"),
    ],
)
def test_what_is_no_run_is_told_in_one_line(tmp_path, kind, message):
    folder = make_run.make_run(tmp_path / "run", [BASELINE])
    load(folder)
    damage(folder, kind)
    with pytest.raises(UserError) as caught:
        load(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        load(tmp_path / "nowhere")


def test_it_loads_neither_torch_nor_ray():
    code = (
        "import sys, analysis.load, analysis.figures.catalogue, analysis.export, analysis.cli\n"
        "heavy = {'torch', 'ray', 'optuna', 'matplotlib.pyplot'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_made_runs_are_varied():
    states = {blueprint.state for blueprint in make_run.whole_search()}
    assert states == {State.COMPLETED, State.PRUNED, State.FAILED}


def test_settings_that_are_lists_are_compared_as_text(build):
    trials = [Blueprint(f"t00{n}", config={"blocks": [n, 2], "x": {"y": n}}) for n in (1, 2, 3)]
    run = build(REFERENCES[0], *trials)
    texts = run.trials.set_index("trial")["config.blocks"]
    assert texts["t001"] == "[1, 2]"
    frame = hyperparameters(run)
    assert set(frame.loc[frame["name"] == "x", "setting"]) == {'{"y": 1}', '{"y": 2}', '{"y": 3}'}


@pytest.fixture
def runs(tmp_path):
    """Runs of two studies, the one of the guest newer."""
    make_run.make_run(tmp_path / "older", [*REFERENCES, Blueprint("t001")])
    newer = make_run.make_run(tmp_path / "newer", [*REFERENCES, Blueprint("t001")])
    manifest = json.loads((newer / "manifest.json").read_text())
    manifest["about"] |= {"name": "guest", "inputs": "MR"}
    (newer / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "manifest.json").write_text("{}")
    for time, name in enumerate(("older", "newer", "empty")):
        os.utime(tmp_path / name / "manifest.json", (time, time))
    return tmp_path


def test_the_newest_run_is_that_of_the_study(runs):
    assert choose_run(None, runs).folder.name == "newer"
    assert choose_run("", runs, study="guest").folder.name == "newer"
    study = load(runs / "older").about.name
    assert choose_run(None, runs, study=study).folder.name == "older"
    assert choose_run(None, runs, inputs="images").folder.name == "older"
    assert choose_run(str(runs / "newer"), runs, inputs="MR").folder.name == "newer"


def test_no_run_and_a_run_of_another_study_are_a_line(runs):
    with pytest.raises(UserError, match=r"^no run of other in .*: search, or set RUN to"):
        choose_run(None, runs, study="other")
    with pytest.raises(UserError, match=r"^no run with images in "):
        choose_run(None, runs / "absent", inputs="images")
    with pytest.raises(UserError, match=r"newer is a run of guest: name a run with images$"):
        choose_run(str(runs / "newer"), runs, inputs="images")
