"""The space of the nonrobust study: training that does without brittle features [nonrobust]."""

from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

STANDARD, TRADES, PGD, HALF = "standard", "trades", "pgd", "half"
REGIMES = (TRADES, PGD, HALF, STANDARD)
ATTACKED = (TRADES, PGD, HALF)
WIDTHS = (2, 4, 8)  # of the wide residual networks of 16 layers
WIDE = "wrn-16-"
GREY_LEVELS = "255ths of the pixel range"

_PARAMS = (
    Param(
        "regime",
        Choice(REGIMES),
        "What a batch costs: clean images and how attacks move the answer (trades), attacked "
        "images (pgd), attacked images in half of the batch (half), or clean ones (standard).",
    ),
    Param(
        "beta",
        Float(0.5, 12.0, log=True),
        "Weight of the moved answer beside the cross-entropy; TRADES takes 6.",
        when=When("regime", (TRADES,)),
    ),
    Param(
        "train_eps",
        Float(0.5, 8.0, log=True),
        "Radius of the attack in training; TRADES takes 8.",
        unit=GREY_LEVELS,
        when=When("regime", ATTACKED),
    ),
    Param(
        "train_steps",
        Int(3, 10),
        "Steps of the attack in training; TRADES takes 10.",
        when=When("regime", ATTACKED),
    ),
    Param(
        "class_weights",
        Choice(("none", "balanced")),
        "Whether all classes weigh the same in the loss, as they do in the ranking.",
    ),
    Param("lr", Float(1e-4, 1e-2, log=True), "Learning rate of Adam."),
    Param("weight_decay", Float(1e-6, 1e-2, log=True), "Of Adam; TRADES takes 2e-4."),
    Param("dropout", Choice((0.0, 0.2, 0.5)), "Before the last layer."),
    Param(
        "augmentation",
        Choice(("none", "flips", "affine")),
        "Flips; or flips, with a rotation by at most 15 degrees (volumes: a shift of 2 voxels).",
    ),
)


def space_of(classifier: str) -> Space:
    """Return the space; of a wide residual network smaller widths are searched, too.

    Args:
        classifier: Name of the network, such as ``cnn`` or ``wrn-16-4``.
    """
    widths = tuple(width for width in WIDTHS if width <= width_of(classifier))
    if len(widths) < 2:
        return Space("nonrobust", _PARAMS, arms="regime")
    width = Param("width", Choice(widths), "Factor of the maps of the wide residual network.")
    return Space("nonrobust", (*_PARAMS, width), arms="regime")


def width_of(classifier: str) -> int:
    """Return the width of a wide residual network of 16 layers; 0 for any other network."""
    suffix = classifier.removeprefix(WIDE)
    return int(suffix) if suffix != classifier and suffix.isdigit() else 0
