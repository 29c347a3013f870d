"""Numbers of images, class by class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.studies.gansplit.counts import exchange, leaving, levelling, proportional
from trainables.studies.gansplit.settings import GANSplitConfig

COUNTS = st.lists(st.integers(1, 300), min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, [50, 5]), (0.29, [29, 2]), (0.99, [99, 9]), (1.0, [100, 10])]
)
def test_a_share_leaves_an_image_of_each_class_unless_it_is_all(share, expected):
    assert leaving([100, 10], share) == expected


@given(COUNTS, st.floats(0.01, 0.999))
def test_what_is_replaced_is_never_a_whole_class(counts, share):
    assert all(
        0 <= gone < count for gone, count in zip(leaving(counts, share), counts, strict=True)
    )


@given(COUNTS, st.integers(0, 900))
def test_parts_add_up_and_follow_the_classes(counts, total):
    parts = proportional(counts, total)
    assert sum(parts) == total
    for part, count in zip(parts, counts, strict=True):
        assert abs(part - total * count / sum(counts)) < 1


@given(COUNTS, st.integers(0, 900))
def test_levelling_fills_the_rarest_first(counts, total):
    parts = levelling(counts, total)
    assert sum(parts) == total
    sums = [count + part for count, part in zip(counts, parts, strict=True)]
    filled = [value for value, part in zip(sums, parts, strict=True) if part]
    if filled:  # no class that got images is above another by more than one
        assert max(filled) <= min(sums) + 1


def test_what_leaves_and_what_comes():
    none = [0, 0]
    assert exchange([74, 200], GANSplitConfig()) == (none, none)
    half = GANSplitConfig(source="hinge", mix="replace", share=0.5)
    assert exchange([74, 200], half) == ([37, 100], [37, 100])
    added = GANSplitConfig(source="hinge", ratio=0.5)
    assert exchange([74, 200], added) == (none, [37, 100])
    even = GANSplitConfig(source="hinge", ratio=0.5, balance="even")
    assert exchange([74, 200], even) == (none, [132, 5])
