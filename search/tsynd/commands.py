"""``python -m search tsynd-table1``."""

from pathlib import Path
from typing import Annotated

import typer

OutOption = Annotated[
    Path, typer.Option(help="Folder for all that is written; one begun goes on.", resolve_path=True)
]
DatasetsOption = Annotated[
    str, typer.Option(help="Names with commas; all for MedMNIST's 2-D sets.")
]
FractionsOption = Annotated[str, typer.Option(help="Shares of the training images, with commas.")]
SeedsOption = Annotated[int, typer.Option(help="How many.", min=1)]
TunedOption = Annotated[
    Path | None,
    typer.Option(help="A finished tsynd run, whose best become rows, too.", resolve_path=True),
]
ClassifierOption = Annotated[
    str | None, typer.Option(help="cnn, densenet, resnet18-16 or resnet18; as of tsynd.")
]
EpochsOption = Annotated[int | None, typer.Option(help="Of a training; as of tsynd.", min=1)]
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


def table1(  # noqa: PLR0913 - each is an option
    *,
    out: OutOption,
    datasets: DatasetsOption = "breastmnist",
    fractions: FractionsOption = "0.01,0.1",
    seeds: SeedsOption = 5,
    tuned: TunedOption = None,
    classifier: ClassifierOption = None,
    epochs: EpochsOption = None,
    data_root: DataRootOption = None,
    device: DeviceOption = "auto",
    images: ImagesOption = None,
    in_process: InProcessOption = False,
    concurrency: ConcurrencyOption = None,
    address: AddressOption = None,
) -> int:
    """Train and test TSynD beside other methods: the paper's tables 1 and 2."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.tsynd.table1 import make_plan  # noqa: PLC0415
    from search.tsynd.table1 import table1 as run  # noqa: PLC0415

    settings = {"classifier": classifier, "epochs": epochs, "data_root": data_root}
    machine = {"in_process": in_process, "concurrency": concurrency, "address": address}
    plan = make_plan(
        (datasets, fractions, seeds),
        out,
        settings | {"device": device},
        machine,
        tuned=tuned,
        images=images,
    )
    return run(plan, Console())


COMMANDS = {"tsynd-table1": table1}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
