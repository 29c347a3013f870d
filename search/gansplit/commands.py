"""``python -m search gansplit-table``."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from search.comparison.command import comparison_command, offer

if TYPE_CHECKING:
    from search.comparison.comparison import Comparison

GeneratorOption = Annotated[
    str, typer.Option("--generator", help="As of gansplit --generators; one alone.")
]
StepsOption = Annotated[
    int | None, typer.Option(help="Of a GAN's training; by default as in a search.", min=1)
]
PointsOption = Annotated[
    str, typer.Option(help="Shares that are replaced, and ratios that are added, with commas.")
]


def _maker() -> "Callable[..., Comparison]":
    from search.gansplit.table import make_comparison  # noqa: PLC0415 - loads torch

    return make_comparison


COMMANDS = {
    "gansplit-table": comparison_command(
        "Train and test along the split of authentic and synthetic images: the poster's results.",
        _maker,
        datasets=(
            "breastmnist",
            "Names with commas; all for MedMNIST's 2-D sets of one class an image.",
        ),
        fractions="0.5",
        seeds=3,
        settings=[
            offer("generators", GeneratorOption, "dcgan"),
            offer("generator_steps", StepsOption),
        ],
        own=[offer("points", PointsOption, "0,0.25,0.5,0.75,1")],
    )
}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
