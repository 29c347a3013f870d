"""``python -m search deepauc-tables``."""

from typing import Annotated

import typer

from search.comparison.command import comparison_command, offer

ClassifierOption = Annotated[
    str | None, typer.Option(help="As of deepauc, such as cnn, resnet18-16 or resnet18.")
]
PretrainOption = Annotated[
    int | None, typer.Option(help="Of cross-entropy before a training; as of deepauc.", min=1)
]


COMMANDS = {
    "deepauc-tables": comparison_command(
        "Train and test the document's settings beside cross-entropy: its tables, with ours.",
        "search.deepauc.comparison",
        datasets=(
            "breastmnist",
            "Names with commas; all for the document's seven; phantom and phantom3d.",
        ),
        fractions="1",
        settings=[offer("classifier", ClassifierOption), offer("pretrain_epochs", PretrainOption)],
    )
}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
