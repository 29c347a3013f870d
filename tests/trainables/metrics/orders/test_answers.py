"""The numbers of single images behind a score: their mean is the score, at every radius."""

import math

import numpy as np
import pytest
from scipy import special, stats

from trainables.metrics.classification import ORDERS, constant_scores, mean_recall, scores
from trainables.metrics.orders.answers import image_scores, order_interval, order_intervals
from trainables.metrics.orders.rank_scores import (
    balance,
    jackknife_values,
    placements,
    pseudo_values,
    roc_auc,
)


def case(task, n_columns, seed=0, n=40):
    rng = np.random.default_rng(seed)
    probabilities = rng.random((3, n, n_columns))
    if task == "multi-label":
        return probabilities, rng.integers(0, 2, (n, n_columns))
    return probabilities / probabilities.sum(axis=2, keepdims=True), rng.integers(0, n_columns, n)


@pytest.mark.parametrize(
    ("score", "task", "n_columns"),
    [
        ("bacc", "binary", 2),
        ("bacc", "multi-class", 4),
        ("auc", "binary", 2),
        ("auc", "multi-class", 4),
        ("auc", "ordinal", 3),
        ("auc", "multi-label", 5),
        ("ap", "binary", 2),
        ("ap", "multi-label", 3),
        ("pauc", "multi-class", 3),
    ],
)
def test_their_mean_is_the_score(score, task, n_columns):
    probabilities, labels = case(task, n_columns)
    numbers = image_scores(score, task, probabilities, labels)
    expected = [scores(task, row, labels, (score,))[score] for row in probabilities]
    assert mean_recall(numbers.scores, numbers.classes) == pytest.approx(expected)
    assert numbers.zero == constant_scores(task, labels)[score]


def test_a_label_that_all_images_have_is_left_out():
    probabilities, labels = case("multi-label", 3)
    labels[:, 1] = 1
    numbers = image_scores("auc", "multi-label", probabilities, labels)
    rest = image_scores("auc", "multi-label", probabilities[:, :, [0, 2]], labels[:, [0, 2]])
    np.testing.assert_allclose(numbers.scores, rest.scores)


def test_a_part_of_the_images_may_keep_the_classes_of_all():
    """Which label is the rarest may be another one in a part: then its means would be another's."""
    answers, labels = case("multi-label", 4)
    whole = image_scores("auc", "multi-label", answers, labels)
    part = (labels[:, 1] == 0) | (np.arange(40) % 4 == 0)  # few are left with this label
    classes = whole.classes[part]
    rest = image_scores("auc", "multi-label", answers[:, part], labels[part], classes)
    alone = image_scores("auc", "multi-label", answers[:, part], labels[part])
    assert (classes != alone.classes).any()
    expected = [scores("multi-label", row[part], labels[part], ("auc",))["auc"] for row in answers]
    assert mean_recall(rest.scores, classes) == pytest.approx(expected)


def test_without_any_label_to_rank_nothing_is_a_number():
    probabilities, labels = case("multi-label", 2)
    numbers = image_scores("auc", "multi-label", probabilities, np.ones_like(labels))
    assert np.isnan(numbers.scores).all()


@pytest.mark.parametrize(("score", "task"), [("bacc", "multi-label"), ("acc", "binary")])
def test_other_scores_have_no_such_numbers(score, task):
    assert image_scores(score, task, *case(task, 2)) is None


@pytest.mark.parametrize(("task", "n_columns"), [("binary", 2), ("multi-class", 3)])
@pytest.mark.parametrize("score", ["auc", "ap", "pauc"])
def test_every_radius_has_an_interval_around_its_score(score, task, n_columns):
    answers, labels = case(task, n_columns)
    bounds = order_intervals(score, task, answers, labels)
    values = [scores(task, row, labels, (score,))[score] for row in answers]
    assert all(low < value < high for (low, high), value in zip(bounds, values, strict=True))


def test_a_perfect_curve_of_two_classes_is_not_certain():
    labels = np.arange(30) % 2
    answers = np.stack([[1 - labels, labels]]).transpose(0, 2, 1)
    ((low, high),) = order_intervals("auc", "binary", answers, labels)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 15)), 1.0)


def interval_of(values, positive):
    return order_interval(balance(values, positive), positive)


@pytest.mark.parametrize("name", ["ap", "pauc"])
def test_intervals_of_an_order_cover_its_truth(name):
    score, rng, hits = ORDERS[name], np.random.default_rng(1), 0
    positive = np.arange(100) < 35
    population = np.arange(100_000) < 35_000
    truth = score(rng.normal(size=100_000) + population, population)
    for _ in range(300):
        scores = rng.normal(size=100) + positive
        low, high = interval_of(jackknife_values(scores, positive, score), positive)
        hits += low <= truth <= high
    assert hits / 300 >= 0.9


def test_the_interval_of_an_auc_is_delongs():
    """On the scale of log-odds; Student's t has Satterthwaite's degrees of freedom."""
    scores, positive = np.random.default_rng(0).normal(size=40), np.arange(40) < 6
    sides = [placements(scores, positive)[side] for side in (positive, ~positive)]
    parts = [side.var(ddof=1) / len(side) for side in sides]
    variance = sum(parts)
    df = variance**2 / sum(part**2 / (len(s) - 1) for part, s in zip(parts, sides, strict=True))
    half, value = stats.t.isf(0.025, df) * math.sqrt(variance), roc_auc(scores, positive)
    low, high = interval_of(pseudo_values(scores, positive), positive)
    centre, reach = special.logit(value), half / (value * (1 - value))
    assert special.logit([low, high]) == pytest.approx([centre - reach, centre + reach])


@pytest.mark.parametrize("counts", [(10, 90), (42, 114)], ids=str)
def test_intervals_of_a_high_auc_cover_it(counts):
    """Three deviations apart, .983: on the scale of the AUC itself .80 and .85."""
    positive, rng, hits = np.arange(sum(counts)) < counts[0], np.random.default_rng(4), 0
    for _ in range(300):
        scores = rng.normal(size=len(positive)) + 3 * positive
        low, high = interval_of(pseudo_values(scores, positive), positive)
        hits += low <= stats.norm.cdf(3 / np.sqrt(2)) <= high
    assert hits / 300 >= 0.92


@pytest.mark.parametrize("name", ORDERS)
def test_a_perfect_order_is_not_certain(name):
    positive = np.arange(136) < 37
    values = jackknife_values(positive.astype(float), positive, ORDERS[name])
    assert interval_of(values, positive) == pytest.approx((0.025 ** (1 / 37), 1.0))


@pytest.mark.parametrize("name", ORDERS)
def test_neither_is_the_worst_order(name):
    """At its least a score has the width of a share of 0; its interval holds it."""
    positive = np.arange(136) < 37
    score = ORDERS[name]
    values = jackknife_values(-positive.astype(float), positive, score)
    low, high = interval_of(values, positive)
    worst = score(-positive.astype(float), positive)
    assert low <= worst + 1e-9
    assert high >= worst + 0.9 * (1 - 0.025 ** (1 / 37))


def test_a_single_image_of_a_class_has_no_interval():
    positive = np.arange(5) < 1
    values = pseudo_values(np.arange(5.0), positive)
    assert np.isnan(interval_of(values, positive)).all()


RARE = {
    # Pooled over all images, as intervals of a plain mean are, they held the truth in .88.
    "multi-class": np.repeat(np.arange(7), (8, 14, 28, 3, 28, 170, 4)),
    # Ten labels, of which five occur 3 to 5 times; in .86.
    "multi-label": np.arange(200)[:, None] % [3, 4, 5, 7, 9, 40, 50, 67, 40, 50]
    == [0, 1, 2, 3, 4, 5, 7, 11, 16, 19],
}


@pytest.mark.parametrize("task", RARE)
def test_intervals_of_macro_auc_cover_it_where_a_class_is_rare(task):
    """A class of few images moves a macro AUC like any other, and is known far less well."""
    labels, rng, hits = RARE[task].astype(np.int64), np.random.default_rng(3), 0
    truth = macro_truth(task, labels, rng)
    for _ in range(300):
        ((low, high),) = order_intervals("auc", task, draw_answers(labels, rng)[None], labels)
        hits += low <= truth <= high
    assert hits / 300 >= 0.92


def draw_answers(labels, rng):
    """Normal scores, those of the right class or labels greater by one deviation."""
    right = labels if labels.ndim == 2 else np.eye(labels.max() + 1)[labels]
    return rng.normal(size=right.shape) + right


def macro_truth(task, labels, rng):
    many = labels.repeat(400, axis=0)
    return scores(task, draw_answers(many, rng), many, ("auc",))["auc"]
