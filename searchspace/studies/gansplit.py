"""The space of the study of authentic and synthetic training images [syntheticsplit]."""

from dataclasses import replace

from searchspace.domains import Choice, Float
from searchspace.space import Param, Space, When

ADD, REPLACE = "add", "replace"
TRAIN, EVEN = "train", "even"
GREY_LEVELS = "255ths of the pixel range"
PARTS = "of the authentic images"
SOURCE, NONE = "source", "none"


def space_of(generators: tuple[str, ...]) -> Space:
    """Return the space of a run that has some generators.

    Each of them is an arm, and so are authentic images alone: they get as many trials.

    Args:
        generators: Names.
    """
    generated = When(SOURCE, generators)
    source = Param(
        SOURCE,
        Choice((NONE, *generators)),
        "The generator of the synthetic images; none for authentic images alone.",
    )
    split = (replace(param, when=param.when or generated) for param in _SPLIT)
    return Space("gansplit", (source, *split, *_TRAINING), arms=SOURCE)


_SPLIT = (
    Param(
        "mix",
        Choice((ADD, REPLACE)),
        "Synthetic images are added to all authentic ones, or replace some of them.",
    ),
    Param(
        "ratio",
        Float(0.1, 4.0, log=True),
        "How many synthetic images are added; the poster added as many.",
        unit=PARTS,
        when=When("mix", (ADD,)),
    ),
    Param(
        "balance",
        Choice((TRAIN, EVEN)),
        "Classes of added images: as in train, or such that all classes become more even.",
        when=When("mix", (ADD,)),
    ),
    Param(
        "share",
        Float(0.05, 1.0),
        "How many authentic images are replaced; 1 leaves none.",
        unit=PARTS,
        when=When("mix", (REPLACE,)),
    ),
    Param(
        "truncation",
        Float(0.75, 1.0),  # at 0.5, generators drew nearly one image (docs/gansplit.md)
        "By which noise is multiplied: below 1 images are more typical and less varied.",
    ),
    Param(
        "keep",
        Float(0.3, 1.0),
        "Share of the synthetic images that stays: those that the critic is surest of.",
    ),
    Param(
        "synthetic_weight",
        Float(0.1, 1.0, log=True),
        "Of a synthetic image in the loss; an authentic one has 1.",
    ),
)
_TRAINING = (
    Param("lr", Float(1e-4, 1e-2, log=True), "Learning rate of the classifier's Adam."),
    Param("weight_decay", Float(1e-6, 1e-2, log=True), "Of the same."),
    Param(
        "train_eps",
        Choice((0.0, 1.0, 2.0, 4.0)),
        "Radius of adversarial training; 0 for none.",
        unit=GREY_LEVELS,
    ),
)
