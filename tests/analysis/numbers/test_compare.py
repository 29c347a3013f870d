"""Several runs side by side."""

import make_robmednas
import numpy as np
import pytest
from make_run import METRIC, Made, make_run

from analysis.figures.compare import draw_progress, figures_of
from analysis.load import load
from analysis.numbers.compare import comparable, differences, duels, names_of, progress, winners


@pytest.fixture
def two(tmp_path):
    """Two runs of the same study, of which the second found more."""
    folders = [
        make_run(
            tmp_path / name,
            [
                Made("r01", "baseline", metrics={METRIC: 0.2}),
                Made("r02", "paper", metrics={METRIC: 0.3}),
                *(Made(f"t00{i}", metrics={METRIC: value}) for i, value in enumerate(values, 1)),
            ],
        )
        for name, values in {"one": (0.1, 0.4), "two": (0.5, 0.6, 0.1)}.items()
    ]
    return [load(folder) for folder in folders]


def test_winners_are_listed_with_their_gain_over_the_closest_reference(two):
    found = winners(two).set_index("run")
    assert found["winner"].to_dict() == {"one": "t002", "two": "t002"}
    assert found["value"].to_dict() == {"one": 0.4, "two": 0.6}
    assert found["over"].to_dict() == {"one": "paper", "two": "paper"}
    assert found["gain"].to_dict() == pytest.approx({"one": 0.1, "two": 0.3})
    assert found["trials"].to_dict() == {"one": 2, "two": 3}


def test_a_run_without_a_winner_has_a_row(tmp_path, two):
    barred = load(make_run(tmp_path / "three", [Made("t001", violation=0.3)]))
    found = winners([*two, barred]).set_index("run")
    assert found.loc["three", "winner"] == ""


def test_progress_is_that_of_each_run(two):
    found = progress(two)
    assert found.loc[found["run"] == "one", "best"].tolist() == [0.1, 0.4]
    assert found.loc[found["run"] == "two", "best"].tolist() == [0.5, 0.6, 0.6]


def test_only_what_differs_is_listed(two):
    second = two[1]
    second.manifest["plan"]["sampler"] = "random"
    second.manifest["digests"] = {"data": "b"}
    found = differences(two).set_index("setting")
    assert found.loc["plan.sampler"].to_dict() == {"one": "tpe", "two": "random"}
    assert found.loc["digests.data"].to_dict() == {"one": "", "two": "b"}
    assert set(found.index) == {"plan.sampler", "digests.data"}


def test_other_images_or_metrics_do_not_compare(tmp_path, two):
    assert comparable(two) == ""
    two[1].manifest["digests"] = {"data": "b", "splits": "c"}
    assert "other images" in comparable(two)
    task = make_robmednas.ROBMEDNAS
    config = {"architecture": make_robmednas.HANDCRAFTED}
    heads = load(make_run(tmp_path / "heads", [Made("t001", config=config)], task=task, images=8))
    assert "different metrics" in comparable([two[0], heads])


def test_runs_of_one_name_are_told_apart(tmp_path):
    runs = [load(make_run(tmp_path / name / "run", [Made("t001")])) for name in ("a", "b")]
    assert names_of(runs) == ["a/run", "b/run"]
    assert names_of([runs[0], runs[0]]) == ["run 1", "run 2"]


def test_each_run_is_a_line_of_the_figure(two):
    ax = draw_progress(two, METRIC, "number", 4.4).axes[0]
    drawn = {tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) > 1}
    assert drawn == {(0.1, 0.4), (0.5, 0.6, 0.6)}


def test_figures_of_a_second_metric_have_names_of_their_own(tmp_path, two):
    task = make_robmednas.ROBMEDNAS
    config = {"architecture": make_robmednas.HANDCRAFTED}
    heads = load(make_run(tmp_path / "heads", [Made("t001", config=config)], task=task, images=8))
    runs = [*two, heads]
    names = [*figures_of(runs, METRIC, 4.4), *figures_of(runs, task.metric, 4.4)]
    assert len(set(names)) == 6


def answers(run, trial, scores, labels):
    """What a trial saves: 1 where an image is right, at each of two radii."""
    folder = run.folder / "trials" / trial
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"scores": scores, "labels": labels, "eps": np.array([0.0, 0.1])}
    np.savez(folder / "ranking.npz", allow_pickle=False, **arrays)


def test_winners_of_runs_on_the_same_images_are_compared_in_pairs(two):
    """Of 100 images the second's winner is right on 20 more, all that the first's is right on."""
    labels = np.repeat([0, 1], 50)
    rows = np.tile(np.arange(50), 2)
    for run, right in zip(two, (20, 30), strict=True):
        answers(run, "t002", np.stack([rows < right] * 2).astype(float), labels)
    (found,) = duels(two).itertuples(index=False)
    assert (found.run, found.other, found.verdict) == ("one", "two", "worse")
    assert found.gain == pytest.approx(-0.2)
    assert found.low < -0.2 < found.high < 0
    (back,) = duels(two[::-1]).itertuples(index=False)
    assert (back.gain, back.verdict) == (pytest.approx(0.2), "better")


def test_without_answers_winners_are_compared_without_an_interval(two):
    (found,) = duels(two).itertuples(index=False)
    assert found.verdict == "not known"
    assert found.gain == pytest.approx(-0.2)


def test_winners_on_other_images_are_not_compared(two):
    two[0].manifest["digests"] = {"ranking": "a"}
    two[1].manifest["digests"] = {"ranking": "b"}
    assert duels(two).empty
