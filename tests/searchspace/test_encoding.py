"""Digests and canonical forms: equal configs agree, others do not."""

import json

import pytest

from searchspace.domains import Choice, Float, Int
from searchspace.encoding import canonical, digest
from searchspace.errors import UserError
from searchspace.space import Param, Space, When

PARAMS = (
    Param("lr", Float(-1.0, 1 / 3), ""),
    Param("kind", Choice(("a", "b")), ""),
    Param("depth", Int(1, 3), "", when=When("kind", ("a",))),
)
SPACE = Space("toy", PARAMS)


@pytest.mark.parametrize(
    ("written", "expected"),
    [(0, 0.0), (-0.0, 0.0), (-1, -1.0), (0.1 + 0.2, 0.3), (1e-7 / 3, 3.33333333333e-8)],
)
def test_floats_have_one_form(written, expected):
    value = canonical(SPACE, {"lr": written, "kind": "b"})["lr"]
    assert (repr(value), type(value)) == (repr(expected), float)


def test_rounding_stays_within_the_bounds():
    space = Space("edge", (Param("x", Float(1 / 3, 2 / 3), ""),))
    for bound in (1 / 3, 2 / 3):  # the first rounds below itself, the second above
        assert space.contains(canonical(space, {"x": bound}))


def test_canonical_is_active_ordered_and_survives_text():
    config = {"other": None, "depth": 2, "kind": "a", "lr": 0.123456789012345678}
    form = canonical(SPACE, config)
    assert list(form.items()) == [("lr", 0.123456789012), ("kind", "a"), ("depth", 2)]
    assert json.loads(json.dumps(form)) == form


def test_digests_do_not_change_between_versions():
    # SHA-256 of ["toy", {"depth": 2, "kind": "a", "lr": 0.25}]: records are found by it again.
    assert digest(SPACE, {"lr": 0.25, "kind": "a", "depth": 2}) == "cb87f6943813ea34"


@pytest.mark.parametrize("change", [{"lr": 0.25 + 1e-9}, {"kind": "b"}, {"depth": 3}])
def test_other_points_have_other_digests(change):
    config = {"lr": 0.25, "kind": "a", "depth": 2}
    assert digest(SPACE, config | change) != digest(SPACE, config)


def test_the_name_of_the_space_is_part_of_the_digest():
    config = {"lr": 0.25, "kind": "b"}
    assert digest(SPACE, config) != digest(Space("other", PARAMS), config)


@pytest.mark.parametrize(
    "config", [{"kind": "b"}, {"kind": "a", "lr": 0.1}, {"lr": 2, "kind": "b"}]
)
def test_what_is_no_point_has_no_digest(config):
    with pytest.raises(UserError, match=r"is missing|lr is 2"):
        digest(SPACE, config)
