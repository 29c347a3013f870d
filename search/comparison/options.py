"""The options that commands of comparisons share; quick to import, as every command line does."""

from pathlib import Path
from typing import Annotated

import typer

OutOption = Annotated[
    Path, typer.Option(help="Folder for all that is written; one begun goes on.", resolve_path=True)
]
FractionsOption = Annotated[str, typer.Option(help="Shares of the training images, with commas.")]
SeedsOption = Annotated[int, typer.Option(help="How many.", min=1)]
EpochsOption = Annotated[
    int | None, typer.Option(help="Of a training; by default as in a search.", min=1)
]
DataRootOption = Annotated[
    Path | None, typer.Option(help="Folder of the npz files.", resolve_path=True)
]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda or auto.")]
ImagesOption = Annotated[int | None, typer.Option(help="At most so many test images.", min=1)]
InProcessOption = Annotated[
    bool, typer.Option("--in-process", help="Without Ray, one after the other.")
]
ConcurrencyOption = Annotated[int | None, typer.Option(help="Trainings at the same time.", min=1)]
AddressOption = Annotated[str | None, typer.Option(help="Of a running Ray cluster, or auto.")]
