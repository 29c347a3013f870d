from decimal import Decimal
from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainables.data.strata import draw, proportional, share_of, strata_of

counts_lists = st.lists(st.integers(0, 50), min_size=1, max_size=8)


def test_strata_of_classes_are_the_classes():
    labels = np.array([2, 0, 1])
    assert strata_of(labels, 3).tolist() == [2, 0, 1]


def test_strata_of_labels_are_the_rarest():
    labels = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]])  # 3, 2 and 1 positives
    assert strata_of(labels, 3).tolist() == [1, 0, 2, 3]


def test_share_of_rounds_half_up_in_decimals():
    counts = np.array([50, 25, 147, 399, 1, 0, 2])
    # 14.5, 7.25, 42.63, 115.71, 0.29, 0, 0.58; in binary 0.29 * 50 is 14.499999999999998
    assert share_of(counts, Decimal("0.29")).tolist() == [15, 7, 43, 116, 1, 0, 1]


@given(counts=counts_lists, fraction=st.decimals("0.001", "1", places=3))
def test_share_of_against_fractions(counts, fraction):
    exact = [floor(Fraction(str(fraction)) * count + Fraction(1, 2)) for count in counts]
    expected = [max(share, min(count, 1)) for share, count in zip(exact, counts, strict=True)]
    assert share_of(np.array(counts), fraction).tolist() == expected


def test_proportional_by_largest_remainders():
    # 4.6, 3.2, 2.2 of 10: the 0.6 has the largest remainder
    assert proportional(np.array([23, 16, 11]), 10).tolist() == [5, 3, 2]
    # 3.96 and 0.04: the rare stratum is not left out
    assert proportional(np.array([99, 1, 0]), 4).tolist() == [3, 1, 0]
    assert proportional(np.array([], dtype=np.int64), 0).tolist() == []


@given(counts=counts_lists, data=st.data())
def test_proportional(counts, data):
    size = data.draw(st.integers(0, sum(counts)))
    counts = np.array(counts)
    shares = proportional(counts, size)
    assert shares.sum() == size
    assert (shares <= counts).all()
    assert (shares >= 0).all()
    quotas = counts * size / max(counts.sum(), 1)
    present = np.count_nonzero(counts)
    if size >= present:
        assert (shares[counts > 0] >= 1).all()
    if (quotas[counts > 0] >= 1).all():
        assert (np.abs(shares - quotas) < 1).all()


@given(strata=st.lists(st.integers(0, 4), max_size=40), data=st.data(), seed=st.integers(0, 99))
def test_draw(strata, data, seed):
    strata = np.array(strata, dtype=np.int64)
    counts = np.bincount(strata, minlength=5)
    sizes = np.array([data.draw(st.integers(0, count)) for count in counts.tolist()])
    indices = draw(strata, sizes, np.random.default_rng(seed))
    assert (np.diff(indices) > 0).all()
    assert np.bincount(strata[indices], minlength=5).tolist() == sizes.tolist()
    every = draw(strata, counts, np.random.default_rng(seed))
    assert every.tolist() == list(range(len(strata)))
    fewer = draw(strata, sizes // 2, np.random.default_rng(seed))
    assert set(fewer) <= set(indices)


def test_draw_is_uniform():
    strata = np.zeros(4, dtype=np.int64)
    hits = np.zeros(4)
    for seed in range(2000):
        hits[draw(strata, np.array([2]), np.random.default_rng(seed))] += 1
    assert (np.abs(hits / 2000 - 0.5) < 0.05).all()  # more than four standard errors
