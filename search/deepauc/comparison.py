"""The document's tables over datasets, fractions and seeds [medmnistauc]."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.comparison.comparison import Comparison, Grid, dataset_names, fixed, fractions
from search.deepauc.methods import methods
from search.deepauc.published import DATASETS
from search.deepauc.tables import markdown

COMMON: Mapping[str, Any] = {
    "eps": "0,1/255,2/255,4/255",  # the same for all cells
    "ranking_images": 16,  # no trial is ranked
}
PHANTOMS = ("phantom", "phantom3d")


def make_comparison(
    grid: tuple[str, str, int],
    out: Path,
    settings: Mapping[str, Any],
    machine: Mapping[str, Any],
    *,
    images: int | None = None,
) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        grid: Datasets and fractions, with commas, and the number of seeds.
        out: Folder for all that is written.
        settings: Of the study; None for its default.
        machine: Fields of the plan of each cell; None for its default.
        images: The greatest number of test images; None for all.

    Raises:
        UserError: If a dataset is none of the document's, or a fraction is none.
    """
    datasets, shares, seeds = grid
    names = dataset_names(datasets, DATASETS.__contains__, PHANTOMS)
    return Comparison(
        study="deepauc",
        grid=Grid(names, fractions(shares), seeds),
        methods=methods,
        layout=markdown,
        stem="tables",
        out=out,
        settings={**COMMON, **fixed(settings)},
        machine=fixed(machine),
        images=images,
    )
