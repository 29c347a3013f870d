"""The decomposition over datasets and seeds, on test: standard, TRADES, nonrobust, and controls."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from search.comparison.comparison import Comparison, Grid, dataset_names, fixed, fractions
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


def make_comparison(
    grid: tuple[str, str, int],
    out: Path,
    settings: Mapping[str, Any],
    machine: Mapping[str, Any],
    *,
    radius: float = 4.0,
    images: int | None = None,
) -> Comparison:
    """Make the comparison that a command line describes.

    Args:
        grid: Datasets and fractions, with commas, and the number of seeds.
        out: Folder for all that is written.
        settings: Of the study; None for its default.
        machine: Fields of the plan of each cell; None for its default.
        radius: Of the attack, in 255ths.
        images: The greatest number of test images; None for all.

    Raises:
        UserError: If a dataset is unknown or has several labels an image, or a fraction is none.
    """
    text, shares, seeds = grid
    names = FIVE if text.strip() == PAPER else dataset_names(text, has_one_label, PHANTOMS)
    eps = f"0,{radius:g}/255"
    return Comparison(
        study="nonrobust",
        grid=Grid(names, fractions(shares), seeds),
        methods=methods,
        layout=partial(layout, out=out, radius=radius),
        stem="nonrobust",
        out=out,
        settings={"eps": eps, **fixed(settings)},
        machine=fixed(machine),
        images=images,
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
