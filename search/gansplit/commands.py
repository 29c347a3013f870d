"""``python -m search gansplit-table``."""

from typing import Annotated

import typer

from search.comparison.command import comparison_command, offer


def _alone(text: str) -> str:
    if "," in text:
        raise typer.BadParameter("name one alone: the table compares shares, not generators")
    return text


GeneratorOption = Annotated[
    str,
    typer.Option("--generator", help="As of gansplit --generators; one alone.", callback=_alone),
]
StepsOption = Annotated[
    int | None, typer.Option(help="Of a GAN's training; by default as in a search.", min=1)
]
PointsOption = Annotated[
    str, typer.Option(help="Shares that are replaced, and ratios that are added, with commas.")
]


COMMANDS = {
    "gansplit-table": comparison_command(
        "Train and test along the split of authentic and synthetic images: the poster's results.",
        "search.gansplit.table",
        datasets=(
            "breastmnist",
            "Names with commas; all for MedMNIST's 2-D sets of one class an image.",
        ),
        fractions="0.5",
        settings=[
            offer("generators", GeneratorOption, "dcgan"),
            offer("generator_steps", StepsOption),
        ],
        own=[offer("points", PointsOption, "0,0.25,0.5,0.75,1")],
    )
}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
