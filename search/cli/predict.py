"""``python -m search predict``: what a classifier says of every image of a dataset."""

from pathlib import Path
from typing import Annotated, Literal

import typer

DATASET_HELP = "phantom or a name of MedMNIST, in the size that the model takes."


def predict(
    model: Annotated[
        Path,
        typer.Argument(
            help="A run, its confirmation or an exported model.",
            metavar="MODEL",
            resolve_path=True,
            show_default=False,
        ),
    ],
    dataset: Annotated[str, typer.Option(help=DATASET_HELP, show_default=False)],
    out: Annotated[Path, typer.Option(help="New CSV file.", resolve_path=True, show_default=False)],
    split: Annotated[
        Literal["train", "val", "test"],
        typer.Option(
            help="train, val or test. The run of the model counts that its test is opened."
        ),
    ] = "test",
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of MedMNIST's files.", show_default="a cache")
    ] = None,
) -> int:
    """Write class and probabilities of every image of a dataset by a classifier, as CSV."""
    from search.run.predict import predict_dataset  # noqa: PLC0415 - everything after --help

    predict_dataset(model, dataset, split, data_root, out, typer.echo)
    return 0
