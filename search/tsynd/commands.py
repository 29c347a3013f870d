"""``python -m search tsynd-table1``."""

from pathlib import Path
from typing import Annotated

import typer

from search.comparison.command import comparison_command, offer

TunedOption = Annotated[
    Path | None,
    typer.Option(help="A finished tsynd run, whose best become rows, too.", resolve_path=True),
]
ClassifierOption = Annotated[
    str | None, typer.Option(help="cnn, densenet, resnet18-16 or resnet18; as of tsynd.")
]


COMMANDS = {
    "tsynd-table1": comparison_command(
        "Train and test TSynD beside other methods: the paper's tables 1 and 2.",
        "search.tsynd.table1",
        datasets=("breastmnist", "Names with commas; all for MedMNIST's 2-D sets."),
        fractions="0.01,0.1",
        settings=[offer("classifier", ClassifierOption)],
        own=[offer("tuned", TunedOption)],
    )
}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
