"""The decomposition over datasets and seeds, on test: standard, TRADES, nonrobust, and controls."""

from collections.abc import Sequence
from functools import partial

from search.comparison.comparison import Comparison, dataset_names
from search.comparison.request import Request
from search.nonrobust.layout import layout
from searchspace.errors import UserError
from trainables.data.datasets import outline
from trainables.studies.nonrobust.settings import TRUE, NonrobustSettings
from trainables.studies.nonrobust.study import Nonrobust
from trainables.study.study import BASELINE, Reference

nonrobust = Nonrobust()

PAPER = "paper"
FIVE = ("pathmnist", "pneumoniamnist", "breastmnist", "organamnist", "organcmnist")
"""Histopathology, radiography, ultrasound and CT; of the paper's five sets we know PathMNIST."""
PHANTOMS = ("phantom", "phantom3d")
ON_TRUE = (BASELINE, "trades")  # rows that train on true images


def make_comparison(request: Request, *, radius: float = 4.0) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        request: Datasets, fractions, seeds, and where.
        radius: Of the attack, in 255ths.

    Raises:
        UserError: If a dataset is unknown or has several labels an image, or a fraction is none.
    """
    text = request.datasets
    return request.comparison(
        "nonrobust",
        FIVE if text.strip() == PAPER else dataset_names(text, has_one_label, PHANTOMS),
        methods,
        partial(layout, out=request.out, radius=radius),
        stem="nonrobust",
        common={"eps": f"0,{radius:g}/255"},
    )


def methods(settings: NonrobustSettings) -> Sequence[Reference]:
    """List the rows of the table: standard training, TRADES, and all that trains on made sets."""
    return [
        reference
        for reference in nonrobust.references(settings)
        if reference.label in ON_TRUE or reference.config["images"] != TRUE
    ]


def has_one_label(name: str) -> bool:
    """Return whether images of a dataset have one label each."""
    about = outline(name)
    if about is None:
        raise UserError(f"unknown dataset '{name}'")
    return about.task != "multi-label"
