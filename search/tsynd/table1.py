"""TSynD's tables 1 and 2 over datasets, fractions and seeds [tsynd]."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from search.comparison.comparison import Comparison, Grid, dataset_names, fixed, fractions
from search.tsynd.methods import methods, read_tuned
from search.tsynd.tables import markdown

COMMON: Mapping[str, Any] = {
    "eps": "0,1/255,2/255,4/255,8/255",  # as in --preset paper: the same for all cells
    "ranking_images": 16,  # no trial is ranked; the autoencoder gets the others
}
PHANTOM = "phantom"


def make_comparison(
    grid: tuple[str, str, int],
    out: Path,
    settings: Mapping[str, Any],
    machine: Mapping[str, Any],
    *,
    tuned: Path | None = None,
    images: int | None = None,
) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        grid: Datasets and fractions, with commas, and the number of seeds.
        out: Folder for all that is written.
        settings: Of the study; None for its default.
        machine: Fields of the plan of each cell; None for its default.
        tuned: A finished TSynD run, whose best configs are methods as well; None for none.
        images: The greatest number of test images; None for all.

    Raises:
        UserError: If a dataset is unknown, a fraction is none, or the run has no winner.
    """
    datasets, shares, seeds = grid
    names = dataset_names(datasets, _has_images, (PHANTOM,))
    best = () if tuned is None else read_tuned(tuned)
    return Comparison(
        study="tsynd",
        grid=Grid(names, fractions(shares), seeds),
        methods=partial(methods, tuned=best),
        layout=markdown,
        stem="table1",
        out=out,
        settings={**COMMON, **fixed(settings)},
        machine=fixed(machine),
        images=images,
    )


def _has_images(name: str) -> bool:
    return not name.endswith("3d")
