"""Searches of these tests choose epochs by few images."""

import pytest
from small_phantom import small_phantom


@pytest.fixture(scope="module", autouse=True)
def few_images():
    with small_phantom():
        yield
