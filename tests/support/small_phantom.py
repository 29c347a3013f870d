"""The phantom of lesions with fewer images to choose the epoch by, and to test on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from trainables.data.phantoms import balls, lesions


@contextmanager
def small_phantom() -> Iterator[None]:
    """Make a quarter of the usual val and test: measuring them is most of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        for counts in (lesions.N_IMAGES, balls.N_VOLUMES):
            for split in ("val", "test"):
                patch.setitem(counts, split, counts[split] // 4)
        yield
