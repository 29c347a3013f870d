"""The comparison that ``gansplit-table`` makes: the split over datasets, fractions and seeds."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from search.comparison.comparison import Comparison, Grid, dataset_names, fixed, fractions
from search.gansplit.methods import methods, parse_points
from search.gansplit.tables import markdown
from trainables.data.datasets import outline

COMMON: Mapping[str, Any] = {
    "eps": "0,0.5/255,1/255,2/255,4/255",  # the same for all cells
    "ranking_images": 16,  # no trial is ranked
    "allow_flawed": True,  # nothing wins here: a flaw is said, and bars nothing
}
PHANTOM = "phantom"


def make_comparison(
    grid: tuple[str, str, int],
    out: Path,
    settings: Mapping[str, Any],
    machine: Mapping[str, Any],
    *,
    points: str,
    images: int | None = None,
) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        grid: Datasets and fractions, with commas, and the number of seeds.
        out: Folder for all that is written.
        settings: Of the study; None for its default.
        machine: Fields of the plan of each cell; None for its default.
        points: Of the split, with commas.
        images: The greatest number of test images; None for all.

    Raises:
        UserError: If a dataset is unknown or no set of images of one class each, a fraction is
            none, or a point is no share.
    """
    datasets, shares, seeds = grid
    return Comparison(
        study="gansplit",
        grid=Grid(dataset_names(datasets, _has_classes, (PHANTOM,)), fractions(shares), seeds),
        methods=partial(methods, points=parse_points(points)),
        layout=markdown,
        stem="gansplit",
        out=out,
        settings={**COMMON, **fixed(settings)},
        machine=fixed(machine),
        images=images,
    )


def _has_classes(name: str) -> bool:
    about = outline(name)
    return about is not None and not about.volumes and about.task != "multi-label"
