"""What a person should know of the subjects of a run, gathered while they are written."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from searchspace.words import listed
from trainables.data.grid import Slices
from trainables.data.volumes import Volume, ignored
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.whole import grid_error

NAMED = 8  # names in a sentence for the terminal
MOST_VOXELS = 1.5  # a pixel's width, above which the user is warned
CROP_SHARE = 0.01  # the share of a head outside the field above which the user is told


@dataclass
class Remarks:
    """What was seen of the subjects so far.

    Attributes:
        settings: Of the run: the grid, and where the subjects are.
        cropped: Share of the head outside the field, by name, where it is worth a word.
        depths: Numbers of slices that subjects have.
        notes: Names of subjects by what is to be said of their files.
        coarse: Of subjects that rank: the head MAE of a perfect network on voxels, and their width.
        masked: Subjects whose head is that of a mask file.
        computed: Subjects whose head is computed from the CT.
    """

    settings: SynthesisSettings
    cropped: dict[str, float] = field(default_factory=dict)
    depths: set[int] = field(default_factory=set)
    notes: dict[str, list[str]] = field(default_factory=dict)
    coarse: list[tuple[float, float]] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)

    def see(self, volume: Volume, slices: Slices, *, ranks: bool) -> None:
        """Look at a subject.

        Args:
            volume: As it was read.
            slices: The same on the grid.
            ranks: Whether its scores rank trials.
        """
        for note in volume.notes:
            self.notes.setdefault(note, []).append(slices.name)
        (self.computed if volume.mask is None else self.masked).append(slices.name)
        self.depths.add(len(slices.mr))
        if ranks:
            error = grid_error(volume, slices, self.settings.field_mm)
            self.coarse.append((error, min(volume.spacing[:2])))
        if slices.lost > CROP_SHARE:
            self.cropped[slices.name] = slices.lost

    @property
    def coarseness(self) -> tuple[float, float]:
        """Mean head MAE of a perfect network on voxels, and their mean width; NaN if not seen."""
        if not self.coarse:
            return math.nan, math.nan
        error, voxel = np.mean(self.coarse, axis=0).tolist()
        return error, voxel

    def lines(self) -> Iterator[str]:
        """Say all that is worth a word."""
        if self.depths == {1}:
            yield "every subject has one slice: where 'volume' is said, that slice is meant"
        yield from _beyond(self.cropped, self.settings.field_mm)
        yield from _coarseness(self.settings, *self.coarseness)
        yield from _heads(self.masked, self.computed)
        for note, names in self.notes.items():
            yield f"{some(names)}: {note}"
        folder = self.settings.data
        if folder is not None and (strangers := ignored(folder)):
            yield f"not read, as no subject's mr and ct are in there: {some(strangers)}"


def some(names: Sequence[str]) -> str:
    """List names, at most `NAMED`, and how many more there are."""
    return listed(names, NAMED)


def _beyond(cropped: Mapping[str, float], field_mm: float) -> Iterator[str]:
    """Say which heads reach beyond the field, by their shares outside it."""
    if cropped:
        worst = max(cropped, key=lambda name: cropped[name])
        yield (
            f"{len(cropped)} heads reach beyond the field of {field_mm:g} mm, the most cropped "
            f"{worst} ({cropped[worst]:.0%}): widen it with --field"
        )


def _coarseness(settings: SynthesisSettings, error: float, voxel: float) -> Iterator[str]:
    """Say what scores on the grid leave out, and warn where that is much."""
    if not error > 0:
        return
    pixel = settings.pixel_mm
    yield (
        f"scores are of pixels of {pixel:.3g} mm: the CT of a perfect network would be off by "
        f"{error:.0f} HU on voxels of {voxel:.3g} mm"
    )
    if pixel > MOST_VOXELS * voxel:
        size = settings.field_mm / voxel
        yield f"a pixel is {pixel / voxel:.2g} voxels wide: give --size up to {size:.0f}"


def _heads(masked: Sequence[str], computed: Sequence[str]) -> Iterator[str]:
    """Say where heads of two kinds are mixed: they differ, and so do the errors within them."""
    if masked and computed:
        fewer, rest = sorted((masked, computed), key=len)
        kind = "have no mask file" if fewer is computed else "have a mask file"
        yield (
            f"{some(fewer)} {kind}, unlike the other {len(rest)}: the head of a mask file and that "
            "computed from the CT differ, and head MAE with them; give all subjects a mask, or none"
        )
