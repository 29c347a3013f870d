"""Counting, against counting by hand and against RobMedNAS's own numbers."""

from itertools import product

import pytest

from searchspace.count import count
from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When
from searchspace.studies.robmednas import SPACE, space
from searchspace.studies.tsynd import SPACE as TSYND


def test_a_block_has_450_configurations():
    space_of_two = space(256, 2)
    first = Space("one", space_of_two.params[1:7])  # enc1 and dec1, which there are at every depth
    assert count(first) == 450 * 450
    assert count(space_of_two) == 450**2 + 450**4


def test_the_papers_space_has_three_point_four_e26_architectures():
    assert count(SPACE) == sum(450 ** (2 * depth) for depth in range(1, 6))
    assert f"{count(SPACE):.1e}" == "3.4e+26"


def test_a_narrower_space():
    block = 15 * 3 * 5
    assert count(space(32, 2)) == block**2 + block**4


def test_conditions_on_conditional_parameters():
    nested = Space(
        "nested",
        (
            Param("a", Choice(("x", "y", "z")), ""),
            Param("b", Int(1, 3), "", when=When("a", ("x", "y"))),
            Param("c", Int(1, 5), "", when=When("b", (2, 3))),
            Param("d", Int(1, 2), "", when=When("a", ("z",))),
            Param("e", Choice((True, False)), ""),
        ),
    )
    points = set()
    options = (("x", "y", "z"), (1, 2, 3), range(1, 6), (1, 2), (True, False))
    for values in product(*options):
        point = nested.restrict(dict(zip("abcde", values, strict=True)))
        points.add(tuple(sorted(point.items())))
    assert count(nested) == len(points)


def test_real_numbers_cannot_be_counted():
    with pytest.raises(ValueError, match="real number"):
        count(TSYND)
    with pytest.raises(ValueError, match="x is a real number"):
        count(Space("s", (Param("x", Float(0, 1), ""),)))
