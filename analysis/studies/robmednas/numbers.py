"""What the RobMedNAS study adds: architectures as numbers."""

import math

import pandas as pd

from analysis.load import Run
from searchspace.unet import KERNELS, Architecture, NamedNetwork, cost_of, parse_network

TRAITS = (
    "depth",
    "parameters",
    "multiply_adds",
    "mean_log2_filters",
    "share_of_blocks_with_SE",
    "share_of_branches_open",
)


def traits(architecture: str, kernels: str, size: int, channels: int = 1) -> dict[str, float]:
    """Describe an architecture by numbers.

    Args:
        architecture: The one-line text of `searchspace.unet`.
        kernels: A name of `searchspace.unet.KERNELS`.
        size: Height and width of the image in pixels.
        channels: Slices of the MR that the network sees.

    Returns:
        ``depth``; ``parameters``; ``multiply_adds`` for one image; ``mean_log2_filters`` of all
        blocks; ``share_of_blocks_with_SE`` and ``share_of_branches_open``, not a number of a plain
        U-Net, which has neither. A network that has only a name has no number here.
    """
    network = parse_network(architecture)
    if isinstance(network, NamedNetwork):
        return dict.fromkeys(TRAITS, math.nan)
    price = cost_of(network, kernels, size, channels)
    if isinstance(network, Architecture):
        blocks = (*network.encoder, *network.decoder)
        filters = [block.filters for block in blocks]
        squeezed = sum(block.se > 0 for block in blocks) / len(blocks)
        branches = sum(block.pattern.count("1") for block in blocks) / (4 * len(blocks))
    else:
        filters = [width for _, width, _ in network.blocks()]
        squeezed = branches = math.nan
    return {
        "depth": network.depth,
        "parameters": price.parameters,
        "multiply_adds": price.multiply_adds,
        "mean_log2_filters": sum(map(math.log2, filters)) / len(filters),
        "share_of_blocks_with_SE": squeezed,
        "share_of_branches_open": branches,
    }


def describe_architectures(run: Run, settings: pd.DataFrame) -> pd.DataFrame:
    """Put the numbers that describe an architecture in its place.

    Args:
        run: Whose trials they are.
        settings: Hyperparameters of trials, one column each.
    """
    if "architecture" not in settings:
        return settings
    fixed = run.manifest["settings"]
    image = fixed["size"], 2 * fixed.get("neighbours", 0) + 1
    rows = [
        traits(architecture, kernels, *image)
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
    """Return the winner's architecture and its kernels.

    Returns:
        None where a run has no winner or a plain U-Net won, which has no blocks to choose.
    """
    if "config.architecture" not in run.trials:
        return None
    best = run.trials[run.trials["winner"]]
    if best.empty:
        return None
    row = best.iloc[0]
    network = parse_network(str(row["config.architecture"]))
    return (network, str(row["config.kernels"])) if isinstance(network, Architecture) else None
