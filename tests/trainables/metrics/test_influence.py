"""How much of a value hangs on each image."""

import numpy as np
import pytest

from trainables.metrics.influence import Sample, Unclipped, extremes_of, influences, value_of
from trainables.metrics.skill import Area, Skill

EPS = (0.0, 1.0, 3.0)
AREA, SKILL = Area(EPS), Skill(EPS, 0.5)


@pytest.fixture
def answers():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 1, 2], [12, 20, 1, 9])
    return generator.random((3, 42)) < np.array([[0.9], [0.7], [0.6]]), labels


def test_of_an_area_it_is_the_distance_from_the_mean_of_the_class(answers):
    right, labels = answers
    areas = np.array([1 / 6, 1 / 2, 1 / 3]) @ right
    expected = [
        (area - areas[labels == label].mean()) / 3
        for area, label in zip(areas, labels, strict=True)
    ]
    assert influences(right, labels, AREA) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("summary", [AREA, SKILL])
def test_it_is_what_the_value_changes_without_the_image(answers, summary):
    right, labels = answers
    without = []
    for image in range(len(labels)):
        rest = np.arange(len(labels)) != image
        without.append(value_of(right[:, rest], labels[rest], summary))
    moved = influences(right, labels, summary)
    for label in np.unique(labels):
        rows = labels == label
        changes = np.array(without)[rows]
        assert moved[rows] == pytest.approx((rows.sum() - 1) * (changes.mean() - changes))


def test_the_variance_is_that_of_the_bootstrap(answers):
    right, labels = answers
    generator, values = np.random.default_rng(1), []
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    for _ in range(3000):
        drawn = np.concatenate([generator.choice(group, len(group)) for group in groups])
        values.append(value_of(right[:, drawn], labels[drawn], SKILL))
    moved = influences(right, labels, SKILL)
    variance = sum(moved[group].var() / len(group) for group in groups)
    assert np.sqrt(variance) == pytest.approx(np.std(values), rel=0.1)


def test_an_image_that_is_alone_in_its_class_is_said_to_move_nothing():
    right = np.array([[True, False, True]])
    assert influences(right, np.array([0, 0, 1]), Area((0.0,)))[2] == 0


def test_what_is_not_of_the_same_images_is_refused():
    with pytest.raises(ValueError, match="not of the same images"):
        Sample(np.zeros(3), np.zeros(4, dtype=np.int64), np.zeros((0, 1)))
    with pytest.raises(ValueError, match="not of its classes"):
        Sample(np.zeros(4), np.arange(4), np.zeros((2, 3)))


@pytest.mark.parametrize("summary", [AREA, SKILL])
def test_extremes_are_what_the_value_changes_with_one_more_image(answers, summary):
    right, labels = answers
    extremes, value = extremes_of(right, labels, summary), value_of(right, labels, summary)
    for column, label in enumerate(np.unique(labels)):
        for row in (0, 1):
            more = np.c_[right, np.full(len(EPS), row)]
            change = value_of(more, np.append(labels, label), summary) - value
            assert extremes[row, column] == pytest.approx(((labels == label).sum() + 1) * change)


def test_errors_have_no_extremes(answers):
    right, labels = answers
    assert extremes_of(30.0 * right + 5, labels, AREA).shape == (0, 3)
    mixed = Sample.of([1.0 * right, 30.0 * right], labels, AREA)
    assert mixed.extremes.shape == (0, 3)
    assert mixed.moved == pytest.approx(15.5 * influences(right, labels, AREA))


def test_the_mean_of_samples_is_the_sample_of_the_mean(answers):
    right, labels = answers
    trainings = [right, ~right, right[::-1]]
    samples = [Sample.of([training], labels, AREA) for training in trainings]
    mean, expected = Sample.mean(samples), Sample.of(trainings, labels, AREA)
    assert mean.moved == pytest.approx(expected.moved)
    assert mean.extremes == pytest.approx(expected.extremes)


def test_a_multiple_has_the_square_of_its_variance(answers):
    sample = Sample.of([answers[0]], answers[1], AREA)
    assert sample.scaled(-3).component.variance == pytest.approx(9 * sample.component.variance)


def test_two_models_that_never_differ_may_differ_on_other_images(answers):
    """Each may be never or always right on an image that is lacking: four pairs."""
    sample = Sample.of([answers[0]], answers[1], AREA)
    gap = sample - sample
    assert not gap.moved.any()
    assert gap.extremes.shape == (4, 3)
    assert gap.extremes[:, 0] == pytest.approx(np.array([0, -1 / 3, 1 / 3, 0]))
    assert 0 < gap.component.variance < sample.component.variance


def unclipped_recipe(*rates, seeds=3):
    """Trainings that answer two classes of 40 alike often at each radius."""
    generator, labels = np.random.default_rng(1), np.repeat([0, 1], 40)
    levels = np.array([1.0, *rates])[:, None]
    answers = np.stack([generator.random((len(levels), 80)) < levels for _ in range(seeds)])
    return answers, labels, Skill((0.0, 1.0, 3.0), 0.5)


def test_well_above_chance_nothing_is_clipped():
    answers, labels, skill = unclipped_recipe(0.9, 0.8)
    rest = Unclipped.of(answers, labels, skill)
    assert rest.values == pytest.approx([value_of(single, labels, skill) for single in answers])
    clipped = [influences(single, labels, skill) for single in answers]
    assert rest.images.moved == pytest.approx(np.mean(clipped, axis=0))
    extremes = [extremes_of(single, labels, skill) for single in answers]
    assert rest.images.extremes == pytest.approx(np.mean(extremes, axis=0))


def test_just_below_chance_images_move_a_skill_that_is_clipped():
    answers, labels, skill = unclipped_recipe(0.9, 0.49, seeds=1)
    answers[0, 2] = np.tile([True, False], 40)
    answers[0, 2, :2] = False  # 39 of 80: a share of -1 / 40
    rest = Unclipped.of(answers, labels, skill)
    clipped = value_of(answers[0], labels, skill)
    assert rest.values == pytest.approx([clipped - 1 / 80])
    moved, extremes = (make(answers[0], labels, skill) for make in (influences, extremes_of))
    assert rest.images.component.variance > Sample(moved, labels, extremes).component.variance
    assert Sample.of(answers, labels, skill).moved == pytest.approx(rest.images.moved)


def test_far_below_chance_the_true_skill_is_zero_too():
    answers, labels, skill = unclipped_recipe(0.9, 0.1)
    rest = Unclipped.of(answers, labels, skill)
    assert rest.values == pytest.approx([value_of(single, labels, skill) for single in answers])
    clipped = [influences(single, labels, skill) for single in answers]
    assert rest.images.moved == pytest.approx(np.mean(clipped, axis=0))


def test_the_radius_nearest_to_chance_always_counts():
    answers, labels, skill = unclipped_recipe(0.2, 0.1)
    rest = Unclipped.of(answers, labels, skill)
    assert (rest.values < -0.2).all()
    assert rest.images.component.variance > 0


def test_errors_have_no_image_that_is_always_right():
    errors = np.random.default_rng(0).normal(100, 20, size=(2, 2, 6))
    rest = Unclipped.of(errors, np.zeros(6, dtype=int), Skill((0.0, 1.0), 150.0, 0.0))
    assert rest.images.extremes.shape == (0, 1)
    expected = (errors[:, 1].mean(axis=0) - errors[:, 1].mean()) / -150
    assert rest.images.moved == pytest.approx(expected)
