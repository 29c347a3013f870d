"""TSynD's tables 1 and 2 over datasets, fractions and seeds [tsynd]."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from search.comparison.comparison import Comparison, dataset_names
from search.comparison.request import Request
from search.tsynd.methods import methods, read_tuned
from search.tsynd.tables import markdown

COMMON: Mapping[str, Any] = {
    # The same for all cells. Few trainings keep anything at the paper preset's 1/255 and above.
    "eps": "0,0.25/255,0.5/255,1/255,2/255,4/255,8/255",
    "ranking_images": 16,  # no trial is ranked; the autoencoder gets the others
}
PHANTOM = "phantom"


def make_comparison(request: Request, *, tuned: Path | None = None) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        request: Datasets, fractions, seeds, and where.
        tuned: A finished TSynD run, whose best configs are methods as well; None for none.

    Raises:
        UserError: If a dataset is unknown, a fraction is none, or the run has no winner.
    """
    configs, origin = ((), None) if tuned is None else read_tuned(tuned)
    return request.comparison(
        "tsynd",
        dataset_names(request.datasets, _has_images, (PHANTOM,)),
        partial(methods, tuned=configs),
        markdown,
        stem="table1",
        common=COMMON,
        origin=origin,
    )


def _has_images(name: str) -> bool:
    return not name.endswith("3d")
