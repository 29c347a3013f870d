"""Radii between two anchors: where they come from, and what is said where one is missing."""

import math
from dataclasses import replace

import numpy as np
import pytest

from trainables.metrics.radii import (
    COUNT,
    LEAST_RATIO,
    OCTAVES,
    Anchor,
    Scale,
    choose_eps,
    radius_at,
    spaced,
)

EPS = (0.0, 1.0, 2.0, 4.0, 8.0)
PIXEL = 1 / 255
GREYS = Scale((0.0, *(2.0**n * PIXEL for n in range(-6, 7))), PIXEL, "(/255)", greatest=1.0)
BOUNDLESS = Scale((0.0, *(2.0**n for n in range(-8, 2))), 1.0, "deviations", greatest=math.inf)
DEFAULT = (0.0, 0.5)


def anchor(name, radius, scale=GREYS):
    """An anchor that keeps all of its skill below a radius in its unit, and none from there."""
    return Anchor(name, (np.array(scale.radii) / scale.unit < radius).astype(float))


def greys(choice):
    return [round(255 * eps, 3) for eps in choice.eps]


def test_five_radii_lie_between_the_anchors_at_equal_steps_of_the_logarithm():
    """Half is lost halfway from 1/2 to 1 grey level, three quarters at that share from 8 to 16."""
    choice = choose_eps(anchor("baseline", 1.0), anchor("adversarial", 16.0), DEFAULT, GREYS)
    assert greys(choice) == [0.0, 0.71, 1.5, 3.1, 6.4, 13.0]
    assert choice.line.startswith("eps chosen on val: 0, 0.71, 1.5, 3.1, 6.4, 13 (/255), at equal")
    assert "the baseline half of its clean skill, at the last the adversarial a quarter" in (
        choice.line
    )
    assert set(choice.details["kept"]) == {"baseline", "adversarial"}
    assert choice.details["tried"] == list(GREYS.radii)


def test_radii_are_rounded_and_named_in_the_unit_of_the_scale():
    pair = (anchor(name, radius, BOUNDLESS) for name, radius in (("weak", 0.0625), ("strong", 1.0)))
    choice = choose_eps(*pair, DEFAULT, BOUNDLESS)
    assert choice.eps == (0.0, 0.044, 0.092, 0.19, 0.4, 0.84)
    assert "0.84 deviations, at equal steps" in choice.line


def test_of_a_curve_that_ends_what_is_left_of_it_counts():
    whole = Anchor("baseline", np.array([1.0, 0.9, 0.6, 0.2, -0.4, -0.9, *[-1.0] * 5]))
    part = Anchor("baseline", whole.survival[:4])
    choices = [choose_eps(each, None, DEFAULT, BOUNDLESS) for each in (whole, part)]
    assert choices[0].eps == choices[1].eps
    assert choices[1].details["kept"] == {"baseline": [1.0, 0.9, 0.6, 0.2]}


def test_anchors_that_lie_close_are_set_two_octaves_apart():
    choice = choose_eps(anchor("baseline", 2.0), anchor("adversarial", 2.0), DEFAULT, GREYS)
    first, last = greys(choice)[1], greys(choice)[-1]
    assert last / first == pytest.approx(LEAST_RATIO, rel=0.05)
    assert "loses three quarters sooner: the last lies 2 octaves above" in choice.line


@pytest.mark.parametrize("robust", [None, Anchor("adversarial", None)])
def test_without_a_robust_anchor_the_last_lies_four_octaves_above_the_first(robust):
    choice = choose_eps(anchor("baseline", 1.0), robust, DEFAULT, GREYS)
    assert greys(choice)[-1] / greys(choice)[1] == pytest.approx(OCTAVES, rel=0.05)
    assert "the last lies 4 octaves above" in choice.line
    assert ("the adversarial is no better than a constant answer" in choice.line) == (
        robust is not None
    )


def test_a_baseline_at_chance_leaves_the_first_radius_to_the_last():
    choice = choose_eps(Anchor("baseline", None), anchor("adversarial", 16.0), DEFAULT, GREYS)
    assert greys(choice)[-1] / greys(choice)[1] == pytest.approx(OCTAVES, rel=0.05)
    assert "the baseline is no better than a constant answer, so the first lies 4 octaves" in (
        choice.line
    )


@pytest.mark.parametrize("robust", [None, Anchor("adversarial", None)])
def test_anchors_at_chance_choose_nothing(robust):
    choice = choose_eps(Anchor("baseline", None), robust, DEFAULT, GREYS)
    assert choice.eps == DEFAULT
    assert choice.line.startswith("eps as by default: on val, no skill of baseline")


def test_anchors_that_withstand_all_reach_what_permits_any_change():
    choice = choose_eps(anchor("baseline", 999), anchor("adversarial", 999), DEFAULT, GREYS)
    assert choice.eps[-1] == pytest.approx(1.0, rel=0.03)
    assert choice.eps[1] == pytest.approx(64 / 255, rel=0.03)
    assert choice.line.endswith(
        "the baseline keeps more than half of its clean skill at all that was tried, the "
        "adversarial more than a quarter at all that was tried"
    )


def test_an_anchor_that_may_be_at_chance_is_named():
    lucky = replace(anchor("baseline", 1.0), is_above=False)
    choice = choose_eps(lucky, anchor("adversarial", 16.0), DEFAULT, GREYS)
    sure = choose_eps(anchor("baseline", 1.0), anchor("adversarial", 16.0), DEFAULT, GREYS)
    assert choice.eps == sure.eps
    assert "The baseline is not told from a constant answer" in choice.line
    assert "not told" not in sure.line


def test_a_last_radius_that_all_radii_cap_is_named_as_it_is():
    choice = choose_eps(anchor("baseline", 999), None, DEFAULT, GREYS)
    assert choice.eps[-1] == pytest.approx(1.0, rel=0.03)
    assert choice.line.endswith("and the last is the greatest there is")


def test_where_no_radius_permits_any_change_the_last_lies_beyond_what_was_tried():
    pair = [anchor(name, 999, BOUNDLESS) for name in ("baseline", "adversarial")]
    choice = choose_eps(*pair, DEFAULT, BOUNDLESS)
    assert len(choice.eps) == 1 + COUNT
    assert (choice.eps[1], choice.eps[-1]) == (2.0, 8.0)


@pytest.mark.parametrize(("share", "radius"), [(0.75, 1), (0.5, 2), (0.25, 4)])
def test_a_radius_is_read_off_where_the_curve_crosses_a_share(share, radius):
    assert radius_at(EPS, [1, 0.75, 0.5, 0.25, 0], share) == pytest.approx(radius)


def test_between_two_radii_the_share_falls_with_the_logarithm():
    assert radius_at(EPS, [1, 1, 0.8, 0.4, 0], 0.6) == pytest.approx(2 * math.sqrt(2))


@pytest.mark.parametrize("share", [0.75, 0.5, 0.25])
def test_a_rise_is_not_believed(share):
    rising = radius_at(EPS, [1, 0.7, 0.4, 0.9, 0.2], share)
    assert rising == radius_at(EPS, [1, 0.7, 0.4, 0.4, 0.2], share)


@pytest.mark.parametrize(("share", "radius"), [(0.0, 1.0), (1.0, 8.0)])
def test_a_share_lost_at_once_or_never_stands_for_the_least_or_the_greatest(share, radius):
    assert radius_at(EPS, [1, *[share] * 4], 0.5) == radius


def test_equal_steps_of_the_logarithm_in_two_digits_of_a_unit():
    eps = spaced(0.3 * PIXEL, 24 * PIXEL, 5, unit=PIXEL)
    assert [radius * 255 for radius in eps] == pytest.approx([0, 0.3, 0.9, 2.7, 8.0, 24])
    assert spaced(1, 1.001, 3) == (0, 1)  # what rounds to the same is one radius


@pytest.mark.parametrize(
    ("eps", "survival"), [((0,), [1]), ((1, 2), [1, 1]), ((0, 2, 2), [1, 1, 1]), ((0, 1), [1])]
)
def test_what_is_no_curve_is_refused(eps, survival):
    with pytest.raises(ValueError, match="radii"):
        radius_at(eps, np.array(survival, dtype=float), 0.5)
