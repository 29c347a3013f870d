"""The comparison that ``gansplit-table`` makes: the split over datasets, fractions and seeds."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from search.comparison.comparison import Comparison, dataset_names
from search.comparison.request import Request
from search.gansplit.methods import methods, parse_points
from search.gansplit.tables import markdown
from trainables.data.datasets import outline

COMMON: Mapping[str, Any] = {
    "eps": "0,0.5/255,1/255,2/255,4/255",  # the same for all cells
    "ranking_images": 16,  # no trial is ranked
    "allow_flawed": True,  # nothing wins here: a flaw is said, and bars nothing
}
PHANTOM = "phantom"


def make_comparison(request: Request, *, points: str) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        request: Datasets, fractions, seeds, and where.
        points: Of the split, with commas.

    Raises:
        UserError: If a dataset is unknown or no set of images of one class each, a fraction is
            none, or a point is no share.
    """
    return request.comparison(
        "gansplit",
        dataset_names(request.datasets, _has_classes, (PHANTOM,)),
        partial(methods, points=parse_points(points)),
        markdown,
        stem="gansplit",
        common=COMMON,
    )


def _has_classes(name: str) -> bool:
    about = outline(name)
    return about is not None and not about.volumes and about.task != "multi-label"
