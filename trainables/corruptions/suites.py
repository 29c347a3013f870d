"""Suites of corruptions by name, each with a label, so that unlike is never compared with unlike.

- ``c-like``: the table of `trainables.corruptions.corruptions`, at the images' own size.
- ``artefacts``: those of acquisition of MR and CT, at the images' own size, 2-D and 3-D.
- ``medmnist-c``: the benchmark's corruptions of the dataset, as defined, at 224 pixels.
- ``c-like via 224``: the same on smaller images, which are made larger by repeating pixels and
  smaller again by averaging. That averages most of it away: it is another thing by another name.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.corruptions.artefacts import ARTEFACTS, distort
from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from trainables.corruptions.medmnistc.definitions import STRENGTHS
from trainables.corruptions.medmnistc.operators import OPERATORS, Pixels, as_grey
from trainables.runtime.seeding import derive

SIDE = 224  # pixels of MedMNIST-C
OWN, ACQUISITION, DEFINED, VIA = "c-like", "artefacts", "medmnist-c", "c-like via 224"
SUITES = (OWN, ACQUISITION, DEFINED, VIA)

Apply = Callable[[Tensor, str, int, int], Tensor]
"""(images uint8 (N, C, H, W), corruption, severity from 1 to 5, seed) -> floating, in [0, 1]."""


@dataclass(frozen=True)
class Suite:
    """Corruptions of one definition at one size.

    Attributes:
        label: Of every table of it.
        kinds: Names of the corruptions.
        apply: Corrupts images.
    """

    label: str
    kinds: tuple[str, ...]
    apply: Apply

    def check(self, kind: str) -> None:
        """Refuse a corruption that the suite does not have.

        Raises:
            UserError: With what it has.
        """
        lookup(dict.fromkeys(self.kinds), kind, f"corruption of {self.label}")


def open_suite(name: str, dataset: str, shape: tuple[int, ...]) -> Suite:
    """Return a suite for a dataset.

    Args:
        name: One of `SUITES`.
        dataset: Its name, by which MedMNIST-C defines corruptions.
        shape: Height and width of its images; of volumes depth, height and width.

    Raises:
        UserError: If the suite is unknown, or is not defined for such data.
    """
    lookup(dict.fromkeys(SUITES), name, "suite of corruptions")
    if name == OWN:
        return Suite(f"{OWN} @{shape[-1]}", tuple(CORRUPTIONS), _own)
    if name == ACQUISITION:
        return Suite(f"{ACQUISITION} @{shape[-1]}", tuple(ARTEFACTS), _acquired)
    if dataset not in STRENGTHS or len(shape) != 2:
        raise UserError(f"MedMNIST-C defines no corruptions of {dataset}: take --suite {OWN}")
    kinds = tuple(STRENGTHS[dataset])
    side = shape[-1]
    if (name == DEFINED) != (side == SIDE):
        alternative = DEFINED if side == SIDE else VIA
        raise UserError(f"--suite {name} is not for images of {side} pixels: take {alternative}")
    if SIDE % side:
        raise UserError(f"images of {side} pixels do not divide {SIDE}: take --suite {OWN}")
    label = DEFINED if side == SIDE else f"c-like @{side} via {SIDE}"

    def apply(images: Tensor, kind: str, severity: int, seed: int) -> Tensor:
        return corrupt_defined(images, (dataset, kind, severity), seed)

    return Suite(label, kinds, apply)


def corrupt_defined(images: Tensor, condition: tuple[str, str, int], seed: int) -> Tensor:
    """Corrupt images as MedMNIST-C defines for their dataset, where need be by way of 224 pixels.

    Args:
        images: uint8 (N, C, H, W), C 1 or 3, with a side that divides 224.
        condition: Dataset, corruption and severity from 1 to 5.
        seed: Of noise and angles, of each image its own.

    Returns:
        Floating, in [0, 1], of the same shape.
    """
    dataset, kind, severity = condition
    table = STRENGTHS[dataset]
    lookup(table, kind, f"corruption of {dataset}")
    if severity not in SEVERITIES:
        raise ValueError(f"severity is {severity}, expected 1 to {SEVERITIES[-1]}")
    strength, operator = table[kind][severity - 1], OPERATORS[kind]
    factor = SIDE // images.shape[-1]
    results = []
    for number, image in enumerate(images.movedim(1, -1).cpu().numpy()):
        rng = np.random.Generator(np.random.PCG64(derive(seed, kind, severity, number)))
        large = np.repeat(np.repeat(image, factor, axis=0), factor, axis=1)
        colour = np.repeat(large, 3, axis=2) if large.shape[2] == 1 else large
        corrupted = operator(np.ascontiguousarray(colour), strength, rng)
        result = as_grey(corrupted)[:, :, None] if image.shape[2] == 1 else corrupted
        results.append(_smaller(result, factor))
    return torch.from_numpy(np.stack(results)).movedim(-1, 1).to(images.device).float() / 255


def _smaller(image: Pixels, factor: int) -> Pixels:
    """Average over boxes of a side."""
    if factor == 1:
        return image
    height, width, channels = image.shape
    boxes = image.reshape(height // factor, factor, width // factor, factor, channels)
    means: Pixels = np.rint(boxes.mean(axis=(1, 3))).astype(np.uint8)
    return means


def _own(images: Tensor, kind: str, severity: int, seed: int) -> Tensor:
    return corrupt(images.float() / 255, kind, severity, seed)


def _acquired(images: Tensor, kind: str, severity: int, seed: int) -> Tensor:
    return distort(images.float() / 255, kind, severity, seed)
