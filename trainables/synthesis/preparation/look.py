"""A picture of what networks will see, with letters of orientation, drawn before any training."""

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainables.runtime.arrays import Floats32
from trainables.runtime.files import replacement
from trainables.synthesis.slices import Split, SubjectSlices

FILE = "seen.png"
SUBJECTS = 4
SIDE = 128  # pixels that a slice is drawn with, at least
WINDOW = (-1000.0, 1500.0)  # HU
GAP, MARGIN = 4, 11
# Five columns and seven rows of each letter, a row a number of five bits.
LETTERS = {
    "R": (30, 17, 17, 30, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "P": (30, 17, 17, 30, 16, 16, 16),
}
HEIGHT, WIDTH = 7, 5
Picture = npt.NDArray[np.uint8]


def draw_look(file: Path, split: Split) -> None:
    """Draw MR, CT and head of some subjects, a row each, as their headers say that they lie.

    Front (A) is up and the patient's right (R) on the left, as radiologists look at heads. Where a
    nose points elsewhere, the headers name the axes wrongly.

    Args:
        file: PNG, written whole or not at all.
        split: Whose first subjects are drawn, by the slice that shows most of the head.
    """
    rows = [_row(subject) for subject in split.widest(SUBJECTS).subjects]
    page = np.concatenate([np.pad(row, ((0, GAP), (0, 0))) for row in rows])
    with replacement(file) as part:
        part.write_bytes(to_png(page))


def to_png(picture: Picture) -> bytes:
    """Encode a grey picture, (H, W)."""
    height, width = picture.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), picture], axis=1)  # no filter
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _row(subject: SubjectSlices) -> Picture:
    """Draw one subject's MR, CT and head side by side."""
    mr, ct = (np.asarray(array[0], dtype=np.float32) for array in (subject.mr, subject.ct))
    low, high = (float(bound) for bound in np.quantile(mr, (0.01, 0.995)))
    head = np.asarray(subject.mask[0], dtype=np.float32)
    panels = (_panel(mr, low, high), _panel(ct, *WINDOW), _panel(head, 0.0, 1.0))
    return np.concatenate([np.pad(panel, ((0, 0), (0, GAP))) for panel in panels], axis=1)


def _panel(values: Floats32, low: float, high: float) -> Picture:
    """Draw one slice, (X, Y) towards right and anterior, with a letter at each side."""
    grey = 255 * ((values - low) / max(high - low, 1e-6)).clip(0, 1)
    picture = grey.T[::-1, ::-1].round().astype(np.uint8)
    times = max(1, -(-SIDE // len(picture)))
    panel = np.pad(picture.repeat(times, axis=0).repeat(times, axis=1), MARGIN)
    height, width = panel.shape
    middle = (height - HEIGHT) // 2, (width - WIDTH) // 2
    for letter, (row, column) in {
        "R": (middle[0], 3),
        "L": (middle[0], width - MARGIN + 3),
        "A": (2, middle[1]),
        "P": (height - MARGIN + 2, middle[1]),
    }.items():
        panel[row : row + HEIGHT, column : column + WIDTH] = _letter(letter)
    return panel


def _letter(name: str) -> Picture:
    bits = np.array(LETTERS[name])[:, None] >> np.arange(WIDTH)[::-1]
    return (255 * (bits & 1)).astype(np.uint8)
