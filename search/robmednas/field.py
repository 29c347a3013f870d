"""What the field of synthesis reports of test subjects, on pixels and on the CT's own voxels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from search.robmednas.sources import in_order
from trainables.door.text import to_markdown
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.measurement import NATIVE
from trainables.synthesis.slices import Split

HEADS = ("MAE px", "MAE vox", "bias", "bone", "p.bone", "PSNR", "SSIM", "MS-SSIM")
COLUMNS = (
    ("mae_head", 0),
    (f"{NATIVE}_mae_head", 0),
    ("bias_head", 0),
    ("bias_bone", 0),
    ("mae_predicted_bone", 0),
    ("psnr", 1),
    ("ssim", 3),
    ("ms_ssim", 3),
)
"""Score and digits of each of `HEADS`."""
LEGEND = (
    "MAE px and vox: head MAE in HU on pixels and on voxels; bias, bone: predicted minus true HU "
    "of head and bone; p.bone: MAE in HU where bone is predicted; PSNR in dB, SSIM, MS-SSIM: as in "
    "SynthRAD, within the head"
)


@dataclass(frozen=True)
class Widths:
    """What an error in HU is an average over.

    Attributes:
        pixel: Side of a pixel in mm.
        voxel: Side of the test subjects' voxels in mm, the median; NaN where it is not known.
    """

    pixel: float
    voxel: float

    def __str__(self) -> str:
        voxels = "" if np.isnan(self.voxel) else f", voxels of {self.voxel:.3g} mm"
        return f"pixels of {self.pixel:.3g} mm{voxels}"


def widths_of(settings: RobMedNASSettings, test: Split) -> Widths:
    """Return how wide pixels and voxels are."""
    spacings = [min(item.native.spacing[:2]) for item in test.subjects if item.native is not None]
    return Widths(settings.pixel_mm, float(np.median(spacings)) if spacings else float("nan"))


def field_table(scores: pd.DataFrame, kind: str, widths: Widths) -> Table:
    """Lay out what the field reports under one condition, at 80 columns.

    Args:
        scores: On test, as `search.robmednas.testing.score` lists them in full.
        kind: The condition: ``clean`` or the name of an attack.
        widths: Of pixels and voxels.
    """
    table = Table(title=f"{title_of(kind)}; {widths}", box=None)
    for head in ("", *HEADS):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    for row, cells in _rows(scores, kind):
        table.add_row(Text(row), *cells)
    return table


def field_markdown(scores: pd.DataFrame, kinds: Sequence[str], widths: Widths) -> str:
    """Write the tables of several conditions as Markdown.

    Args:
        scores: On test, as `search.robmednas.testing.score` lists them in full.
        kinds: The conditions.
        widths: Of pixels and voxels.
    """
    parts = []
    for kind in kinds:
        lines = [f"| {' | '.join(['', *HEADS])} |", f"| {' | '.join(['---'] * (len(HEADS) + 1))} |"]
        lines += [
            f"| {' | '.join([to_markdown(row), *cells])} |" for row, cells in _rows(scores, kind)
        ]
        parts.append(f"{title_of(kind)}; {widths}\n\n" + "\n".join(lines))
    return "\n\n".join([*parts, LEGEND])


def title_of(kind: str) -> str:
    """Write a condition as a title."""
    return kind if kind == "clean" else f"attacked by {kind.upper()}"


def _rows(scores: pd.DataFrame, kind: str) -> Iterator[tuple[str, list[str]]]:
    """Average over subjects; a score that was not measured is a dash."""
    part = scores[scores["kind"] == kind]
    means = part.groupby(["row", "score"])["value"].mean()
    for row in in_order(part["row"]):
        values = (means.get((row, score), np.nan) for score, _ in COLUMNS)
        yield (
            row,
            [
                "-" if np.isnan(value) else f"{value:.{digits}f}"
                for value, (_, digits) in zip(values, COLUMNS, strict=True)
            ],
        )
