"""Arithmetic of memory: what is predicted, and how many images fit."""

import pytest

from trainables.runtime.memory import BYTES, FACTOR, GIB, OVERHEAD, Need


def test_a_need_by_hand():
    """A quarter of 2**30 numbers is a GiB."""
    need = Need(fixed=2**28, image=2**26)
    assert need.gib(4) == pytest.approx(OVERHEAD / GIB + FACTOR * 2)
    assert need.excess(need.gib(4) / 2, 4) == pytest.approx(1.0)
    assert need.excess(need.gib(4), 4) == pytest.approx(0.0)


@pytest.mark.parametrize("images", [1, 7, 100])
def test_as_many_images_fit_as_the_prediction_says(images):
    need = Need(fixed=12_345, image=678_901)
    limit = need.gib(images) * (1 + 1e-9)
    assert need.images(limit, ceiling=1000) == images
    assert need.images(need.gib(images + 1) * (1 - 1e-9), ceiling=1000) == images


def test_no_fewer_than_one_image_and_no_more_than_wanted():
    need = Need(fixed=10**9, image=BYTES)
    assert need.images(1.0, ceiling=64) == 1
    assert need.images(100.0, ceiling=64) == 64
