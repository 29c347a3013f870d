"""The final comparison: retrained, chosen without test, tested once."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from search.record.run_folder import OPENINGS
from search.robmednas import final as module
from search.robmednas.final import (
    FinalPlan,
    choose,
    full_settings,
    full_settings_of,
    read_final,
)
from search.robmednas.retrain import Retrained
from search.robmednas.sources import NO_NETWORK, Candidate
from searchspace.errors import UserError
from trainables.metrics.synthesis import FIELD, SCORES
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.preparation.assets import draw_record, open_subjects
from trainables.synthesis.preparation.record import FILE
from trainables.synthesis.slices import read_split

robmednas = RobMedNAS()

ROWS = [
    "One grey", "By intensity", "Baseline", "Baseline w/AT", "Plain U-Net", "Plain U-Net w/AT",
    "Random", "RobMedNAS-R", "RobMedNAS-T",
]  # fmt: skip


def test_all_rows_are_tested_clean_and_attacked(finished):
    folder, output = finished
    scores = pd.read_csv(folder / "test_scores.csv")
    assert list(dict.fromkeys(scores["row"])) == ROWS
    assert set(scores["kind"]) == {"clean", "fgsm", "pgd", "apgd"}
    assert set(scores.loc[scores["kind"] != "clean", "strength"]) == {0.06}
    assert scores["subject"].nunique() == 3
    reported = 2 * (len(SCORES) + len(FIELD))  # on pixels and on voxels
    assert len(scores) == 9 * 3 * (2 * reported + 2 * len(SCORES))
    assert "7 of 7 trainings to do, each of at most 2 epochs" in output
    assert "MAE vox" in output
    assert "without a network, head MAE" not in output  # rows say it, of training subjects
    assert "pixels of 8 mm, voxels of 8 mm" in output
    assert "MS-SSIM" in (folder / "tables.md").read_text(encoding="utf-8")
    assert max(len(line) for line in output.splitlines() if "everything" not in line) <= 80
    assert "…" not in output  # no number is cut


def test_scores_are_those_of_the_saved_networks_on_test_subjects(finished):
    folder, _ = finished
    comparison = read_final(folder)
    settings = robmednas.parse_settings(comparison["settings"])
    splits = draw_record(settings).splits
    scores = pd.read_csv(folder / "test_scores.csv")
    assert tuple(dict.fromkeys(scores["subject"])) == splits.test
    network, _ = load_unet(folder / "models" / comparison["chosen"]["RobMedNAS-T"])
    split = read_split(folder / "test" / "test")
    (expected,) = score_subjects(network, split, [None], torch.device("cpu"))
    clean = scores[(scores["row"] == "RobMedNAS-T") & (scores["kind"] == "clean")]
    for score, values in expected.items():
        np.testing.assert_allclose(clean.loc[clean["score"] == score, "value"], values, rtol=1e-5)


def test_a_ladder_of_the_searchs_own_ends_where_trainings_do():
    search = robmednas.parse_settings(
        {"device": "cpu", "epochs": 12, "ladder": "4:fgsm,12:pgd-2", "eps": "0,0.1"}
    )
    settings = full_settings(search, epochs=15, seed=3)
    (rung,) = settings.rungs
    assert (rung.epochs, rung.level.attack, rung.level.steps) == (15, "pgd", 2)
    assert (settings.epochs, settings.seed, settings.subset) == (15, 3, "all")


def test_a_comparison_of_somebody_else_names_no_folder(finished, tmp_path):
    comparison = read_final(finished[0])
    assert full_settings_of(comparison, finished[0], None).data is None
    forged = comparison | {"settings": comparison["settings"] | {"data": "/home/thesis"}}
    with pytest.raises(UserError, match="to use them add --data /home/thesis"):
        full_settings_of(forged, finished[0], None)
    assert full_settings_of(forged, finished[0], tmp_path).data == tmp_path


def test_the_candidate_of_a_row_is_chosen_on_ranking_subjects():
    settings = robmednas.parse_settings({"device": "cpu"})
    listed = [Candidate(f"c{n}", row, {}) for n, row in enumerate(["Random", "Random", "Baseline"])]
    values = {"c0": 0.3, "c1": 0.6, "c2": 0.5}
    trained = {
        name: Retrained(1, 1, {"ranking_pgd_mae_head_skill": value}, 0.0)
        for name, value in values.items()
    }
    assert choose(listed, trained, settings) == {"Random": "c1", "Baseline": "c2"}


def test_a_candidate_that_raised_an_alarm_stands_for_its_row_only_where_all_did():
    settings = robmednas.parse_settings({"device": "cpu"})
    rows = {"a": "Random", "b": "Random", "c": "Baseline", "d": "Baseline"}
    values = {"a": (0.9, 0.1), "b": (0.3, -0.1), "c": (0.2, 0.1), "d": (0.4, None)}
    trained = {
        name: Retrained(1, 1, {"ranking_pgd_mae_head_skill": value}, 0.0, {"rising": alarm})
        for name, (value, alarm) in values.items()
    }
    listed = [Candidate(name, row, {}) for name, row in rows.items()]
    assert choose(listed, trained, settings) == {"Random": "b", "Baseline": "d"}


def test_test_is_scored_once_and_trainings_are_kept(searches, finished, compare_runs, monkeypatch):
    folder, first = finished
    before = (folder / "test_scores.csv").read_bytes()

    def never(*_args):
        raise AssertionError("test was opened again")

    monkeypatch.setattr(module, "open_test", never)
    status, output = compare_runs(searches, folder)
    assert status == 0
    assert "test was scored already" in output
    assert output.count("trained already") == 7
    assert (folder / "test_scores.csv").read_bytes() == before
    assert output.splitlines()[-12:-1] == first.splitlines()[-12:-1]


def test_what_test_subjects_show_changes_neither_weights_nor_choice(
    searches, tmp_path, finished, compare_runs, monkeypatch
):
    """All networks are trained, and the choice is on disk, before test is read."""

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "open_test", stop)
    with pytest.raises(KeyboardInterrupt):
        compare_runs(searches, tmp_path / "again")
    before, again = (
        [json.loads((folder / "final.json").read_text())["chosen"]]
        + [path.read_bytes() for path in sorted(folder.glob("models/*/model.safetensors"))]
        for folder in (finished[0], tmp_path / "again")
    )
    assert len(before) == 1 + len(set(ROWS) - set(NO_NETWORK))
    assert before == again
    for run in searches:
        openings = json.loads((run / OPENINGS).read_text())
        assert {str(finished[0]), str(tmp_path / "again")} <= {each["folder"] for each in openings}


def test_a_folder_of_another_comparison_is_refused(searches, finished, compare_runs, tmp_path):
    with pytest.raises(UserError, match="other settings"):
        compare_runs(searches, finished[0], epochs=3)
    with pytest.raises(UserError, match="other runs and candidates"):
        compare_runs(searches[:1], finished[0])
    (tmp_path / "mine").touch()
    with pytest.raises(UserError, match="is not empty"):
        compare_runs(searches, tmp_path)


def test_a_comparison_whose_searches_have_other_subjects_now_is_refused(
    searches, finished, compare_runs, tmp_path
):
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    record = json.loads((folder / "assets" / FILE).read_text())
    record["contents"]["p003"]["ct"] = "another"
    (folder / "assets" / FILE).write_text(json.dumps(record))
    with pytest.raises(UserError, match="the ct of subject 'p003' differ"):
        compare_runs(searches, folder)


def test_a_comparison_that_is_not_finished_has_nothing_to_follow(tmp_path):
    with pytest.raises(UserError, match="run robmednas-final first"):
        read_final(tmp_path)
    (tmp_path / "final.json").write_text("{}")
    with pytest.raises(UserError, match="is not finished"):
        read_final(tmp_path)


def test_a_test_subject_that_is_also_a_training_subject_is_refused(
    searches, compare_runs, tmp_path, monkeypatch
):
    prepare_all = module.robmednas.prepare_from

    def prepare(record, settings, assets, say):
        facts = prepare_all(record, settings, assets, say)
        test = facts.details["test_subjects"][0]
        subject = next(each for each in open_subjects(settings) if each.name == test)
        monkeypatch.setattr(type(subject), "load", lambda self: loaded(replace(self, number=0)))
        return facts

    loaded = type(open_subjects(robmednas.parse_settings({"device": "cpu"}))[0]).load
    monkeypatch.setattr(module.robmednas, "prepare_from", prepare)
    with pytest.raises(UserError, match="have the same MR"):
        compare_runs(searches, tmp_path / "final")


def test_plans_are_whole():
    plan = FinalPlan((), None)
    assert (plan.epochs, plan.patience, plan.eps) == (150, 5, 0.06)
