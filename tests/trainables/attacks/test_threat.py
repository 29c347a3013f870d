import doctest
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from searchspace.errors import UserError
from trainables.attacks import threat
from trainables.attacks.threat import ThreatModel, mr_deviations, parse_eps, pixels


@pytest.mark.parametrize("eps", [-1e-9, -1.0, math.nan, math.inf])
def test_a_senseless_radius_does_not_construct(eps):
    with pytest.raises(ValueError, match="eps is"):
        pixels(eps)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (0.5, 0.5), (math.nan, 1.0)])
def test_bounds_that_enclose_nothing_do_not_construct(low, high):
    with pytest.raises(ValueError, match="low < high"):
        ThreatModel(norm="linf", eps=0.1, low=low, high=high, unit="pixel range")


def test_another_norm_does_not_construct():
    with pytest.raises(ValueError, match="l2"):
        ThreatModel(norm="l2", eps=0.1, low=0.0, high=1.0, unit="pixel range")


def test_projection_by_hand():
    clean = torch.tensor([0.0, 0.5, 0.95, 0.5, 0.5])
    images = torch.tensor([-1.0, 0.9, 2.0, 0.55, 0.1])
    expected = torch.tensor([0.0, 0.6, 1.0, 0.55, 0.4])
    torch.testing.assert_close(pixels(0.1).project(images, clean), expected)


def test_projection_without_bounds_keeps_to_the_ball_only():
    threat = mr_deviations(0.2)
    assert threat.unit == "MR standard deviations"
    clean = torch.tensor([-3.0, 0.0, 3.0])
    expected = torch.tensor([-3.2, 0.1, 3.2])
    images = torch.tensor([-9.0, 0.1, 9.0])
    torch.testing.assert_close(threat.project(images, clean), expected)
    assert threat.admits(clean)
    assert not pixels(0.2).admits(clean)
    assert not threat.admits(torch.tensor([math.nan]))


def test_one_bound_alone_holds():
    threat = ThreatModel(norm="linf", eps=1.0, low=0.0, high=None, unit="intensity")
    images = torch.tensor([-0.5, 2.0])
    clean = torch.tensor([0.2, 1.5])
    assert threat.project(images, clean).tolist() == [0.0, 2.0]


@given(
    eps=st.floats(0, 2),
    clean=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    images=st.lists(st.floats(-5, 5), min_size=3, max_size=3),
)
def test_a_projection_is_legal_and_a_legal_image_stays(eps, clean, images):
    threat, x = pixels(eps), torch.tensor(clean, dtype=torch.float64)
    projection = threat.project(torch.tensor(images, dtype=torch.float64), x)
    assert (projection - x).abs().max() <= eps + 1e-12
    assert threat.admits(projection)
    assert torch.equal(threat.project(projection, x), projection)


def test_a_grid_is_sorted_once_each_and_begins_at_zero():
    assert parse_eps("8/255, 1/255,0.5 ,2/255,1/255") == (0.0, 1 / 255, 2 / 255, 8 / 255, 0.5)
    assert parse_eps("0.47/255") == (0.0, pytest.approx(0.47 / 255))
    assert parse_eps("0,1/255,2/255,4/255,8/255") == (0.0, *(n / 255 for n in (1, 2, 4, 8)))
    assert parse_eps("1e-2,1") == (0.0, 0.01, 1.0)


@pytest.mark.parametrize(
    ("text", "offender"),
    [
        ("0,-1/255", "'?-1/255'?"),
        ("8", "8"),
        ("0,1.0001", "1.0001"),
        ("0,many", "'many'"),
        ("", "''"),
        ("0,,1/255", "''"),
        ("1/0", "'1/0'"),
        ("nan", "'nan'"),
        ("inf", "'inf'"),
    ],
)
def test_a_grid_nobody_can_mean_is_refused_in_one_line(text, offender):
    with pytest.raises(UserError, match=f"^epsilon {offender} ") as refusal:
        parse_eps(text)
    assert "\n" not in str(refusal.value)


def test_deviations_have_no_greatest_radius():
    assert parse_eps("0.2, 0.05,1/10", mr_deviations) == (0.0, 0.05, 0.1, 0.2)
    assert parse_eps("8", mr_deviations) == (0.0, 8.0)
    with pytest.raises(UserError, match="epsilon 0 attacks nothing: give a radius above 0"):
        parse_eps("0", mr_deviations)


@pytest.mark.parametrize(
    ("text", "offender"),
    [("-0.1", "-0.1"), ("0,nan", "'nan'"), ("inf", "'inf'"), ("1e400", "'1e400'"), ("", "''")],
)
def test_a_grid_of_deviations_nobody_can_mean_names_the_unit(text, offender):
    with pytest.raises(UserError, match=f"^epsilon {offender} .*MR standard deviations") as refusal:
        parse_eps(text, mr_deviations)
    assert "\n" not in str(refusal.value)
    assert "255, not 8" not in str(refusal.value)


def test_a_grid_is_limited_by_the_bounds_of_its_own_threat_model():
    def bytes_of(eps):
        return ThreatModel(norm="linf", eps=eps, low=0.0, high=255.0, unit="grey levels")

    assert parse_eps("8,255", bytes_of) == (0.0, 8.0, 255.0)
    with pytest.raises(UserError, match="epsilon 256 is not from 0 to 255"):
        parse_eps("256", bytes_of)


def test_the_example_holds():
    assert doctest.testmod(threat) == (0, 1)
