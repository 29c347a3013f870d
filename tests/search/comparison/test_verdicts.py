"""Verdicts: over seeds and images, in words that follow from the interval."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from search.comparison.rows import Row
from search.comparison.verdicts import PAIRED_FROM, Question, answer, differences
from trainables.metrics.classification import mean_recall
from trainables.metrics.influence import Sample
from trainables.metrics.skill import Skill

CLEAN, ROBUST = "test_clean_bacc", "test_pgd_bacc_skill"
SCORES = {"balanced accuracy": "test_clean_{headline}", "robust skill": ROBUST}
QUESTIONS = (Question("add", "plain"), Question("add", "repeats", "Added, beside repeating"))
CLASSES = np.repeat([0, 1], (42, 114))  # as of BreastMNIST's test images
EPS = np.array([0, 0.5, 1, 2, 4])
SKILL = Skill(tuple(EPS), 0.5)


BETTER = (0.02, 0.02, 0.021, 0.02, 0.02, 0.021)  # nearly the same with each seed


def sample(moved=None, labels=CLASSES):
    """Make a sample of images; unless told, they move nothing."""
    moved = np.zeros(len(labels)) if moved is None else moved
    return Sample(moved, labels, np.zeros((0, len(np.unique(labels)))))


def row(method, seed, clean, skill=0.2, moved=None):
    return Row(
        dataset="breastmnist", fraction=0.5, seed=seed, method=method, headline="bacc",
        scores={CLEAN: clean, ROBUST: skill}, samples={CLEAN: sample(moved), ROBUST: sample()},
    )  # fmt: skip


def rows(gains, moved=None):
    """Make seeds that differ much from one another, and methods that differ by gains."""
    return [
        row(method, seed, base + gain * (method == "add"), moved=moved if method == "add" else None)
        for seed, (base, gain) in enumerate(
            zip(np.linspace(0.5, 0.9, len(gains)), gains, strict=True)
        )
        for method in ("plain", "add", "repeats")
    ]


def clean(trainings):
    items = differences(trainings, QUESTIONS, SCORES)
    return next(item for item in items if item.score == "balanced accuracy")


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        (BETTER, "better"),
        (tuple(-gain for gain in BETTER), "worse"),
        ((0.03, -0.03, 0.01, 0.02, -0.02, 0), "not told apart"),
    ],
)
def test_six_seeds_are_paired(gains, verdict):
    difference = clean(rows(gains))
    quantile = stats.t.ppf(1 - 0.05 / 4 / 2, 5)  # 2 rivals and 2 scores
    assert difference.mean == pytest.approx(100 * np.mean(gains))
    assert difference.half == pytest.approx(100 * quantile * stats.sem(gains))
    assert (difference.verdict, difference.seeds) == (verdict, PAIRED_FROM)


def test_of_fewer_the_interval_is_welchs():
    values = {"plain": (0.50, 0.52, 0.57, 0.51, 0.5), "add": (0.6, 0.5, 0.7, 0.8, 0.65)}
    trainings = [
        row(method, seed, value)
        for method, sample in values.items()
        for seed, value in enumerate(sample)
    ]
    difference = clean(trainings)
    oracle = stats.ttest_ind(values["add"], values["plain"], equal_var=False)
    low, high = oracle.confidence_interval(1 - 0.05 / 2)  # 2 scores
    assert difference.estimate.level == 1 - 0.05 / 2
    assert difference.mean - difference.half == pytest.approx(100 * low)
    assert difference.mean + difference.half == pytest.approx(100 * high)


def test_what_the_images_of_all_seeds_move_widens_the_interval():
    moved = np.where(np.arange(len(CLASSES)) % 2, 0.3, -0.3)
    alone, widened = clean(rows(BETTER)), clean(rows(BETTER, moved))
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
        replace(each, samples={CLEAN: sample(moved), ROBUST: sample(moved)})
        for each in rows(BETTER)
    ]
    assert clean(common).half == pytest.approx(clean(rows(BETTER)).half)


def test_where_images_are_not_known_there_is_no_verdict():
    trainings = [replace(each, samples={}) for each in rows(BETTER)]
    fewer = rows(BETTER)
    fewer[0] = replace(fewer[0], samples={CLEAN: sample(labels=np.zeros(3, int))})
    assert clean(trainings).verdict == clean(fewer).verdict == "not known"
    assert "±" not in answer(trainings, QUESTIONS, SCORES)


def test_words_name_what_is_compared():
    text = answer(rows(BETTER), QUESTIONS, SCORES)
    assert text.startswith("breastmnist, 50 % of its training images, 6 seeds:")
    assert "- Added, beside repeating (add less repeats): balanced accuracy +2.0" in text
    assert "- add less plain: balanced accuracy +2.0 ± 0.1 (better); robust skill +0.0" in text
    assert "at 98.75 % (Welch's t, from 6 seeds on Student's, paired by seed)" in text
    assert "the 4 intervals of this table hold together in 95 % of tables" in text


def test_words_say_which_test_it_was():
    few = [replace(each, fraction=0.1) for each in rows(BETTER[:3])]
    assert "(Welch's t):" in answer(few, QUESTIONS, SCORES)
    assert "paired by seed" in answer([*rows(BETTER), *few], QUESTIONS, SCORES)


def test_a_verdict_on_a_method_with_an_alarm_says_so():
    trainings = rows(BETTER)
    trainings[1] = replace(trainings[1], alarms=("collapse",))
    text = answer(trainings, QUESTIONS, SCORES)
    assert "- add ! less plain: balanced accuracy" in text
    assert "(add ! less repeats)" in text


def test_one_seed_says_nothing():
    single = [item for item in rows((0.1, 0.1, 0.1)) if item.seed == 0]
    items = differences(single, QUESTIONS, SCORES)
    assert {item.verdict for item in items} == {"one seed says nothing"}
    assert "±" not in answer(single, QUESTIONS, SCORES)


def test_what_has_one_seed_does_not_widen_the_other_intervals():
    questions = (*QUESTIONS, Question("alone", "plain"))
    trainings = [*rows(BETTER), row("alone", 0, 0.5)]
    items = differences(trainings, questions, SCORES)
    assert len(items) == 6
    assert {item.estimate.level for item in items} == {1 - 0.05 / 4}


def test_all_datasets_and_fractions_of_a_table_hold_together():
    first = rows(BETTER)
    settings = [*first, *(replace(item, fraction=1.0) for item in first)]
    items = differences(settings, QUESTIONS, SCORES)
    assert len(items) == 8
    assert {item.estimate.level for item in items} == {1 - 0.05 / 8}
    assert {item.fraction for item in items} == {0.5, 1.0}


def test_each_look_has_half_the_level_of_the_one_before():
    levels = [differences(rows(BETTER), QUESTIONS, SCORES, n)[0].estimate.level for n in (1, 2, 3)]
    assert levels == [1 - 0.05 / 4, 1 - 0.05 / 8, 1 - 0.05 / 16]


METHODS = [f"method {number}" for number in range(6)]
PAIRS = [Question(name, METHODS[0]) for name in METHODS[1:]]


def made_table(generator, seeds, gain=0.0, *, shared=0.0, classes=CLASSES):
    """Make answers of recipes that are equal but for chance: of images and of seeds.

    An image is easy for all recipes, for one (all its trainings get it right), or for a training.

    Args:
        generator: Of chance.
        seeds: Trainings of each.
        gain: By how much the last recipe has greater margins than the others.
        shared: Deviation of margins that all recipes have in common with a seed.
        classes: Of the images.
    """
    common, trainings = generator.normal(size=len(classes)), []
    luck = shared * generator.normal(size=seeds)
    for method in METHODS:
        ease = 2 + common + generator.normal(size=len(classes)) + gain * (method == METHODS[-1])
        for seed in range(seeds):
            own = 0.1 * generator.normal() + 0.5 * generator.normal(size=len(classes))
            right = ease + luck[seed] + own > EPS[:, None]
            curve = mean_recall(right, classes)
            each = row(method, seed, float(curve[0]), float(SKILL(curve)))
            trainings.append(replace(each, samples={ROBUST: Sample.of([right], classes, SKILL)}))
    return trainings


@pytest.mark.parametrize("shared", [0.0, 0.5])
@pytest.mark.parametrize("seeds", [2, 4, 8])
def test_equal_methods_are_told_apart_in_one_table_of_twenty(seeds, shared):
    """Over seeds alone they were in more than half of tables: the images are of all seeds."""
    generator, tables = np.random.default_rng(0), 100
    wrong = 0
    for _ in range(tables):
        table = made_table(generator, seeds, shared=shared)
        items = differences(table, PAIRS, {"skill": ROBUST})
        assert len(items) == len(PAIRS)
        wrong += any(item.verdict != "not told apart" for item in items)
    assert wrong / tables <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / tables)  # chance of the test


def test_a_class_of_three_is_not_taken_for_certain():
    """One method has all three right with every seed, its rival all wrong."""
    classes = np.repeat([0, 1], (3, 150))
    trainings = []
    for method, right in ((METHODS[0], False), (METHODS[1], True)):
        answers = np.where(classes == 0, right, True)[None].repeat(len(EPS), axis=0)
        skill = float(SKILL(mean_recall(answers, classes)))
        moved = {ROBUST: Sample.of([answers], classes, SKILL)}
        trainings += [replace(row(method, seed, 1, skill), samples=moved) for seed in range(5)]
    (item,) = differences(trainings, PAIRS, {"skill": ROBUST})
    assert item.mean == 100
    assert item.verdict == "not told apart"


def test_a_method_that_is_better_is_found():
    generator = np.random.default_rng(0)
    for _ in range(5):
        items = differences(made_table(generator, 5, gain=1), PAIRS, {"skill": ROBUST})
        assert items[-1].verdict == "better"


def test_pairing_finds_what_the_luck_of_seeds_hides():
    """Of 40 such tables it finds the better method in 22, and Welch's test in none."""
    generator, tables = np.random.default_rng(0), 10
    hits = 0
    for _ in range(tables):
        table = made_table(generator, 8, gain=0.6, shared=1.0)
        hits += differences(table, PAIRS, {"skill": ROBUST})[-1].verdict == "better"
    assert hits > tables / 4
