"""The best of each arm, and the winner's gain over it."""

import math

import numpy as np
import pytest

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.results.arms import arm_of, arms_of
from search.results.ranking import rank, winner
from search.results.tables import arm_lines
from trainables.study.report import Report

HIGH = Objective("m", "max")
OPTIONS = ("tsynd", "adversarial", "third")


def trial(name, value, arm, floor=-1.0, **fields):
    point = None if arm is None else {"regime": arm}
    report = Report(9, {"m": value}, constraints={"floor": floor})
    return Trial(name, {}, state=State.COMPLETED, reports=[report], point=point, **fields)


def again(name, value, seed):
    report = Report(9, {"m": value}, constraints={"floor": -1.0})
    return Trial(
        f"{name}.{seed + 1}", {}, state=State.COMPLETED, reports=[report], repeats=name, seed=seed
    )


TRIALS = [
    trial("r01", 0.9, None, label="baseline", control=True),
    trial("r02", 0.5, "adversarial", label="adversarial"),
    trial("t001", 0.7, "tsynd"),
    trial("t002", 0.4, "adversarial"),
    trial("t003", 0.6, "tsynd"),
    trial("t004", 0.8, "adversarial", floor=0.1),
]


def test_the_best_of_an_arm_can_win_and_may_be_a_reference(tmp_path):
    arms = arms_of("regime", OPTIONS, rank(TRIALS, HIGH), HIGH, RunFolder(tmp_path))
    assert [(arm.option, arm.trials) for arm in arms] == [
        ("tsynd", 2), ("adversarial", 2), ("third", 0),
    ]  # fmt: skip
    assert [arm.best and arm.best.trial.id for arm in arms] == ["t001", "r02", None]
    assert [arm.gain and arm.gain.value for arm in arms] == [None, pytest.approx(0.2), None]


def test_the_gain_between_arms_has_an_interval_where_seeds_and_images_are_known(tmp_path):
    trials = [*TRIALS, again("t001", 0.72, 1), again("r02", 0.48, 1)]
    arms = arms_of("regime", OPTIONS[:2], rank(trials, HIGH), HIGH, RunFolder(tmp_path))
    description = arms[1].as_json()
    assert description["gain"] == pytest.approx(0.22)
    assert description["best"] == "r02"
    assert description["low"] is None, "no single answers: the images' share is not known"
    assert arms[0].as_json()["gain"] is None


def test_what_a_person_reads(tmp_path):
    arms = arms_of("regime", OPTIONS, rank(TRIALS, HIGH), HIGH, RunFolder(tmp_path))
    assert arm_lines("regime", arms) == [
        "best regime tsynd, of 2 sampled trials: t001, 0.700",
        "best regime adversarial, of 2 sampled trials: r02 adversarial, 0.500",
        "        gain of the winner over it +0.200",
        "best regime third, of 0 sampled trials: none can win",
    ]
    assert arm_lines("", []) == []


def test_a_trial_outside_the_space_belongs_to_no_arm():
    assert [arm_of(item, "regime") for item in TRIALS[:3]] == [None, "adversarial", "tsynd"]
    assert math.isfinite(TRIALS[0].reports[-1].metrics["m"])


@pytest.mark.parametrize(
    ("arms", "seeds", "luck", "held"),
    [(1, 2, 0.0, 0.96), (2, 2, 0.4, 0.97), (3, 2, 0.6, 0.95), (6, 2, 0.9, 0.93), (6, 5, 0.6, 0.89)],
)
def test_the_value_of_the_best_of_several_arms_is_lucky(arms, seeds, luck, held):
    """In deviations over seeds, as docs/engine.md says: the greatest of means of further seeds.

    And how often its interval holds the truth.
    """
    generator = np.random.default_rng(0)

    def first():
        trials = [trial(f"t{n:02d}", generator.normal(), n % arms) for n in range(4 * arms)]
        bests = [max(trials[arm::arms], key=_value_of) for arm in range(arms)]
        trials += [
            trial(f"{best.id}.{seed}", generator.normal(), None, **_repeat(best, seed))
            for best in bests
            for seed in range(1, seeds + 1)
        ]
        return winner(rank(trials, HIGH))

    rows = [first() for _ in range(400)]
    assert np.mean([row.value for row in rows]) == pytest.approx(luck, abs=0.12)
    holds = [row.interval[0] < 0 < row.interval[1] for row in rows]
    assert np.mean(holds) == pytest.approx(held, abs=0.03)


def _value_of(member):
    return member.reports[-1].metrics["m"]


def _repeat(best, seed):
    return {"repeats": best.id, "seed": seed, "by_value": True}
