"""Recipes, of several trainings each, on the same images."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from search.confirmation.statistics import (
    Recipe,
    Resamples,
    answers_of,
    difference,
    direction_of,
    is_comparable,
    mean_of,
    optimism,
    recipe_of,
    yardstick_of,
)
from search.engine.objective import Objective
from trainables.metrics.orders.answers import image_scores
from trainables.metrics.skill import Area, Skill
from trainables.metrics.welch import image_component
from trainables.study.examination import Examination
from trainables.study.report import Level, Rung

ONE_CLASS = np.zeros(400, dtype=np.int64)
ONE_RADIUS = Area((0.0,))


def examination(scores, labels, conditions):
    scores = np.asarray(scores, dtype=float)
    return Examination("x", "max", conditions, scores, np.asarray(labels), (), np.zeros((0, 0)))


def test_a_value_by_hand():
    """Two classes of one and two images; radii 0, 1 and 3, whose weights are 1/6, 1/2 and 1/3."""
    conditions = (("clean", 0.0), ("ensemble", 1.0), ("ensemble", 3.0), ("noise", 0.2))
    seed = examination([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]], [0, 1, 1], conditions)
    recipe = recipe_of([seed, seed], "ranking_pgd_x_curve")
    assert answers_of([seed, seed]).shape == (2, 3, 3)
    assert recipe.values.tolist() == pytest.approx([(2 / 3 + 1 / 12) / 2] * 2)
    assert recipe.images.moved.tolist() == pytest.approx([0, 1 / 24, -1 / 24])
    assert mean_of([seed], ("clean", 0.0)) == pytest.approx(0.75)


def test_a_skill_by_hand():
    """Chance is 1/2: of means 3/4 and 1/4 under attack, the first is half of what lies above."""
    conditions = (("clean", 0.0), ("ensemble", 1.0), ("ensemble", 3.0))
    scores = [[1, 1, 1], [1, 1, 0], [0, 1, 0]]
    seed = replace(examination(scores, [0, 1, 1], conditions), constant=0.5)
    assert recipe_of([seed], "ranking_pgd_x_skill").value == pytest.approx(0.5 / 2)
    assert direction_of(seed, "ranking_pgd_x_skill") == "max"


def test_the_skill_of_errors_is_better_when_greater():
    conditions = (("clean", 0.0), ("ensemble", 1.0))
    errors = examination([[100.0, 100.0], [150.0, 170.0]], [0, 0], conditions)
    errors = replace(errors, direction="min", constant=200.0)
    assert recipe_of([errors], "x_skill").value == pytest.approx(0.2)
    assert direction_of(errors, "x_skill") == "max"
    assert direction_of(errors, "x_curve") == "min"


PGD = Rung(9, "ranking_pgd_bacc_skill", Level("pgd", 20, 1, (0.0, 0.1)))
HU = Rung(9, "ranking_apgd-ce_mae_head_skill", Level("apgd-ce", 20, 1, (0.0, 0.1)))


@pytest.mark.parametrize(
    ("ranked", "rung", "compared"),
    [
        ("ranking_pgd_bacc_skill", PGD, "ranking_pgd_bacc_skill"),
        ("ranking_pgd_bacc_curve", PGD, "ranking_pgd_bacc_curve"),
        ("ranking_fgsm_bacc_skill", PGD, "ranking_fgsm_bacc_skill"),
        ("ranking_pgd_mae_head_curve", HU, "ranking_pgd_mae_head_curve"),
        # Another score, one radius, no attack, another split, no score at all:
        ("ranking_pgd_acc_curve", PGD, PGD.metric),
        ("ranking_pgd_bacc_eps4", PGD, PGD.metric),
        ("ranking_noise_bacc_skill", PGD, PGD.metric),
        ("ranking_clean_bacc", PGD, PGD.metric),
        ("val_clean_bacc", PGD, PGD.metric),
        ("val_loss", PGD, PGD.metric),
        ("ranking_pgd_dice_head_curve", HU, HU.metric),
        ("ranking_pgd_mae_bone_curve", HU, HU.metric),
        ("parameters", HU, HU.metric),
        # A guest's own is what it says it is:
        ("robustness", Rung(9, "robustness"), "robustness"),
        ("loss", Rung(9, "robustness"), "robustness"),
    ],
)
def test_finalists_are_compared_by_what_the_ensemble_measures(ranked, rung, compared):
    assert yardstick_of(ranked, rung) == compared


def test_a_metric_that_is_no_curve_is_compared_by_skill_where_there_is_any():
    """Under the area a constant answer would have 0.5."""
    blind = examination([[1, 0], [1, 0]], [0, 1], (("clean", 0.0), ("ensemble", 1.0)))
    blind = replace(blind, constant=0.5)
    assert recipe_of([blind], "ranking_clean_bacc").value == 0
    assert recipe_of([blind], "ranking_pgd_bacc_curve").value == 0.5


@pytest.mark.parametrize(
    ("ranked", "direction", "constant", "alike"),
    [
        ("x_skill", "max", 0.5, True),
        ("x_skill", "max", math.nan, False),  # no skill is known: an area
        ("x_curve", "max", 0.5, True),
        ("x_curve", "min", 0.5, False),
        ("robustness", "max", math.nan, True),
        ("robustness", "max", 0.5, False),
        ("robustness", "min", math.nan, False),
    ],
)
def test_values_are_compared_where_search_and_ensemble_measured_the_same(
    ranked, direction, constant, alike
):
    seed = examination([[1, 0], [1, 0]], [0, 1], (("clean", 0.0), ("ensemble", 1.0)))
    seed = replace(seed, constant=constant)
    assert is_comparable(Objective(ranked, direction), ranked, seed) == alike
    assert not is_comparable(Objective("other", direction), ranked, seed)


def recipe(*answers, labels=None):
    """Trainings of one radius."""
    rows = np.array(answers, dtype=float)[:, None]
    labels = np.zeros(rows.shape[-1], dtype=int) if labels is None else labels
    return Recipe.of(rows, labels, ONE_RADIUS)


def test_images_that_never_vary_leave_welch_s_test_over_trainings():
    a, b = [0.1, 0.4, 0.3, 0.5], [0.7, 0.6, 0.9, 0.5, 0.6]
    first, second = (recipe(*([value] * 8 for value in values)) for values in (a, b))
    gap = difference(first, second)
    oracle = stats.ttest_ind(a, b, equal_var=False)
    assert (gap.p, gap.df) == pytest.approx((oracle.pvalue, oracle.df))
    assert first.estimate().low == pytest.approx(
        0.325 - stats.t.ppf(0.975, 3) * np.std(a, ddof=1) / 2
    )


def test_trainings_that_are_all_alike_leave_a_paired_test_over_images():
    generator = np.random.default_rng(0)
    a, b = generator.random(30), generator.random(30)
    gap = difference(recipe(a, a, a), recipe(b, b))
    oracle = stats.ttest_rel(a, b)
    assert (gap.p, gap.df) == pytest.approx((oracle.pvalue, 29))


def test_the_variance_is_the_sum_over_both():
    generator = np.random.default_rng(1)
    first, second = (recipe(*generator.random((5, 40))) for _ in range(2))
    gap, moved = difference(first, second), (first.images - second.images).moved
    images = np.var(moved, ddof=1) / 40
    seeds = [np.var(side.values, ddof=1) / 5 for side in (first, second)]
    error = (gap.high - gap.value) / stats.t.ppf(0.975, gap.df)
    assert error**2 == pytest.approx(images + sum(seeds))


def test_a_single_training_says_nothing_of_others():
    gap = difference(recipe([1.0] * 50), recipe([0.0] * 50, [0.0] * 50))
    assert gap.value == 1
    assert np.isnan([gap.low, gap.high, gap.p]).all()
    assert gap.verdict("max") == "not distinguishable"


RADII = (0.0, 1.0, 2.0, 4.0)


def alike(generator, counts, right, reach):
    """Five trainings that answer alike: images, of classes of so many, are all that varies."""
    count = sum(counts)
    answers = generator.random(count) < right
    answers = answers & (generator.exponential(reach, count) >= np.array(RADII)[:, None])
    return np.stack([answers] * 5)


@pytest.mark.parametrize(
    ("counts", "right", "reach"), [((3, 30), 0.95, 20), ((5, 95), 0.95, 60), ((5, 45), 0.95, 40)]
)
@pytest.mark.parametrize("summary", [Area(RADII), Skill(RADII, 0.5)], ids=["area", "skill"])
def test_rare_classes_are_covered(counts, right, reach, summary):
    """It was .55 to .75: a class of three images that are all right was taken for certain."""
    truth = float(summary(right * np.exp(-np.array(RADII) / reach)))
    generator, labels, hits = np.random.default_rng(5), np.repeat([0, 1], counts), 0
    for _ in range(300):
        recipe = Recipe.of(alike(generator, counts, right, reach), labels, summary)
        interval = recipe.estimate()
        hits += interval.low <= truth <= interval.high
        assert 0 <= interval.low <= recipe.value <= interval.high <= 1
    assert hits / 300 >= 0.93


def test_of_common_classes_intervals_are_as_wide_as_without_smoothing():
    generator, labels = np.random.default_rng(6), np.repeat([0, 1], (42, 114))
    recipe = Recipe.of(alike(generator, (42, 114), 0.8, 3), labels, Area(RADII))
    plain = image_component(recipe.images.moved, labels)
    assert recipe.images.component.variance == pytest.approx(plain.variance, rel=0.05)


def test_signs_pooled_over_classes_do_not_decide():
    """Two classes: better on the few of one, a little worse on the many of the other.

    A test of signs over all images said worse; the value, which weighs classes alike, is better.
    """
    labels = np.repeat([0, 1], [40, 160])
    few, many = np.arange(40) < 16, np.arange(160) < 24
    worse = recipe(*[np.r_[np.zeros(40), many]] * 5, labels=labels)
    better = recipe(*[np.r_[few, np.zeros(160)]] * 5, labels=labels)
    gap = difference(better, worse)
    assert gap.value == pytest.approx((16 / 40 - 24 / 160) / 2)
    assert gap.verdict("max") == "better"
    assert gap.low > 0


def test_draws_weigh_classes_alike():
    labels = np.array([0] * 10 + [1] * 90)
    weights = Resamples(labels, 0, count=50).weights
    assert weights[:, labels == 0].sum(axis=1) == pytest.approx(0.5)
    assert weights.sum(axis=1) == pytest.approx(1)


def test_seeds_are_drawn_as_well():
    """Images all alike, seeds apart: all the spread is that of the mean of two drawn seeds."""
    two = np.stack([np.zeros((1, 400)), np.ones((1, 400))])
    drawn = Resamples(ONE_CLASS, 0, count=20_000).values(two, ONE_RADIUS, 0)
    shares = [np.isclose(drawn, at).mean() for at in (0, 0.5, 1)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.02)


def test_the_same_images_are_drawn_for_all_and_other_seeds():
    alike = np.random.default_rng(0).random((3, 1, 400))
    draws = Resamples(ONE_CLASS, 0)
    first, again, second = (draws.values(alike, ONE_RADIUS, number) for number in (0, 0, 1))
    assert (first == again).all()
    assert (first != second).any()
    single = [draws.values(alike[:1], ONE_RADIUS, number) for number in (0, 1)]
    assert (single[0] == single[1]).all()


@pytest.mark.parametrize("direction", ["max", "min"])
def test_optimism_of_equals_is_what_the_best_of_them_gains_by_chance(direction):
    """Ten finalists as good as each other: the best of ten normal means is 1.54 deviations up."""
    dice = np.random.default_rng(1)
    estimated = []
    for repeat in range(40):
        found = dice.normal(size=(10, 400))
        draws = Resamples(ONE_CLASS, repeat, count=300)
        drawn = np.stack([draws.values(one[None, None], ONE_RADIUS, 0) for one in found])
        estimated.append(optimism(drawn, direction))
    # Choosing in a resample meets the spread of the sample as well: less than the whole 1.54.
    assert 0.5 * 1.54 / 20 < np.mean(estimated) < 1.54 / 20


def test_no_choice_no_optimism():
    """A skill near chance is higher in resamples than on all images: no choice is needed."""
    right = np.random.default_rng(0).random((2, 2, 40)) < 0.55
    skill = Skill((0.0, 1.0), 0.5)
    drawn = Resamples(np.repeat([0, 1], 20), 0).values(right * 1.0, skill, 0)[None]
    assert drawn.mean() > 0.01 + Recipe.of(right, np.repeat([0, 1], 20), skill).value
    assert optimism(drawn, "max") == pytest.approx(0, abs=1e-9)


SUMMARY = Area((0.0, 0.75, 1.5))


def made_recipes(generator, *, rivals, luck, skill=0.0, seeds=5, level=0.2, summary=SUMMARY):
    """Recipes of one truth, but for more skill of the first: seeds, images and noise vary."""
    labels = np.repeat([0, 1], (12, 28))
    ease, recipes = generator.normal(size=40), []
    for number in range(rivals + 1):
        private = ease + generator.normal(size=40)
        drawn = luck * generator.normal(size=(seeds, 1)) + generator.normal(size=(seeds, 40)) / 2
        margins = level + skill * (number == 0) + private + drawn
        answers = margins[:, None, :] > np.linspace(0, 1.5, 3)[:, None]
        recipes.append(Recipe.of(answers, labels, summary))
    return recipes


def verdicts_of(runs, **world):
    """Whether each rival is told apart, (runs, rivals)."""
    generator = np.random.default_rng(3)
    return np.array([
        [difference(first, rival, len(rivals)).excludes_zero for rival in rivals]
        for first, *rivals in (made_recipes(generator, **world) for _ in range(runs))
    ])  # fmt: skip


@pytest.mark.parametrize("luck", [0.1, 0.4], ids=["steady", "lucky"])
@pytest.mark.parametrize("rivals", [1, 6])
def test_equal_recipes_are_told_apart_in_a_confirmation_of_twenty_at_most(rivals, luck):
    """By simulation: the share of confirmations in which any rival is told apart."""
    told_apart = verdicts_of(200, rivals=rivals, luck=luck).any(axis=1)
    assert told_apart.mean() <= 0.05


@pytest.mark.parametrize("luck", [0.1, 0.4], ids=["steady", "lucky"])
@pytest.mark.parametrize("level", [0.6, 1.2, 2.0])
def test_equal_skills_are_told_apart_in_a_confirmation_of_twenty_at_most(level, luck):
    """What ranks by default: a skill near chance, where it is clipped, and above."""
    world = {"rivals": 3, "level": level, "summary": Skill((0.0, 0.75, 1.5), 0.5)}
    assert verdicts_of(150, luck=luck, **world).any(axis=1).mean() <= 0.05
    power = verdicts_of(40, luck=luck, skill=2.0, **world).mean()
    assert power > (0.5 if level < 2 else 0.2), "a great difference is found"


def test_intervals_of_a_high_auc_of_few_positives_hold_the_truth():
    """Ten of a hundred: in .77, as few images are out of place and a sample may lack them."""
    apart, skill = np.array([4.0, 3.5, 3.0, 2.5]), Skill((0.0, 1.0, 2.0, 4.0), 0.5)
    truth, labels = float(skill(stats.norm.cdf(apart / np.sqrt(2)))), np.repeat([0, 1], (90, 10))
    generator, hits = np.random.default_rng(8), []
    for _ in range(100):
        images = np.sqrt(0.9) * generator.normal(size=100)
        draws = images + np.sqrt(0.1) * generator.normal(size=(5, 1, 100))
        answers = draws + apart[:, None] * labels
        logits = np.stack([np.zeros_like(answers), answers], axis=-1)
        numbers = [image_scores("auc", "binary", training, labels).scores for training in logits]
        estimated = Recipe.of(np.stack(numbers), labels, skill).estimate()
        hits.append(estimated.low <= truth <= estimated.high)
    assert np.mean(hits) >= 0.95


def profile(generator, ease, right):
    """Five trainings that answer two classes of 42 and 114 so often at five radii."""
    labels = np.repeat([0, 1], (42, 114))
    private = np.sqrt(0.5) * (ease + generator.normal(size=156))
    margins = np.sqrt(0.8) * private + np.sqrt(0.2) * generator.normal(size=(5, 156))
    answers = margins[:, None] < stats.norm.ppf([1.0, *right])[:, None]
    return Recipe.of(answers, labels, Skill(tuple(range(6)), 0.5))


@pytest.mark.parametrize("rivals", [1, 3])
@pytest.mark.parametrize(
    "steep", [(0.75, 0.35, 0.2, 0.1, 0.05), (0.7, 0.55, 0.4, 0.3, 0.2)], ids=str
)
def test_a_steep_curve_is_not_told_from_a_flat_one_of_the_same_skill(steep, rivals):
    """Near chance at all radii: by the influences on clipped skills, .11 to .25 were told apart."""
    skill = np.maximum(np.array(steep) - 0.5, 0).mean()
    generator, told_apart = np.random.default_rng(6), []
    for _ in range(150):
        ease = generator.normal(size=156)
        first = profile(generator, ease, steep)
        flat = [profile(generator, ease, [0.5 + skill] * 5) for _ in range(rivals)]
        told_apart.append(any(difference(first, each, rivals).excludes_zero for each in flat))
    assert np.mean(told_apart) <= 0.05


def test_a_difference_of_three_deviations_over_seeds_is_mostly_found():
    """The power of five seeds among three rivals, as docs/confirm.md states it."""
    generator = np.random.default_rng(4)
    world = {"rivals": 3, "luck": 0.4, "skill": 1.3}
    recipes = [made_recipes(generator, **world) for _ in range(100)]
    gap = np.mean([first.value - second.value for first, second, *_ in recipes])
    deviation = np.sqrt(np.mean([second.values.var(ddof=1) for _, second, *_ in recipes]))
    assert 2.5 < gap / deviation < 3.5
    assert verdicts_of(100, **world).mean() > 0.5


def near_chance(generator, right, counts):
    """Five trainings, which share images, of two classes that are equally hard, at two radii."""
    total = sum(counts)
    margins = generator.normal(size=total) + generator.normal(size=(5, total)) / 2
    levels = stats.norm.isf(right) * np.sqrt(1.25)
    answers = margins[:, None] > np.array([-9.0, *levels])[:, None]
    return Recipe.of(answers, np.repeat([0, 1], counts), Skill((0.0, 1.0, 2.0), 0.5))


@pytest.mark.parametrize("counts", [(42, 114), (10, 100)], ids=str)
@pytest.mark.parametrize("right", [(0.52, 0.52), (0.55, 0.55), (0.7, 0.45), (0.9, 0.2)], ids=str)
def test_intervals_near_chance_hold_the_truth(right, counts):
    """By simulation; with the variance of the clipped skill it was in .80 to .92 of them."""
    truth = np.maximum(np.array(right) - 0.5, 0).mean() * 2
    generator, hits = np.random.default_rng(5), []
    for _ in range(200):
        recipe = near_chance(generator, right, counts)
        interval = recipe.estimate()
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.value == recipe.value
        assert interval.high > interval.low  # "0 [0, 0]" would say that all is known
        hits.append(interval.low <= truth <= interval.high)
    assert np.mean(hits) >= 0.93


def test_the_skill_of_errors_has_an_interval_that_ends_at_its_least_value():
    """Errors near that of a constant answer; NaN bounds of a single training stay NaN."""
    errors = np.random.default_rng(0).normal(195, 20, size=(5, 2, 8))
    recipe = Recipe.of(errors, np.zeros(8, dtype=int), Skill((0.0, 1.0), 200.0, 0.0))
    interval = recipe.estimate()
    assert interval.low == 0
    assert interval.value < interval.high < 1
    alone = Recipe.of(errors[:1], np.zeros(8, dtype=int), Skill((0.0, 1.0), 200.0, 0.0))
    assert np.isnan(alone.estimate().low)


def test_a_difference_rests_on_the_clipped_skill():
    """At radii at which neither is above chance there is nothing to tell apart."""
    generator = np.random.default_rng(6)
    first, second = (near_chance(generator, (0.9, right), (42, 114)) for right in (0.1, 0.2))
    clipped = [replace(recipe, unclipped=None) for recipe in (first, second)]
    assert difference(first, second) == difference(*clipped)
