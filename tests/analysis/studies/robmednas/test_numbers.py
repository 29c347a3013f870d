"""Runs of RobMedNAS: minimised errors in HU, architectures, and what follows a search."""

import math

import make_robmednas
import numpy as np
import pandas as pd
import pytest
from make_run import make_run
from matplotlib.text import Text

from analysis.export import export, export_experiments
from analysis.figures.catalogue import figure
from analysis.load import load
from analysis.numbers import frames as numbers
from analysis.numbers.tables import leaderboard, yardstick
from analysis.studies.robmednas.experiments import curves, read, trainings
from analysis.studies.robmednas.figures import draw_corruption, draw_stability
from analysis.studies.robmednas.numbers import traits, winning_architecture
from searchspace.errors import UserError
from searchspace.unet import cost, parse


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return load(make_run(folder, make_robmednas.many(), task=make_robmednas.ROBMEDNAS, images=8))


def test_the_yardstick_is_the_error_and_what_no_network_reaches(run):
    found = yardstick(run)
    assert found.score == "mae_head"
    assert found.level == make_robmednas.TRIVIAL
    assert numbers.level_of(run, make_robmednas.METRIC) == make_robmednas.TRIVIAL


def test_less_is_better(run):
    shown = numbers.standings(run)
    able = shown[shown["can_win"]]
    assert able["value"].is_monotonic_increasing
    best = numbers.best_so_far(run)["best"].dropna()
    assert best.is_monotonic_decreasing


def test_robustness_follows_errors_along_epsilon_in_standard_deviations(run):
    found = numbers.robustness(run)
    assert sorted(found["eps"].unique()) == list(make_robmednas.EPS)
    under = found[(found["attack"] == "pgd") & (found["trial"] == run.winner)]
    assert under["value"].is_monotonic_increasing
    assert (under["low"] < under["value"]).all()
    assert (under["value"] < under["high"]).all()


def test_an_architecture_is_described_by_numbers(run):
    names = set(numbers.hyperparameters(run)["name"])
    assert {"depth", "parameters", "mean_log2_filters"} <= names
    assert "architecture" not in names
    text = "1100x8s4 1111x32 | 1000x8 1000x16"
    found = traits(text, "square", 64)
    assert found["depth"] == 2
    assert found["parameters"] == cost(parse(text), "square", 64, 64).parameters
    assert found["mean_log2_filters"] == (3 + 5 + 3 + 4) / 4
    assert found["share_of_blocks_with_SE"] == 0.25
    assert found["share_of_branches_open"] == 8 / 16


def test_the_leaderboard_shows_size_beside_error(run):
    assert {"clean", "fgsm", "parameters", "multiply_adds"} <= set(leaderboard(run).columns)


def test_files_of_a_run_include_the_winners_architecture(run, tmp_path):
    written = export(run, tmp_path)
    assert {"architecture.png", "architecture.svg", "overview.png", "leaderboard.csv"} <= {*written}
    architecture, kernels = winning_architecture(run)
    assert kernels == "square"
    assert str(architecture) in set(run.trials["config.architecture"])


def test_curves_average_regions_then_subjects(tmp_path):
    scores = read(make_robmednas.write_corruption(tmp_path))
    found = curves(scores)
    row = found[
        (found["row"] == "Random") & (found["kind"] == "fgsm") & (found["measure"] == "mae")
    ]
    at = row[row["strength"] == 0.1].iloc[0]
    own = scores.query("row == 'Random' and kind == 'fgsm' and strength == 0.1")
    own = own[own["score"].str.startswith("mae")]
    by_subject = own.groupby("subject")["value"].mean()
    assert at["mean"] == pytest.approx(by_subject.mean())
    assert at["deviation"] == pytest.approx(by_subject.std())


def test_what_is_clean_is_where_every_curve_starts(tmp_path):
    scores = read(make_robmednas.write_corruption(tmp_path))
    clean = scores[scores["strength"] == scores["strength"].min()].assign(
        kind="clean", strength=0.0
    )
    found = curves(pd.concat([scores, clean], ignore_index=True))
    assert (found.groupby(["row", "kind", "measure"])["strength"].min() == 0).all()


def test_trainings_average_over_subjects(tmp_path):
    scores = read(make_robmednas.write_stability(tmp_path))
    found = trainings(scores, "pgd")
    assert len(found) == 2 * (11 + 8) * 8
    which = "row == 'Baseline' and kind == 'initialisation' and number == 3"
    one = scores.query(f"{which} and condition == 'pgd' and score == 'dice_bone'")
    same = found.query(f"{which} and score == 'dice_bone'")
    assert same["value"].item() == pytest.approx(one["value"].mean())


def test_figures_of_experiments_are_drawn(tmp_path):
    corruption = read(make_robmednas.write_corruption(tmp_path))
    stability = read(make_robmednas.write_stability(tmp_path))
    assert len(draw_corruption(corruption).axes) == 4
    drawn = draw_stability(stability)
    assert drawn.axes[0].get_title(loc="left") == "11 trainings, other initialisation"
    shown = [line.get_ydata() for line in drawn.axes[0].lines]
    assert np.isfinite(np.concatenate([np.asarray(line, dtype=float) for line in shown])).all()
    written = export_experiments(tmp_path, tmp_path / "out")
    assert written == ["corruption.png", "corruption.svg", "stability.png", "stability.svg"]
    assert export_experiments(tmp_path / "nowhere", tmp_path / "out") == []


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / "corruption.csv").write_text("row,kind\nBaseline,fgsm\n")
    with pytest.raises(UserError, match="no column 'strength'"):
        read(tmp_path / "corruption.csv")
    (tmp_path / "corruption.csv").write_text("")
    with pytest.raises(UserError, match="cannot read"):
        read(tmp_path / "corruption.csv")


def test_a_diverged_trial_does_not_press_all_others_into_a_line(tmp_path):
    trials = make_robmednas.many()
    trials[5].skill = -3.0
    run = load(make_run(tmp_path / "run", trials, task=make_robmednas.ROBMEDNAS, images=8))
    values = numbers.standings(run)["value"]
    bound = numbers.fence(run, values)
    low, high = values.quantile([0.25, 0.75])
    assert bound == max(high + 3 * (high - low), 1.5 * high)
    assert (values > bound).sum() == 1
    for name in ("best_so_far", "hyperparameters"):
        canvas = figure(run, name)
        ax = canvas.axes[0]
        below, top = ax.get_ylim()
        assert top == pytest.approx(numbers.fence(run, shown_by(name, run)))
        assert below < shown_by(name, run).min()
        heads = [dots for dots in ax.collections if dots.get_clip_on() is False]
        assert [dots.get_offsets()[0][1] for dots in heads] == [pytest.approx(top)]
        texts = [text.get_text() for text in canvas.findobj(Text)]
        assert any("▲: beyond the axis" in text for text in texts)


def shown_by(name, run):
    frame = numbers.best_so_far if name == "best_so_far" else numbers.hyperparameters
    return frame(run)["value"]


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        ([100.0, 110.0, 120.0, 130.0, 640.0], 195.0),
        ([100.0, 100.0, 100.0, 100.0, 149.0], math.inf),
        ([100.0, 100.0, 100.0, 100.0, 151.0], 150.0),
        ([100.0, 640.0], math.inf),
        ([math.nan], math.inf),
    ],
)
def test_the_fence_is_tukeys_and_half_above_the_third_quartile(run, values, bound):
    assert numbers.fence(run, pd.Series(values)) == bound


def test_a_score_that_rises_has_no_fence(tmp_path):
    options = {"metric": "ranking_pgd_dice_bone_curve", "direction": "max"}
    folder = make_run(
        tmp_path / "run", make_robmednas.many(6), task=make_robmednas.ROBMEDNAS, images=8, **options
    )
    rising = load(folder)
    assert yardstick(rising).score == "dice_bone"
    assert math.isnan(yardstick(rising).level)
    assert numbers.fence(rising, pd.Series([0.1, 0.1, 0.1, 0.1, 0.9])) == math.inf
    # Kept scores are head errors: no band for Dice.
    assert numbers.robustness(rising)[["low", "high"]].isna().all(axis=None)
    board = leaderboard(rising)
    assert board["clean"].dropna().between(0, 1).all()


def test_refused_proposals_are_counted_and_said(tmp_path):
    folder = make_run(
        tmp_path / "run", make_robmednas.many(3), task=make_robmednas.ROBMEDNAS, images=8, refused=4
    )
    refusing = load(folder)
    assert refusing.refused == 4
    assert len(refusing.trials) == 5
    label = figure(refusing, "best_so_far").axes[0].get_xlabel()
    assert "4 more refused untrained" in label


def test_a_diverged_trial_does_not_press_the_leaderboard_into_a_line(tmp_path):
    trials = make_robmednas.many(12)
    trials[3].skill = -30.0
    run = load(make_run(tmp_path / "run", trials, task=make_robmednas.ROBMEDNAS))
    values = numbers.standings(run)["value"]
    assert values.max() > 5 * values.median()
    left, right = figure(run, "leaderboard").axes[0].get_xlim()
    assert values.median() < right < 3 * values.median()
    assert 0.5 * values.min() < left < values.min()
