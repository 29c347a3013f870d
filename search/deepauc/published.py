"""What the document and MedMNIST's paper print, and where the document contradicts itself.

All values are AUCs, by dataset; those of the document's tables are of its own validation split. An
empty cell of a table is absent here [medmnistauc, medmnist].
"""

from collections.abc import Mapping, Sequence

Areas = Mapping[str, float]

DATASETS = (
    "breastmnist",
    "pneumoniamnist",
    "chestmnist",
    "nodulemnist3d",
    "adrenalmnist3d",
    "vesselmnist3d",
    "synapsemnist3d",
)
PLAIN, SAMPLER, AUGMENTED = "plain", "sampler", "sampler, augmentation, decay"
SETTLED = "sampler, decay"  # the document's final settings
CHANCE = 0.5


def _areas(*values: float | None) -> Areas:
    """Name a line of a table of the document; None where the cell is empty."""
    pairs = zip(DATASETS, values, strict=True)
    return {name: value for name, value in pairs if value is not None}


ABLATION: Mapping[str, Areas] = {
    PLAIN: _areas(0.9198, 0.9957, 0.7176, 0.8623, 0.8331, 0.8839, 0.4629),
    SAMPLER: _areas(0.9399, 0.9959, 0.5607, 0.8419, 0.8032, 0.7265, 0.5924),
    AUGMENTED: _areas(0.3484, 0.3925, 0.4897, 0.5579, 0.2835, 0.4917, 0.6951),
    SETTLED: _areas(0.9490, 0.5045, 0.7277, None, None, None, None),
}
"""Of the AUC margin with PESG, by what was added."""

LOSSES: Mapping[str, Areas] = {
    "aucm": _areas(0.9312, 0.9972, 0.7277, 0.5579, 0.8223, 0.8373, 0.7285),
    "ap": _areas(0.8730, 0.9935, 0.768, 0.8378, 0.8386, 0.9175, 0.6471),
    "pauc": _areas(0.8034, 0.9953, 0.768, 0.8171, 0.7540, 0.6975, 0.5678),
}
FINAL = _areas(0.9313, 0.9625, 0.7422, 0.9482, 0.9405, 0.9752, 0.7929)
"""On test."""

MEDMNIST = _areas(0.901, 0.944, 0.768, 0.863, 0.827, 0.874, 0.82)
"""On test: ResNet-18 with 28 pixels, and its 3-D form, as the document repeats them."""


def contradictions(datasets: Sequence[str]) -> list[str]:
    """Say where the document's numbers of these datasets cannot all be right.

    Args:
        datasets: Names; of those that the document does not have, nothing is said.
    """
    names = [name for name in datasets if name in FINAL]
    ablation, every = [*ABLATION.values()], [*ABLATION.values(), *LOSSES.values()]
    gaps = [f"{name} {_gap(name, ablation):+.1f} and {_gap(name, every):+.1f}" for name in names]
    failed = [
        f"{name} {100 * areas[name]:.1f}"
        for name in names
        for areas in every
        if areas.get(name, 1.0) < CHANCE
    ]
    lines = []
    if gaps:
        lines.append(
            "The document's test AUC, in points above the best validation AUC of its table of the "
            f"AUC margin and of all its tables: {', '.join(gaps)}. A test that is much better than "
            "all that was validated was tuned on, or is one of other settings: no target."
        )
    if failed:
        lines.append(
            f"Rows of the document below chance: {', '.join(failed)}. Of the decay and the "
            "augmentation in most of them it says that they worked."
        )
    if "chestmnist" in names:
        lines.append(
            "For ChestMNIST it prints 76.8 for two losses, which is what it prints for MedMNIST."
        )
    return lines


def _gap(dataset: str, table: Sequence[Areas]) -> float:
    """Return by how many points the final AUC is above the best of a table."""
    return 100 * (FINAL[dataset] - max(areas.get(dataset, 0.0) for areas in table))
