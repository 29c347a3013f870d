"""Test without the images that have near copies among those that trained, chose or ranked.

A network is right on such images for having seen them. The official test split is measured whole,
as others report it, and this is the second line beside each of its numbers.
"""

from search.confirmation.statistics import Examinations
from trainables.study.examination import Examination


def without_near(examined: Examinations) -> Examinations | None:
    """Return the examinations without images that have near copies; None where there are none."""
    apart: dict[str, list[Examination]] = {}
    for name, examinations in examined.items():
        parts = [examination.without_near() for examination in examinations]
        apart[name] = [part for part in parts if part is not None]
        if len(apart[name]) < len(parts):
            return None
    return apart
