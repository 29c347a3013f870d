"""Generators and points of a run, and the curve of a comparison."""

import pytest
from gansplit_runs import CONFIGS, trials, with_generators, write_curve

from analysis.studies.gansplit.numbers import flaws, generators, points, read_curve
from searchspace.errors import UserError

T = 12.706204736174694  # of 1 degree of freedom


def test_each_measure_of_each_generator_has_its_bounds(build):
    run = with_generators(build(*trials()))
    frame = generators(run)
    assert set(frame["generator"]) == {"hinge", "dcgan"}
    (line,) = frame[(frame["generator"] == "dcgan") & (frame["measure"] == "KID")].itertuples()
    assert (line.value, line.low, line.high) == (0.4, 0.3, 0.5)
    spread = frame[frame["measure"] == "spread"]
    assert spread["value"].tolist() == [0.9, 0.2]
    assert spread["low"].isna().all()
    assert flaws(run) == {"hinge": [], "dcgan": ["generator_collapse"]}


def test_a_run_that_recorded_nothing_has_no_generators(build):
    run = build(*trials())
    assert generators(run).empty
    assert flaws(run) == {}


def test_trials_lie_where_their_config_says(build):
    frame = points(build(*trials())).set_index("label")
    assert frame.loc["baseline", "part"] == 0
    assert frame.loc["half", ["mix", "part"]].tolist() == ["replace", 0.5]
    assert frame.loc["added", ["mix", "part", "radius"]].tolist() == ["add", 2.0, 4.0]
    assert len(frame) == len(CONFIGS)


def test_trials_without_a_split_have_no_points(whole_run):
    assert points(whole_run).empty


def test_the_curve_is_means_over_seeds_with_intervals_cut_where_scores_end(tmp_path):
    frame = read_curve(write_curve(tmp_path))
    clean = frame[frame["score"] == "test_clean_bacc"].set_index(["mix", "part"])
    half = clean.loc[("replace", 0.5)]
    assert half["mean"] == pytest.approx(0.6)
    assert (half["low"], half["high"]) == (0, 1)
    assert half["seeds"] == 2
    assert clean.loc[("authentic", 0.0), "mean"] == pytest.approx(0.7)
    assert ("repeats", 1.0) in clean.index
    alike = read_curve(write_curve(tmp_path, apart=0.01))
    half = alike[(alike["mix"] == "replace") & (alike["part"] == 0.5)].iloc[0]
    assert half["low"] == pytest.approx(0.6 - T * 0.01)
    assert half["high"] == pytest.approx(0.6 + T * 0.01)


@pytest.mark.parametrize("text", ["", "dataset,method\nx,y\n"])
def test_a_damaged_file_is_one_line(tmp_path, text):
    file = tmp_path / "gansplit.csv"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        read_curve(file)
    assert "\n" not in str(error.value)
