"""The claim, in numbers and words."""

import json

import pytest
from make_run import METRIC, REFERENCES, Blueprint, further_seeds, make_run

from analysis.load import load
from analysis.numbers.claim import (
    arm_sentences,
    condition,
    gains_over,
    matched_sentences,
    sentences,
    ties,
    winner_row,
)
from search.engine.trial import State
from search.record.lock import locked
from search.record.run_folder import RunFolder
from search.results.differences import gains


@pytest.fixture
def checked(build):
    """A run whose baseline and winner were trained with more seeds."""
    best = Blueprint("t001", skill=0.75, reach=20.0)
    trials = [*REFERENCES[:2], REFERENCES[3], best]
    trials += further_seeds(REFERENCES[0], by_value=False) + further_seeds(best, by_value=True)
    return build(*trials)


def test_gains_are_those_of_the_engine(checked):
    frame = gains_over(checked).set_index("over")
    assert list(frame.index) == ["adversarial", "reconstruction", "baseline"]
    expected = gains(checked.rows[0], checked.rows, checked.objective, RunFolder(checked.folder))
    for gain in expected:
        row = frame.loc[gain.over.label]
        assert (row["gain"], row["low"], row["high"]) == (gain.value, *gain.interval)
    assert set(frame["verdict"]) == {"better"}
    assert frame.loc["adversarial", "control"]
    assert ties(checked) == []


def test_the_value_of_a_chosen_trial_is_that_of_its_further_seeds(checked):
    sentence = (
        "The value is the mean over 2 further seeds: the first, for which it was chosen, does not "
        "count."
    )
    assert sentence in sentences(checked)


def test_what_looks_better_by_one_seed_is_named(build):
    """The winner has 8 less on its further seeds than on its first, and t002 5 less on its only."""
    best = Blueprint("t001", metrics={METRIC: 20.0})
    again = Blueprint("t001.2", metrics={METRIC: 12.0}, repeats="t001", seed=1, by_value=True)
    rival = Blueprint("t002", metrics={METRIC: 15.0})
    line = "Above it by one seed alone, and so behind it, as one seed of many is lucky: t002."
    assert line in sentences(build(best, rival, again))
    assert line not in sentences(build(best, rival, name="unchecked"))


def test_without_further_seeds_there_is_no_verdict(whole_run):
    assert set(gains_over(whole_run)["verdict"]) == {"not known"}


def test_a_gain_without_single_answers_has_no_verdict(build):
    run = build(
        Blueprint("r01", "baseline", metrics={METRIC: 0.3}),
        Blueprint("t001", metrics={METRIC: 0.5}),
    )
    assert gains_over(run)["verdict"].tolist() == ["not known"]


def test_a_control_that_is_better_is_said_so(build):
    control = Blueprint("r01", "adversarial", 0.9, 9.0, control=True)
    best = Blueprint("t001", skill=0.5, reach=1.0)
    run = build(control, best, *further_seeds(best, by_value=True))
    (row,) = gains_over(run).itertuples()
    assert row.verdict == "worse"
    assert row.high < 0


def test_twins_cannot_be_told_apart(build):
    run = build(Blueprint("t001", skill=0.7), Blueprint("t002", skill=0.7))
    first = run.winner
    twin = "t002" if first == "t001" else "t001"
    assert ties(run) == [twin]
    assert f"Of all trials, these cannot be told apart from it: {twin}." in sentences(run)


def test_of_many_twins_twelve_are_named(build):
    run = build(*(Blueprint(f"t{number:03d}", skill=0.7) for number in range(1, 17)))
    (line,) = [line for line in sentences(run) if "cannot be told apart from it" in line]
    assert line.count(", t0") == 11
    assert line.endswith(" and 3 more.")


def test_the_first_sentence_names_winner_value_and_direction(build):
    run = build(REFERENCES[0], Blueprint("t001", skill=0.7, reach=8.0))
    row = winner_row(run)
    said = sentences(run)
    low, high = row.interval
    assert said[0] == (
        f"t001 is the best of 1 sampled trial: {row.value:.3f} [{low:.3f}, {high:.3f}] of "
        "balanced accuracy under PGD, skill over ε, higher is better."
    )
    assert said[-1].endswith("so the value is optimistic.")


def test_a_reference_that_wins_is_said_so(build):
    said = sentences(build(REFERENCES[0], Blueprint("t001", skill=0.1, reach=0.1)))
    assert said[0].startswith("baseline, a reference, is the best")
    assert "No sampled trial that reached its budget beat it." in said


def test_without_a_winner_nothing_is_claimed(build):
    run = build(
        Blueprint("t001", violation=0.3),
        Blueprint("t002", state=State.PRUNED, reports=1, reason="x"),
    )
    assert winner_row(run) is None
    assert gains_over(run).empty
    assert ties(run) == []
    (said,) = sentences(run)
    assert said.startswith("No winner: none of 2 sampled trials and the references reached")


@pytest.mark.parametrize("status", ["finished", "interrupted", "failed"])
def test_the_state_is_the_manifests(tmp_path, status):
    run = load(make_run(tmp_path / "run", [Blueprint("t001")], status=status))
    assert condition(run) == status


def test_a_run_that_nobody_runs_has_died(tmp_path):
    folder = make_run(tmp_path / "run", [Blueprint("t001", state=State.RUNNING)], status="running")
    assert condition(load(folder)) == "died"
    with locked(RunFolder(folder)):
        assert condition(load(folder)) == "running"


def test_a_run_of_a_status_unknown_has_died(tmp_path):
    folder = make_run(tmp_path / "run", [Blueprint("t001")])
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"status": "?"}))
    assert condition(load(folder)) == "died"


MATCHED = {"matched adversarial": "c01", "matched noise": "c02"}


@pytest.mark.parametrize(
    ("reach", "says"),
    [
        (2.0, "the gain is 0."),
        (
            20.0,
            "Over adversarial with the winner's values of training no gain is shown beyond chance",
        ),
    ],
)
def test_the_claim_is_over_the_best_matched_control(build, reach, says):
    best = Blueprint("t001", skill=0.75, reach=20.0, controls=MATCHED)
    control = Blueprint("c01", "matched adversarial of t001", 0.75, reach, control=True)
    weak = Blueprint("c02", "matched noise of t001", 0.6, 1.0, control=True)
    trials = [REFERENCES[0], best, control, weak, *further_seeds(best, by_value=True)]
    run = build(*trials, *further_seeds(control, by_value=False))
    lines = matched_sentences(run)
    assert lines[0].startswith(
        "Over the best control with its values of training, adversarial, the gain is "
    )
    assert says in " ".join(lines)
    assert len(lines) == (1 if reach == 2.0 else 2)
    assert set(lines) < set(sentences(run))


def test_without_an_interval_the_report_claims_nothing(build):
    best = Blueprint("t001", skill=0.75, reach=20.0, controls=MATCHED)
    control = Blueprint("c01", "matched adversarial of t001", 0.6, 1.0, control=True)
    lines = matched_sentences(build(REFERENCES[0], best, control))
    assert lines[1].startswith("How much of the gain over adversarial is chance is not known: ")


def test_without_matched_controls_the_report_says_so(checked):
    (line,) = matched_sentences(checked)
    assert line.startswith("No control was matched to the winner")


def test_the_best_of_each_arm_is_in_the_claim(build):
    run = build(*REFERENCES[:1], Blueprint("t001", metrics={METRIC: 0.5}))
    arm = {"option": "tsynd", "trials": 2, "best": "t001", "value": 0.5}
    none = dict.fromkeys(("gain", "low", "high", "level"))
    beside = {"gain": 0.2, "low": -0.1, "high": 0.5, "level": 0.99}
    arms = [
        arm | none,
        {"option": "adversarial", "trials": 2, "best": "r02", "value": 0.3} | beside,
        {"option": "third", "trials": 0, "best": None, "value": None} | none,
    ]
    run.manifest["arms"] = {"param": "regime", "of": arms}
    lines = arm_sentences(run)
    assert " ".join(lines) == (
        "Of regime tsynd, with 2 sampled trials, t001 is the best: 0.500. "
        "Of regime adversarial, with 2 sampled trials, r02 is the best: 0.300; the winner's gain "
        "over it is 0.200 [-0.100, 0.500]. "
        "Of regime third, with 0 sampled trials, no trial can win."
    )
    assert set(lines) < set(sentences(run))
    arms[1] |= {"low": -1.0, "high": 1.0}
    assert "over it is 0.200 (too few trainings for an interval)." in " ".join(arm_sentences(run))


def test_a_winner_that_is_no_better_than_a_constant_answer_is_said_to_be_so(build, monkeypatch):
    monkeypatch.setattr("analysis.numbers.claim.chance_of", lambda *_: None)
    run = build(Blueprint("t001"))
    metric, value = run.objective.metric, winner_row(run).value
    sentence = f"The winner is no better than {run.about.level}."
    run.manifest["constant"] = {metric: value}
    assert sentence in sentences(run)
    run.manifest["constant"] = {metric: value - 0.1}
    assert sentence not in sentences(run)


def test_what_the_winner_keeps_without_attack_is_said(build):
    run = build(Blueprint("t001"))
    share = {"reference": "baseline", "value": 0.92, "interval": [0.8, 1.04], "skill": True}
    run.manifest["clean_share"] = share
    sentence = "Without attack it keeps 92 % [80, 104] of the baseline's clean skill."
    assert sentence in sentences(run)
    nothing = share | {"reference": "plain U-Net", "value": None, "interval": None}
    run.manifest["clean_share"] = nothing
    sentence = "The plain U-Net is no better than a constant answer: it sets no clean floor."
    assert sentence in sentences(run)
