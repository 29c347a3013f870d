"""What the RobMedNAS study adds: architectures as numbers."""

import math

import pandas as pd

from analysis.load import Run
from searchspace.unet import KERNELS, Architecture, cost, parse


def traits(architecture: str, kernels: str, size: int) -> dict[str, float]:
    """Describe an architecture by numbers.

    Args:
        architecture: The one-line text of `searchspace.unet`.
        kernels: A name of `searchspace.unet.KERNELS`.
        size: Height and width of the image in pixels.

    Returns:
        ``depth``; ``parameters``; ``multiply_adds`` for one image; ``mean_log2_filters`` of all
        blocks; ``share_of_blocks_with_SE``; ``share_of_branches_open``.
    """
    network = parse(architecture)
    blocks = (*network.encoder, *network.decoder)
    price = cost(network, kernels, size, size)
    return {
        "depth": network.depth,
        "parameters": price.parameters,
        "multiply_adds": price.multiply_adds,
        "mean_log2_filters": sum(math.log2(block.filters) for block in blocks) / len(blocks),
        "share_of_blocks_with_SE": sum(block.se > 0 for block in blocks) / len(blocks),
        "share_of_branches_open": sum(block.pattern.count("1") for block in blocks)
        / (4 * len(blocks)),
    }


def describe_architectures(run: Run, settings: pd.DataFrame) -> pd.DataFrame:
    """Put the numbers that describe an architecture in its place.

    Args:
        run: Whose trials they are.
        settings: Hyperparameters of trials, one column each.
    """
    if "architecture" not in settings:
        return settings
    size = run.manifest["settings"]["size"]
    rows = [
        traits(architecture, kernels, size)
        for architecture, kernels in zip(settings["architecture"], settings["kernels"], strict=True)
    ]
    return settings.drop(columns="architecture").join(pd.DataFrame(rows, index=settings.index))


def blocks(architecture: Architecture, kernels: str) -> pd.DataFrame:
    """List the blocks in the order of computation [robmednas, table 4].

    Returns:
        A row a block: ``block``, such as ``encoder 1``; ``A1`` to ``A4``, the kernels of each
        branch that is there, else empty; ``filters``; ``SE``, the ratio of squeeze-and-excitation,
        0 for none.
    """
    kernel_names = [" · ".join(f"{h}x{w}" for h, w in branch) for branch in KERNELS[kernels]]
    rows = []
    for side, of_side in (("encoder", architecture.encoder), ("decoder", architecture.decoder)):
        for number, block in enumerate(of_side, start=1):
            switches = enumerate(zip(kernel_names, block.pattern, strict=True), start=1)
            branches = {f"A{n}": name if bit == "1" else "" for n, (name, bit) in switches}
            sizes = {"filters": block.filters, "SE": block.se}
            rows.append({"block": f"{side} {number}", **branches, **sizes})
    return pd.DataFrame(rows)


def winning_architecture(run: Run) -> tuple[Architecture, str] | None:
    """Return the winner's architecture and its kernels; None where a run has none."""
    if "config.architecture" not in run.trials:
        return None
    best = run.trials[run.trials["winner"]]
    if best.empty:
        return None
    row = best.iloc[0]
    return parse(str(row["config.architecture"])), str(row["config.kernels"])
