"""Verdicts: over seeds and images, in words that follow from the interval."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from search.comparison.rows import Row
from search.comparison.verdicts import Question, answer, differences
from trainables.metrics.classification import mean_recall
from trainables.metrics.influence import Influences, influences
from trainables.metrics.skill import Skill

CLEAN, ROBUST = "test_clean_bacc", "test_pgd_bacc_skill"
SCORES = {"balanced accuracy": "test_clean_{headline}", "robust skill": ROBUST}
QUESTIONS = (Question("add", "plain"), Question("add", "repeats", "Added, beside repeating"))
CLASSES = np.repeat([0, 1], (42, 114))  # as of BreastMNIST's test images
EPS = np.array([0, 0.5, 1, 2, 4])
SKILL = Skill(tuple(EPS), 0.5)


def row(method, seed, clean, skill=0.2, moved=None):
    """Make a training; unless told, the images move nothing."""
    moved = np.zeros(len(CLASSES)) if moved is None else moved
    return Row(
        dataset="breastmnist", fraction=0.5, seed=seed, method=method, headline="bacc",
        scores={CLEAN: clean, ROBUST: skill},
        influences=Influences({CLEAN: moved, ROBUST: np.zeros(len(CLASSES))}, CLASSES),
    )  # fmt: skip


def rows(gains, moved=None):
    """Make seeds that differ much from one another, and methods that differ by gains."""
    bases = (0.5, 0.7, 0.9)
    return [
        row(method, seed, base + gain * (method == "add"), moved=moved if method == "add" else None)
        for seed, (base, gain) in enumerate(zip(bases, gains, strict=True))
        for method in ("plain", "add", "repeats")
    ]


def clean(trainings, *, paired=True):
    items = differences(trainings, QUESTIONS, SCORES, paired=paired)
    return next(item for item in items if item.score == "balanced accuracy")


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.02, 0.02, 0.021), "better"),
        ((-0.02, -0.02, -0.021), "worse"),
        ((0.03, -0.03, 0.01), "not told apart"),
    ],
)
def test_seeds_may_be_paired(gains, verdict):
    difference = clean(rows(gains))
    quantile = stats.t.ppf(1 - 0.05 / 4 / 2, 2)  # 2 rivals and 2 scores
    assert difference.mean == pytest.approx(100 * np.mean(gains))
    assert difference.half == pytest.approx(100 * quantile * stats.sem(gains))
    assert (difference.verdict, difference.seeds) == (verdict, 3)


def test_unpaired_the_interval_is_welchs():
    values = {"plain": (0.50, 0.52, 0.57, 0.51, 0.5), "add": (0.6, 0.5, 0.7, 0.8, 0.65)}
    trainings = [
        row(method, seed, value)
        for method, sample in values.items()
        for seed, value in enumerate(sample)
    ]
    difference = clean(trainings, paired=False)
    oracle = stats.ttest_ind(values["add"], values["plain"], equal_var=False)
    low, high = oracle.confidence_interval(1 - 0.05 / 2)  # 2 scores
    assert difference.level == 1 - 0.05 / 2
    assert difference.mean - difference.half == pytest.approx(100 * low)
    assert difference.mean + difference.half == pytest.approx(100 * high)


def test_what_the_images_of_all_seeds_move_widens_the_interval():
    moved = np.where(np.arange(len(CLASSES)) % 2, 0.3, -0.3)
    alone, widened = clean(rows((0.02, 0.02, 0.021))), clean(rows((0.02, 0.02, 0.021), moved))
    variance = 0.09 * sum(1 / (count - 1) for count in (42, 114))
    images = 100 * stats.norm.ppf(1 - 0.05 / 4 / 2) * math.sqrt(variance)
    assert widened.half == pytest.approx(
        math.hypot(alone.half, images), rel=0.1
    )  # t of many images
    assert (alone.verdict, widened.verdict) == ("better", "not told apart")


def test_images_are_paired():
    """What all methods have in common of an image makes no difference."""
    moved = np.where(np.arange(len(CLASSES)) % 2, 0.3, -0.3)
    common = [
        replace(each, influences=Influences({CLEAN: moved, ROBUST: moved}, CLASSES))
        for each in rows((0.02, 0.02, 0.021))
    ]
    assert clean(common).half == pytest.approx(clean(rows((0.02, 0.02, 0.021))).half)


def test_where_images_are_not_known_there_is_no_verdict():
    trainings = [replace(each, influences=None) for each in rows((0.02, 0.02, 0.021))]
    fewer = rows((0.02, 0.02, 0.021))
    fewer[0] = replace(fewer[0], influences=Influences({CLEAN: np.zeros(3)}, np.zeros(3, int)))
    assert clean(trainings).verdict == clean(fewer).verdict == "not known"
    assert "±" not in answer(trainings, QUESTIONS, SCORES, paired=True)


def test_words_name_what_is_compared():
    text = answer(rows((0.02, 0.02, 0.021)), QUESTIONS, SCORES, paired=True)
    assert text.startswith("breastmnist, 50 % of its training images, 3 seeds:")
    assert "- Added, beside repeating (add less repeats): balanced accuracy +2.0" in text
    assert "- add less plain: balanced accuracy +2.0 ± 0.3 (better); robust skill +0.0" in text
    assert "over seeds and test images, at 99 % (Student's t, paired by seed)" in text
    assert "the 4 intervals of this table hold together in 95 % of tables" in text


def test_a_verdict_on_a_method_with_an_alarm_says_so():
    trainings = rows((0.02, 0.02, 0.021))
    trainings[1] = replace(trainings[1], alarms=("collapse",))
    text = answer(trainings, QUESTIONS, SCORES, paired=True)
    assert "- add ! less plain: balanced accuracy" in text
    assert "(add ! less repeats)" in text


def test_one_seed_says_nothing():
    single = [item for item in rows((0.1, 0.1, 0.1)) if item.seed == 0]
    items = differences(single, QUESTIONS, SCORES, paired=False)
    assert {item.verdict for item in items} == {"one seed says nothing"}
    assert "±" not in answer(single, QUESTIONS, SCORES, paired=False)


def test_what_has_one_seed_does_not_widen_the_other_intervals():
    questions = (*QUESTIONS, Question("alone", "plain"))
    trainings = [*rows((0.02, 0.02, 0.021)), row("alone", 0, 0.5)]
    items = differences(trainings, questions, SCORES, paired=True)
    assert len(items) == 6
    assert {item.level for item in items} == {1 - 0.05 / 4}


def test_all_datasets_and_fractions_of_a_table_hold_together():
    first = rows((0.02, 0.02, 0.021))
    settings = [*first, *(replace(item, fraction=1.0) for item in first)]
    items = differences(settings, QUESTIONS, SCORES, paired=True)
    assert len(items) == 8
    assert {item.level for item in items} == {1 - 0.05 / 8}
    assert {item.fraction for item in items} == {0.5, 1.0}


METHODS = [f"method {number}" for number in range(6)]
PAIRS = [Question(name, METHODS[0]) for name in METHODS[1:]]


def made_table(generator, seeds, gain=0.0):
    """Make answers of recipes that are equal but for chance: of images and of seeds.

    An image is easy for all recipes, for one (all its trainings get it right), or for a training.

    Args:
        generator: Of chance.
        seeds: Trainings of each.
        gain: By how much the last recipe has greater margins than the others.
    """
    common, trainings = generator.normal(size=len(CLASSES)), []
    for method in METHODS:
        ease = 2 + common + generator.normal(size=len(CLASSES)) + gain * (method == METHODS[-1])
        for seed in range(seeds):
            margins = ease + 0.1 * generator.normal() + 0.5 * generator.normal(size=len(CLASSES))
            right = margins > EPS[:, None]
            moved = {ROBUST: influences(right, CLASSES, SKILL)}
            curve = mean_recall(right, CLASSES)
            each = row(method, seed, float(curve[0]), float(SKILL(curve)))
            trainings.append(replace(each, influences=Influences(moved, CLASSES)))
    return trainings


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("seeds", [2, 5])
def test_equal_methods_are_told_apart_in_one_table_of_twenty(seeds, paired):
    """Over seeds alone they were in more than half of tables: the images are of all seeds."""
    generator, tables = np.random.default_rng(0), 100
    wrong = 0
    for _ in range(tables):
        items = differences(made_table(generator, seeds), PAIRS, {"skill": ROBUST}, paired=paired)
        assert len(items) == len(PAIRS)
        wrong += any(item.verdict != "not told apart" for item in items)
    assert wrong / tables <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / tables)  # chance of the test


def test_a_method_that_is_better_is_found():
    generator = np.random.default_rng(0)
    for _ in range(5):
        items = differences(
            made_table(generator, 5, gain=1), PAIRS, {"skill": ROBUST}, paired=False
        )
        assert items[-1].verdict == "better"
