"""``python -m search gansplit-table``."""

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
    str, typer.Option(help="Names with commas; all for MedMNIST's 2-D sets of one class an image.")
]
GeneratorOption = Annotated[str, typer.Option(help="As of gansplit --generators; one alone.")]
StepsOption = Annotated[
    int | None, typer.Option(help="Of a GAN's training; by default as in a search.", min=1)
]
PointsOption = Annotated[
    str, typer.Option(help="Shares that are replaced, and ratios that are added, with commas.")
]


def table(  # noqa: PLR0913 - each is an option
    *,
    out: OutOption,
    datasets: DatasetsOption = "breastmnist",
    fractions: FractionsOption = "0.5",
    seeds: SeedsOption = 3,
    generator: GeneratorOption = "dcgan",
    generator_steps: StepsOption = None,
    points: PointsOption = "0,0.25,0.5,0.75,1",
    epochs: EpochsOption = None,
    data_root: DataRootOption = None,
    device: DeviceOption = "auto",
    images: ImagesOption = None,
    in_process: InProcessOption = False,
    concurrency: ConcurrencyOption = None,
    address: AddressOption = None,
) -> int:
    """Train and test along the split of authentic and synthetic images: the poster's results."""
    from rich.console import Console  # noqa: PLC0415 - everything heavy comes after --help

    from search.comparison.comparison import compare  # noqa: PLC0415
    from search.comparison.request import Request  # noqa: PLC0415
    from search.gansplit.table import make_comparison  # noqa: PLC0415

    request = Request(
        datasets=datasets,
        fractions=fractions,
        seeds=seeds,
        out=out,
        settings={
            "generators": generator,
            "generator_steps": generator_steps,
            "epochs": epochs,
            "data_root": data_root,
            "device": device,
        },
        machine={"in_process": in_process, "concurrency": concurrency, "address": address},
        images=images,
    )
    return compare(make_comparison(request, points=points), Console())


COMMANDS = {"gansplit-table": table}
"""The commands of this study beside its search; `search.cli.group` looks for them here."""
