"""Rows of `robmednas_table.py`: networks, and the recipes by which they are trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from searchspace.errors import UserError
from searchspace.names import lookup
from searchspace.unet import PAPER_BEST, handcrafted, plain
from trainables.door.records import read_json
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.training.recipe import Recipe

study = RobMedNAS()

FILTERS = 32  # most of the handcrafted baseline's, as in a search with the defaults
UNIFORM = {"regime": "uniform", "attack_eps": 0.12, "attack_steps": 1}
PLAIN_RECIPE = "plain recipe"
CHANGES: Mapping[str, Mapping[str, Any]] = {
    PLAIN_RECIPE: {},
    "loss huber": {"loss": "huber"},
    "loss mse": {"loss": "mse"},
    "background 0": {"background": 0.0},
    "background 1": {"background": 1.0},
    "schedule constant": {"schedule": "constant"},
    "ema 0": {"ema": 0.0},
    "ema .95": {"ema": 0.95},
    "augment no": {"augment": False},
    "augment .5": {"augment_by": 0.5},
    "artefacts 0": {"artefacts": 0.0},
    "artefacts .5": {"artefacts": 0.5},
    "lr 2e-3": {"lr": 2e-3},
    "lr 4e-3": {"lr": 4e-3},
    "lr .016": {"lr": 0.016},
    "weight decay 0": {"weight_decay": 0.0},
    "weight decay .01": {"weight_decay": 0.01},
    "slices 3": {"batch_size": 3},
    "batch norm": {"norm": "batch"},
    "normalisation tissue": {"normalisation": "tissue"},
    "normalisation percentiles": {"normalisation": "percentiles"},
    "uniform .06": {**UNIFORM, "attack_eps": 0.06},
    "uniform .12": UNIFORM,
    "uniform .2": {**UNIFORM, "attack_eps": 0.2},
    "uniform .12 by 3 steps": {**UNIFORM, "attack_steps": 3},
    "adversarial .12": {**UNIFORM, "regime": "adversarial"},
    "not mirrored": {"mirrored": False},
    "slice norm whole": {"slice_norm": "whole"},
    "slice norm tissue": {"slice_norm": "tissue"},
    "slice norm percentiles": {"slice_norm": "percentiles"},
}
"""What is changed of the plain recipe; the name of a row may give several, with commas."""
USUAL, HANDCRAFTED, BEST = "plain U-Net", "handcrafted", "paper's best"


@dataclass(frozen=True)
class Row:
    """A network and how it is trained.

    Attributes:
        name: Of the printed row.
        config: A whole config of the study.
        normalisation: Of the MR.
    """

    name: str
    config: Mapping[str, Any]
    normalisation: str = "whole"


def table_rows(recipe: Mapping[str, Any], filters: int = FILTERS) -> list[Row]:
    """Return the controls and the paper's best network, by the paper's and the plain recipe.

    Args:
        recipe: The plain one.
        filters: Most of a block of the handcrafted network; of the plain U-Net see
            `searchspace.unet.plain`.
    """
    paper = Recipe().model_dump()
    hand = networks(filters)[HANDCRAFTED]
    attacked = {"regime": "adversarial", "attack_eps": 0.2}
    return [
        row_of("handcrafted, paper recipe", hand, paper),
        row_of("handcrafted, paper recipe w/AT", hand, paper | attacked),
        named_row("handcrafted, plain recipe", recipe, filters),
        named_row("plain U-Net, plain recipe", recipe, filters),
        named_row("plain U-Net, uniform .12", recipe, filters),
        row_of("paper's best, paper recipe", PAPER_BEST, paper),
        named_row("paper's best, plain recipe", recipe, filters),
        named_row("paper's best, uniform .12", recipe, filters),
    ]


def networks(filters: int = FILTERS) -> dict[str, str]:
    """Return the networks that names of rows begin with, each as one line."""
    return {
        USUAL: str(plain(filters)),
        HANDCRAFTED: str(handcrafted(filters, 4)),
        BEST: PAPER_BEST,
    }


def recipe_rows(recipe: Mapping[str, Any], filters: int = FILTERS) -> list[Row]:
    """Return the plain U-Net by the plain recipe, and with one value of it changed.

    Args:
        recipe: The plain one.
        filters: As in `table_rows`.
    """
    return [named_row(f"{USUAL}, {change}", recipe, filters) for change in CHANGES]


def named_row(name: str, recipe: Mapping[str, Any], filters: int = FILTERS) -> Row:
    """Make the row that a name describes: a network, then changes of the plain recipe.

    Args:
        name: Such as ``plain U-Net, uniform .12, lr 8e-3``.
        recipe: The plain one.
        filters: As in `table_rows`.

    Raises:
        UserError: If there is no such network or change.
    """
    title, _, changes = name.partition(", ")
    network = lookup(networks(filters), title, "network of a row")
    return changed_row(title, network, recipe, changes or PLAIN_RECIPE)


def changed_row(title: str, network: str, recipe: Mapping[str, Any], changes: str) -> Row:
    """Make the row of a network by the plain recipe and changes of it.

    Args:
        title: What stands for the network in the row's name.
        network: One line, see `searchspace.unet.parse_network`.
        recipe: The plain one.
        changes: Names of `CHANGES`, with commas between them.

    Raises:
        UserError: If there is no such change.
    """
    values = dict(recipe)
    for change in changes.split(", "):
        values |= lookup(CHANGES, change, "change of the recipe")
    normalisation = str(values.pop("normalisation", "whole"))
    return row_of(f"{title}, {changes}", network, values, normalisation)


def model_row(folder: Path, size: int) -> Row:
    """Return the row of a saved model: its architecture, recipe and normalisation.

    Args:
        folder: Of the model.
        size: Pixels of the table's slices, to a side.

    Raises:
        UserError: If the model saw another grid than the table's, or neighbouring slices.
    """
    card = read_json(folder / "model.json")
    expected = {"size": size, "field_mm": RobMedNASSettings().field_mm, "neighbours": 0}
    seen = {name: card.get(name, value) for name, value in expected.items()}
    if seen != expected:
        change = ", ".join(
            f"{name} is {seen[name]:g}, here {expected[name]:g}"
            for name in expected
            if seen[name] != expected[name]
        )
        raise UserError(
            f"the model in {folder} saw other slices ({change}): give its size as --size; the "
            "table has no other field, and no neighbouring slices"
        )
    config = study.config.model_validate(card["provenance"]["config"]).model_dump()
    return Row(f"model {folder.parent.name}", config, card["normalisation"])


def row_of(name: str, network: str, recipe: Mapping[str, Any], normalisation: str = "whole") -> Row:
    """Make a row; a plain U-Net has instance normalisation, a configurable one batch.

    Args:
        name: Of the row.
        network: One line, see `searchspace.unet.parse_network`.
        recipe: Values of `trainables.synthesis.training.recipe.Recipe`, and maybe ``norm``.
        normalisation: Of the MR.
    """
    norm = "instance" if network.startswith("plain") else "batch"
    values = {"norm": norm, **recipe, "architecture": network}
    return Row(name, study.config.model_validate(values).model_dump(), normalisation)
