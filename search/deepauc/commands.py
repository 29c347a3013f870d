"""``python -m search deepauc-tables``."""

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
    str,
    typer.Option(help="Names with commas; all for the document's seven; phantom and phantom3d."),
]
ClassifierOption = Annotated[
    str | None, typer.Option(help="As of deepauc, such as cnn, resnet18-16 or resnet18.")
]
PretrainOption = Annotated[
    int | None, typer.Option(help="Of cross-entropy before a training; as of deepauc.", min=1)
]


def tables(  # noqa: PLR0913 - each is an option
    *,
    out: OutOption,
    datasets: DatasetsOption = "breastmnist",
    fractions: FractionsOption = "1",
    seeds: SeedsOption = 3,
    classifier: ClassifierOption = None,
    epochs: EpochsOption = None,
    pretrain_epochs: PretrainOption = None,
    data_root: DataRootOption = None,
    device: DeviceOption = "auto",
    images: ImagesOption = None,
    in_process: InProcessOption = False,
    concurrency: ConcurrencyOption = None,
    address: AddressOption = None,
) -> int:
    """Train and test the document's settings beside cross-entropy: its tables, with ours."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.comparison.comparison import compare  # noqa: PLC0415
    from search.comparison.request import Request  # noqa: PLC0415
    from search.deepauc.comparison import make_comparison  # noqa: PLC0415

    request = Request(
        datasets=datasets,
        fractions=fractions,
        seeds=seeds,
        out=out,
        settings={
            "classifier": classifier,
            "epochs": epochs,
            "pretrain_epochs": pretrain_epochs,
            "data_root": data_root,
            "device": device,
        },
        machine={"in_process": in_process, "concurrency": concurrency, "address": address},
        images=images,
    )
    return compare(make_comparison(request), Console())


COMMANDS = {"deepauc-tables": tables}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
