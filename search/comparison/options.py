"""Options that comparisons share with other commands of studies; quick to import."""

from pathlib import Path
from typing import Annotated

import typer

OutOption = Annotated[
    Path, typer.Option(help="Folder for all that is written; one begun goes on.", resolve_path=True)
]
SEEDS = 5
"""How many by default, as of `confirm`: verdicts of fewer see only great differences."""
SeedsOption = Annotated[int, typer.Option(help="How many.", min=1)]
EpochsOption = Annotated[
    int | None, typer.Option(help="Of a training; by default as in a search.", min=1)
]
ImagesOption = Annotated[int | None, typer.Option(help="At most so many test images.", min=1)]
RankingImagesOption = Annotated[
    int | None,
    typer.Option(help="At most so many of the images that ranked; test stays closed.", min=1),
]
