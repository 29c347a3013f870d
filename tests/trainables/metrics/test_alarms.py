"""Alarms by closed forms and exact tests: what is surely so, and what chance explains."""

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from trainables.metrics import alarms
from trainables.metrics.alarms import (
    ALARMS,
    above_chance,
    coarseness,
    collapse,
    exact_interval,
    excess,
    flatness,
    share_excess,
    two_radii,
)


def pair(wins, losses, ties=20, rest=30):
    harm = np.repeat([True, False, True, False], [wins, losses, ties, rest])
    baseline = np.repeat([False, True, True, False], [wins, losses, ties, rest])
    return harm, baseline


def test_of_many_tests_each_must_be_surer():
    """Of nine images of seven classes five wrong slopes count; of three classes never one image."""
    assert share_excess(4, 9, allowed=0.1, tests=7) < 0 < share_excess(5, 9, allowed=0.1, tests=7)
    assert share_excess(3, 9, allowed=0.1) < share_excess(4, 9, allowed=0.1)
    assert max(share_excess(1, total, tests=3) for total in range(1, 65)) < 0
    assert share_excess(5, 9, tests=7) < share_excess(5, 9)


@pytest.mark.parametrize("wins", range(12))
@pytest.mark.parametrize("losses", range(5))
def test_shares_differ_where_the_exact_test_says_so(wins, losses):
    p = 1.0
    if wins + losses:
        p = binomtest(wins, wins + losses, alternative="greater").pvalue
    assert (excess(*pair(wins, losses)) > 0) == (p < 0.025)


def test_five_images_against_none_are_no_alarm_and_six_are():
    assert excess(*pair(5, 0)) < 0 < excess(*pair(6, 0))


def test_the_bound_of_a_share_is_that_of_the_binomial():
    low = binomtest(9, 10).proportion_ci(method="exact").low
    assert excess(*pair(9, 1, 40, 50)) == pytest.approx((2 * low - 1) * 10 / 100)
    assert excess(*pair(0, 7, 3, 0)) == pytest.approx(-0.7)
    assert excess(*pair(0, 0)) == 0


@pytest.mark.parametrize(("count", "total"), [(0, 64), (1, 64), (4, 64), (5, 156), (64, 64)])
def test_the_interval_of_a_share_is_clopper_and_pearsons(count, total):
    oracle = binomtest(count, total).proportion_ci(method="exact")
    assert exact_interval(count, total) == pytest.approx((oracle.low, oracle.high))


def test_three_images_of_64_are_no_alarm_and_four_are():
    assert share_excess(3, 64) < 0 < share_excess(4, 64)
    assert share_excess(0, 64) == -0.01
    assert share_excess(64, 64, of=0.01) < 0  # all of a hundredth of the images


def test_a_sign_that_one_image_in_a_thousand_has_by_chance_raises_no_alarm():
    """At the share that is allowed, at most one set of images in forty does."""
    rng = np.random.default_rng(2)
    counts = rng.binomial(64, alarms.ALLOWED, 4000)
    assert np.mean([share_excess(count, 64) > 0 for count in counts]) < 1 / 40


def test_outputs_are_coarse_by_powers_of_ten():
    assert coarseness(0.9e-3) < 0 < coarseness(1.1e-3)
    assert coarseness(float("inf")) == pytest.approx(3)
    assert coarseness(0.0) == pytest.approx(-6)


def test_errors_differ_by_students_interval_less_a_hundredth():
    rng = np.random.default_rng(0)
    baseline = rng.uniform(50, 90, 8)
    harm = baseline + rng.normal(6, 3, 8)
    low = ttest_rel(harm - 0.01 * baseline, baseline).confidence_interval().low
    assert excess(harm, baseline) == pytest.approx(low)
    assert excess(harm, baseline) > 0 > excess(baseline, harm)


def test_an_error_that_hardly_differs_is_no_alarm():
    """Squared errors are driven up, absolute ones reported: one may fall by a trifle everywhere."""
    baseline = np.linspace(50, 60, 6)
    assert excess(1.009 * baseline, baseline) < 0 < excess(1.011 * baseline, baseline)


def test_one_subject_or_none_says_nothing():
    assert excess(np.array([300.0]), np.array([100.0])) == 0
    assert excess(np.array([100.0]), np.array([300.0])) == pytest.approx(-203)
    assert excess(np.array([np.nan]), np.array([1.0])) == 0


def test_a_subject_without_the_region_is_left_out():
    harm, baseline = np.array([9.0, 12.0, 10.0]), np.array([5.0, 7.0, 6.5])
    with_gap = excess(np.append(harm, np.nan), np.append(baseline, 4.0))
    assert with_gap == excess(harm, baseline) > 0


def test_chance_rarely_alarms():
    """Two attacks that are alike: at most one in forty, by the interval's level."""
    rng, alarmed = np.random.default_rng(1), 0
    for _ in range(1000):
        alarmed += excess(rng.random(100) < 0.5, rng.random(100) < 0.5) > 0
    assert 0 < alarmed <= 25 + 3 * 5  # three standard deviations


def test_harms_must_pair():
    with pytest.raises(ValueError, match="not pairs"):
        excess(np.zeros(3, dtype=bool), np.zeros(4, dtype=bool))


@pytest.mark.parametrize(
    ("eps", "expected"),
    [((0, 1, 2, 4, 8), (2, 8)), ((0, 1, 2), (1, 2)), ((0, 4), (2, 4)), ((0, 1, 2, 4), (2, 4))],
)
def test_two_radii_of_a_grid(eps, expected):
    assert two_radii(eps) == expected


def test_a_grid_without_attack_has_none():
    with pytest.raises(ValueError, match="above 0"):
        two_radii((0.0,))


def test_a_constant_answer_is_at_chance_however_imbalanced():
    labels = np.repeat([0, 1], [90, 10])
    assert -0.02 < above_chance(labels == 0, labels, seed=0) <= 0
    assert above_chance(np.ones(100, dtype=bool), labels, seed=0) > 0.35
    assert above_chance(np.zeros(100, dtype=bool), labels, seed=0) == pytest.approx(-0.5, abs=0.01)


def test_many_labels_count_where_some_images_have_them():
    labels = np.zeros((60, 3), dtype=int)
    labels[:6, 0] = labels[:30, 1] = 1  # nobody has the third
    never = labels == 0
    assert above_chance(never, labels, seed=0) <= 0
    assert above_chance(np.ones_like(never), labels, seed=0) > 0.1
    assert above_chance(never[:, 2:], labels[:, 2:], seed=0) == 0


def answers(classes, count=2):
    """Probabilities that say these classes."""
    return 0.1 / count + 0.9 * np.eye(count)[classes]


BALANCED, SKEWED = np.repeat([0, 1], [50, 50]), np.repeat([0, 1], [90, 10])


@pytest.mark.parametrize("labels", [BALANCED, SKEWED, np.arange(90) % 3])
def test_a_constant_classifier_has_collapsed(labels):
    probabilities = np.full((len(labels), 3), [0.2, 0.7, 0.1])
    assert collapse("multi-class", probabilities, labels, seed=0) > 0


def test_a_perfect_classifier_has_not_collapsed():
    assert collapse("binary", answers(SKEWED), SKEWED, seed=0) < 0
    rare = np.repeat([0, 1], [98, 2])
    assert collapse("binary", answers(rare), rare, seed=0) < 0


@pytest.mark.parametrize(
    ("labels", "count", "collapsed"),
    [
        (BALANCED, 4, True),  # 96 % of the answers are one class, 50 % of the images are
        (BALANCED, 6, False),
        (SKEWED, 4, False),  # cautious: 4 of the 10, and no false alarm
        (SKEWED, 2, True),
    ],
)
def test_one_class_for_nearly_all_is_judged_beside_the_data(labels, count, collapsed):
    """The last images, of the second class, are the only ones that are given it."""
    probabilities = answers((np.arange(100) >= 100 - count).astype(int))
    assert (collapse("binary", probabilities, labels, seed=0) > 0) == collapsed


def test_a_classifier_that_knows_nothing_has_collapsed_once_there_are_images_enough():
    labels = np.tile([0, 1], 25_000)
    assert collapse("binary", answers(np.repeat([0, 1], 25_000)), labels, seed=0) > 0
    assert collapse("binary", answers(1 - BALANCED), BALANCED, seed=0) > 0


def test_data_of_one_class_cannot_show_a_collapse():
    assert collapse("binary", answers(np.zeros(9, dtype=int)), np.zeros(9, dtype=int), 0) == 0


def test_many_labels_collapse_by_their_auc():
    rng = np.random.default_rng(0)
    labels = (rng.random((80, 3)) < 0.1).astype(int)
    constant = np.full((80, 3), 0.1)
    assert collapse("multi-label", constant, labels, seed=0) > 0
    # All below 0.5: "no" to each label, and yet the images are told apart.
    assert collapse("multi-label", constant + 0.2 * labels, labels, seed=0) < 0


@pytest.mark.parametrize(("task", "count"), [("binary", 2), ("multi-class", 3)])
def test_an_order_has_not_collapsed_where_no_threshold_was_chosen(task, count):
    """All answers are the first class, and yet the images are in perfect order."""
    labels = np.arange(90) % count
    cautious = np.full((90, count), [0.9, *[0.0] * (count - 1)]) + 0.05 * np.eye(count)[labels]
    assert collapse(task, cautious, labels, seed=0) > 0
    assert collapse(task, cautious, labels, seed=0, order=True) < 0
    equal = np.full((90, count), 0.3)
    assert collapse(task, equal, labels, seed=0, order=True) > 0


def test_labels_that_nobody_has_say_nothing():
    labels = np.zeros((5, 2), dtype=int)
    assert collapse("multi-label", np.full((5, 2), 0.1), labels, seed=0) <= 0


def test_grey_pictures_have_collapsed():
    true = np.array([400.0, 300.0])
    assert flatness(np.zeros(2), true) == pytest.approx(0.1)
    assert flatness(np.array([40.0, 60.0]), true) == pytest.approx(0.1 - 0.15)
    assert flatness(true, true) == pytest.approx(-0.9)


def test_every_alarm_has_a_sentence_and_a_name_of_its_own():
    masking = {name for name in ALARMS if name.startswith("masking_")}
    assert masking == {
        alarms.ONE_STEP, alarms.BLACK_BOX, alarms.RISING, alarms.UNBOUNDED, alarms.GRADIENT,
        alarms.COARSE, alarms.SLOPE,
    }  # fmt: skip
    assert set(ALARMS) - masking == {alarms.COLLAPSE}
    assert set(alarms.OF_ASSETS) == {alarms.COPIED, alarms.GENERATOR_COLLAPSE}
    assert len(set(ALARMS.values())) == len(ALARMS)
