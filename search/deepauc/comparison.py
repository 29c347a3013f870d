"""The document's tables over datasets, fractions and seeds [medmnistauc]."""

from collections.abc import Mapping
from typing import Any

from search.comparison.comparison import Comparison, dataset_names
from search.comparison.request import Request
from search.deepauc.methods import methods
from search.deepauc.published import DATASETS
from search.deepauc.tables import choose, markdown

COMMON: Mapping[str, Any] = {
    "eps": "0,1/255,2/255,4/255",  # the same for all cells
    "ranking_images": 16,  # no trial is ranked
}
PHANTOMS = ("phantom", "phantom3d")


def make_comparison(request: Request) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        request: Datasets, fractions, seeds, and where.

    Raises:
        UserError: If a dataset is none of the document's, or a fraction is none.
    """
    return request.comparison(
        "deepauc",
        dataset_names(request.datasets, DATASETS.__contains__, PHANTOMS),
        methods,
        markdown,
        stem="tables",
        common=COMMON,
        choose=choose,
    )
