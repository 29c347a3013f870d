"""``python -m search tsynd-table1``."""

from pathlib import Path
from typing import Annotated

import typer

from search.comparison.options import (
    AddressOption,
    ConcurrencyOption,
    DataRootOption,
    DeviceOption,
    EpochsOption,
    FractionsOption,
    ImagesOption,
    InProcessOption,
    OutOption,
    SeedsOption,
)

DatasetsOption = Annotated[
    str, typer.Option(help="Names with commas; all for MedMNIST's 2-D sets.")
]
TunedOption = Annotated[
    Path | None,
    typer.Option(help="A finished tsynd run, whose best become rows, too.", resolve_path=True),
]
ClassifierOption = Annotated[
    str | None, typer.Option(help="cnn, densenet, resnet18-16 or resnet18; as of tsynd.")
]


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

    from search.comparison.comparison import compare  # noqa: PLC0415
    from search.comparison.request import Request  # noqa: PLC0415
    from search.tsynd.table1 import make_comparison  # noqa: PLC0415

    request = Request(
        datasets=datasets,
        fractions=fractions,
        seeds=seeds,
        out=out,
        settings={
            "classifier": classifier,
            "epochs": epochs,
            "data_root": data_root,
            "device": device,
        },
        machine={"in_process": in_process, "concurrency": concurrency, "address": address},
        images=images,
    )
    return compare(make_comparison(request, tuned=tuned), Console())


COMMANDS = {"tsynd-table1": table1}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
