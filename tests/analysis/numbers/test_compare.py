"""Several runs side by side."""

import make_robmednas
import numpy as np
import pytest
from make_run import METRIC, Blueprint, further_seeds, make_run

from analysis.load import load
from analysis.numbers import compare
from analysis.numbers.compare import comparable, differences, duels, names_of, progress, winners
from trainables.metrics.welch import Estimate


def test_winners_are_listed_with_their_gain_over_the_closest_reference(two):
    table = winners(two).set_index("run")
    assert table["winner"].to_dict() == {"one": "t002", "two": "t002"}
    assert table["value"].to_dict() == {"one": 0.4, "two": 0.6}
    assert table["constant"].tolist() == [0.0, 0.0]  # of a skill
    assert table["over"].to_dict() == {"one": "paper", "two": "paper"}
    assert table["gain"].to_dict() == pytest.approx({"one": 0.1, "two": 0.3})
    assert table["trials"].to_dict() == {"one": 2, "two": 3}


def test_a_run_without_a_winner_has_a_row(tmp_path, two):
    barred = load(make_run(tmp_path / "three", [Blueprint("t001", violation=0.3)]))
    table = winners([*two, barred]).set_index("run")
    assert table.loc["three", "winner"] == ""


def test_progress_is_that_of_each_run(two):
    frame = progress(two)
    assert frame.loc[frame["run"] == "one", "best"].tolist() == [0.1, 0.4]
    assert frame.loc[frame["run"] == "two", "best"].tolist() == [0.5, 0.6, 0.6]


def test_values_at_other_radii_do_not_compare(two):
    two[0].manifest["settings"]["eps"] = [0.0, 0.01]
    two[1].manifest["settings"]["eps"] = [0.0, 0.02]
    assert comparable(two) == "The runs are ranked at other radii: their values do not compare."
    assert duels(two).empty


def level(run, **changes):
    """Give the last rung of a run an attack."""
    attack = {"attack": "pgd", "steps": 20, "restarts": 1, "eps": [0.0, 0.1], "images": None}
    run.manifest["rungs"][-1]["level"] = attack | {"audit": False} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 1}, "(pgd-20, pgd-1)"),
        ({"attack": "fgsm", "steps": None}, "(pgd-20, fgsm)"),
        ({"restarts": 3}, "(pgd-20, pgd-20x3)"),
        ({"images": 8}, "(pgd-20, pgd-20@8)"),
    ],
)
def test_values_under_unequal_attacks_do_not_compare(two, changes, words):
    level(two[0])
    level(two[1], audit=True)
    assert comparable(two) == ""
    assert len(duels(two)) == 1
    level(two[1], **changes)
    assert comparable(two) == (
        f"The runs are ranked by unequal attacks {words}: their values do not compare."
    )
    assert duels(two).empty


def test_only_what_differs_is_listed(two):
    second = two[1]
    second.manifest["plan"]["sampler"] = "random"
    second.manifest["digests"] = {"data": "b"}
    table = differences(two).set_index("setting")
    assert table.loc["plan.sampler"].to_dict() == {"one": "tpe", "two": "random"}
    assert table.loc["digests.data"].to_dict() == {"one": "", "two": "b"}
    assert set(table.index) == {"plan.sampler", "digests.data"}


def test_other_images_or_metrics_do_not_compare(tmp_path, two):
    assert comparable(two) == ""
    two[1].manifest["digests"] = {"data": "b", "splits": "c"}
    assert "other images" in comparable(two)
    task = make_robmednas.ROBMEDNAS
    config = {"architecture": make_robmednas.HANDCRAFTED}
    heads = load(
        make_run(tmp_path / "heads", [Blueprint("t001", config=config)], task=task, images=8)
    )
    assert "different metrics" in comparable([two[0], heads])


def test_runs_of_one_name_are_told_apart(tmp_path):
    runs = [load(make_run(tmp_path / name / "run", [Blueprint("t001")])) for name in ("a", "b")]
    assert names_of(runs) == ["a/run", "b/run"]
    assert names_of([runs[0], runs[0]]) == ["run 1", "run 2"]


def answers(run, trial, scores, labels):
    """What a trial saves: 1 where an image is right, at each of two radii."""
    folder = run.folder / "trials" / trial
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"scores": scores, "labels": labels, "eps": np.array([0.0, 0.1])}
    np.savez(folder / "ranking.npz", allow_pickle=False, **arrays)


def answered(folder, rights):
    """Make runs by name, whose winners are right on so many of 50 images of each class."""
    runs = []
    for name, right in rights.items():
        best = Blueprint("t001", metrics={METRIC: right / 50})
        trials = [best, *further_seeds(best, by_value=True)]
        run = load(make_run(folder / name, trials))
        for trial in trials:
            scores = np.stack([np.tile(np.arange(50), 2) < right] * 2).astype(float)
            answers(run, trial.id, scores, np.repeat([0, 1], 50))
        runs.append(run)
    return runs


def test_winners_of_runs_on_the_same_images_are_compared_in_pairs(tmp_path):
    """Of 100 images the second's winner is right on 20 more, all that the first's is right on."""
    runs = answered(tmp_path, {"one": 20, "two": 30})
    (duel,) = duels(runs).itertuples(index=False)
    assert (duel.run, duel.other, duel.verdict) == ("one", "two", "worse")
    assert duel.gain == pytest.approx(-0.2)
    assert duel.low < -0.2 < duel.high < 0
    (back,) = duels(runs[::-1]).itertuples(index=False)
    assert (back.gain, back.verdict) == (pytest.approx(0.2), "better")
    assert (duel.level, back.level) == (0.95, 0.95)


def test_all_duels_hold_together(tmp_path):
    """Those that are left out do not count."""
    runs = answered(tmp_path, {"one": 20, "two": 30, "three": 25, "apart": 25})
    runs[3].manifest["digests"] = {"ranking": "a"}
    (alone,) = duels(runs[:2]).itertuples(index=False)
    table = duels(runs)
    assert table["level"].tolist() == pytest.approx([1 - 0.05 / 3] * 3)
    first = table.iloc[0]
    assert (first["run"], first["other"]) == ("one", "two")
    assert first["high"] - first["low"] > alone.high - alone.low


def test_without_answers_and_seeds_winners_are_compared_without_an_interval(two):
    (duel,) = duels(two).itertuples(index=False)
    assert duel.verdict == "not known"
    assert duel.gain == pytest.approx(-0.2)


def test_winners_on_other_images_are_not_compared(two):
    two[0].manifest["digests"] = {"ranking": "a"}
    two[1].manifest["digests"] = {"ranking": "b"}
    assert duels(two).empty


def test_gains_of_skills_end_at_what_is_possible(two, monkeypatch):
    gain = Estimate(value=0.2, low=-1.4, high=1.8, p=0.7, df=1.0, level=0.95)
    monkeypatch.setattr(compare, "duel", lambda *_: gain)
    (duel,) = duels(two).itertuples(index=False)
    assert (duel.low, duel.high) == (-1.0, 1.0)
