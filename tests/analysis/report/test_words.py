"""How numbers are written in a page."""

import math

import pytest

from analysis.report.words import format_interval, format_size, seconds, share
from analysis.vocabulary import Vocabulary
from search.studies import about

METRIC = "ranking_pgd_bacc_curve"


@pytest.mark.parametrize(
    ("bounds", "signed", "text"),
    [
        ((0.25, 0.5), False, "[0.250, 0.500]"),
        ((-0.25, 0.5), False, "[-0.250, 0.500]"),
        ((-0.25, 0.5), True, "[-0.250, +0.500]"),
        ((math.nan, 0.5), True, ""),
        ((0.5, math.nan), False, ""),
    ],
)
def test_an_interval_has_the_digits_of_its_metric(bounds, signed, text):
    assert format_interval(Vocabulary(about("tsynd")), METRIC, *bounds, signed=signed) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(7, "7"), (1500, "1.5 k"), (2_345_678, "2.35 M"), (3e9, "3 G"), (math.nan, "")],
)
def test_sizes_are_short(number, text):
    assert format_size(number) == text


def test_a_share_is_a_percentage():
    assert share(0.256) == "26 %"
    assert share(math.nan) == ""


@pytest.mark.parametrize(
    ("value", "unit"), [(1.25, "s"), (59.9, "s"), (60, "min"), (3599, "min"), (3600, "h")]
)
def test_a_duration_has_a_unit(value, unit):
    assert seconds(value).endswith(f" {unit}")
