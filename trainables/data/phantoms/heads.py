"""Paired MR and CT of heads, made here: what a search runs on where no data are named.

A head is drawn from outside in: skin and fat, a skull of two dense tables and marrow between them,
fluid, grey and white matter, ventricles, and air in sinuses and mastoids. MR does not determine HU
pixel by pixel: dense bone and air are both dark, marrow and white matter both bright, and gain,
contrast and a smooth bias field differ between subjects. A network has to look at the context.

As in `trainables.data.phantoms.lesions`, only operations that every machine rounds alike make the
images, so that a seed means the same heads everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import fsum
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.data.volumes import PARTS, Subject, Volume

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]

# (HU, MR signal of a T1-weighted image) of a tissue
AIR = (-1000.0, 0.0)
SKIN = (40.0, 0.5)
FAT = (-90.0, 1.0)
TABLE = (1400.0, 0.05)
MARROW = (450.0, 0.8)
FLUID = (8.0, 0.2)
GREY = (38.0, 0.5)
WHITE = (28.0, 0.8)
CALCIFIED = (350.0, 0.1)

REACH_MM = 36.0  # of the slices, to each side of the middle
CT_NOISE_HU, MR_NOISE = 12.0, 0.025


@dataclass(frozen=True)
class PhantomSubject:
    """A head that is made when it is loaded.

    Attributes:
        number: From 0; the head is the same however many there are.
        size: Voxels along X and along Y.
        slices: Along Z.
        field_mm: What the size covers.
        seed: Another seed, other heads.
    """

    number: int
    size: int
    slices: int
    field_mm: float
    seed: int

    @property
    def name(self) -> str:
        """Such as ``p007``."""
        return f"p{self.number:03d}"

    def digests(self) -> dict[str, str]:
        """Return a SHA-256 of what the head is made from, by part."""
        return {part: sha256(f"{part} of {self}".encode()).hexdigest() for part in PARTS}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each axis."""
        return self.size, self.size, self.slices

    def load(self) -> Volume:
        """Make the volume."""
        rng = np.random.Generator(np.random.PCG64([self.seed, self.number]))
        spacing = self.field_mm / self.size
        gap = 2 * REACH_MM / max(1, self.slices - 1)
        head = _Head(rng)
        heights = gap * (np.arange(self.slices) - (self.slices - 1) / 2) + _between(rng, -3, 3)
        slices = [head.draw(self.size, spacing, float(z)) for z in heights]
        ct, mr, inside = (np.stack(part, axis=2) for part in zip(*slices, strict=True))
        ct += CT_NOISE_HU * _bell(rng, ct.shape)
        mr = head.measure(mr, rng)
        return Volume(
            mr=mr.astype(np.float32),
            ct=np.rint(ct).astype(np.float32),
            mask=inside >= 0.5,
            spacing=(spacing, spacing, gap),
        )


def phantom_subjects(
    count: int, size: int, slices: int, field_mm: float, seed: int
) -> tuple[PhantomSubject, ...]:
    """List phantom heads; none is made yet.

    Args:
        count: How many; the first ones are the same whatever the count.
        size: Voxels along X and along Y.
        slices: Along Z.
        field_mm: What the size covers, in mm.
        seed: Another seed, other heads.
    """
    return tuple(PhantomSubject(k, size, slices, field_mm, seed) for k in range(count))


def write_nifti(subjects: Sequence[Subject], root: Path, say: Say) -> None:
    """Write subjects as `trainables.data.volumes.open_folder` reads them.

    Args:
        subjects: Loaded one after the other.
        root: A new or empty folder.
        say: Takes a line at the end.

    Raises:
        UserError: If the folder is not empty or cannot be written to.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise UserError(f"the folder {root} is not empty: name a new one")
        for subject in subjects:
            _write(subject, root / subject.name)
    except OSError as error:
        raise UserError(f"cannot write to {root}: {error.strerror or error}") from None
    say(f"{len(subjects)} subjects in {root}")


def _write(subject: Subject, folder: Path) -> None:
    volume, affine = subject.load(), np.eye(4)
    affine[:3, :3] = np.diag(volume.spacing)
    folder.mkdir()
    parts: dict[str, npt.NDArray[np.generic]] = {"mr": volume.mr, "ct": _compact(volume.ct)}
    if volume.mask is not None:
        parts["mask"] = volume.mask.astype(np.uint8)
    for part, array in parts.items():
        image = nib.nifti1.Nifti1Image(array, affine)
        image.header.set_xyzt_units("mm")
        nib.save(image, folder / f"{part}.nii.gz")


def _compact(ct: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | npt.NDArray[np.int16]:
    """Return the same values as int16 where it holds them."""
    limits = np.iinfo(np.int16)
    exact = (ct == np.rint(ct)) & (limits.min <= ct) & (ct <= limits.max)
    return ct.astype(np.int16) if exact.all() else ct


class _Head:
    """What is the same in all slices of a head; lengths in mm, angles as their tangents' halves."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.width, self.length = _between(rng, 68, 80), _between(rng, 84, 100)
        self.shift = _between(rng, -6, 6), _between(rng, -6, 6)
        half = _between(rng, -0.1, 0.1)  # tangent of half the angle by which the head is turned
        self.turn = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
        self.skin, self.fat = _between(rng, 1.5, 2.5), _between(rng, 1.5, 5.0)
        self.table, self.marrow = _between(rng, 1.5, 2.6), _between(rng, 1.5, 4.5)
        self.fluid, self.grey = _between(rng, 1.0, 3.5), _between(rng, 4.0, 7.0)
        self.waves = rng.random((4, 8)) * 2 - 1
        self.ventricle = _between(rng, 3.0, 7.0), _between(rng, 14, 24), _between(rng, 5, 9)
        self.sinus = _between(rng, 6, 16), _between(rng, 4, 8), _between(rng, -30, 0)
        self.mastoid = _between(rng, 6, 12), _between(rng, -30, -8)
        self.nose = _between(rng, 8, 14), _between(rng, -34, -14)
        self.calcified = _between(rng, 0, 4), _between(rng, -10, 20)

    def draw(self, size: int, spacing: float, z: float) -> tuple[Floats, Floats, Floats]:
        """Draw HU, MR signal and the share of head of a slice, (X, Y) each.

        Args:
            size: Pixels along X and along Y.
            spacing: Millimetres between pixels.
            z: Height of the slice above the middle of the head, in mm.
        """
        axis = (np.arange(size) - (size - 1) / 2) * spacing
        x0, y0 = axis[:, None] - self.shift[0], axis[None, :] - self.shift[1]
        x, y = x0 * self.turn[0] + y0 * self.turn[1], y0 * self.turn[0] - x0 * self.turn[1]
        narrow = float(np.sqrt(1 - (z / 115) * (z / 115)))
        width, length = self.width * narrow, self.length * narrow
        radius = np.sqrt((x / width) ** 2 + (y / length) ** 2) + 1e-9
        far = np.sqrt(x * x + y * y) + 1e-9
        waves = [_waves(x / far, y / far, row) for row in self.waves]
        depth = (1 + 0.02 * waves[0] - radius) * far / radius  # mm below the skin
        canvas = _Canvas(depth.shape, spacing)
        canvas.fill(depth, SKIN)
        start = canvas.layer(depth, self.skin, FAT)
        start = canvas.layer(depth, start + self.fat * (1 + 0.4 * waves[1]), TABLE)
        marrow = self.marrow * (1 + 0.5 * waves[2])
        start = canvas.layer(depth, start + self.table, MARROW)
        start = canvas.layer(depth, start + marrow, TABLE)
        skull = start  # where the inner table begins
        start = canvas.layer(depth, start + self.table, FLUID)
        start = canvas.layer(depth, start + self.fluid, GREY)
        canvas.layer(depth, start + self.grey * (1 + 0.6 * waves[3]), WHITE)
        self._draw_inside(canvas, x, y, z)
        thick = fsum(np.ravel(skull).tolist()) / np.size(skull)  # in any order the same sum
        self._draw_air(canvas, (x, y), (width, length), z, thick)
        return canvas.hu, canvas.signal, canvas.inside

    def measure(self, signal: Floats, rng: np.random.Generator) -> Floats:
        """Turn the signal (X, Y, Z) into what a scanner shows: bias, contrast, noise, gain."""
        size, slices = signal.shape[0], signal.shape[2]
        axis = (np.arange(size) + 0.5) / size * 2 - 1
        slope = [_between(rng, -0.2, 0.2) for _ in range(3)]
        bias = 1 + slope[0] * axis[:, None] + slope[1] * axis[None, :]
        bias = bias[:, :, None] * (1 + slope[2] * (np.arange(slices) / max(1, slices) - 0.5))
        contrast = _between(rng, -0.3, 0.5)
        biased = signal * (1 + contrast * (1 - signal)) * bias
        real = biased + MR_NOISE * _bell(rng, biased.shape)
        imaginary = MR_NOISE * _bell(rng, biased.shape)
        magnitude: Floats = np.sqrt(real * real + imaginary * imaginary)
        return magnitude * _between(rng, 200, 900)

    def _draw_inside(self, canvas: "_Canvas", x: Floats, y: Floats, z: float) -> None:
        wide, long, apart = self.ventricle
        if z > -15:
            for side in (-1, 1):
                canvas.ellipse(x - side * (apart + 0.15 * (y - 4) * side), y - 4, wide, long, FLUID)
        small, height = self.calcified
        if small > 1 and (z - height) ** 2 < 300:
            canvas.ellipse(x, y + 18, small, small, CALCIFIED)

    def _draw_air(
        self, canvas: "_Canvas", grid: tuple[Floats, Floats], axes: tuple[float, float], z: float,
        skull: float,
    ) -> None:  # fmt: skip
        (x, y), (width, length) = grid, axes
        wide, deep, top = self.sinus
        if z < top:
            canvas.ellipse(x - 2, y - (length - skull - 1), wide, 0.8 * deep, AIR)
        small, top = self.mastoid
        if z < top:
            for side in (-1, 1):
                canvas.ellipse(
                    x - side * (width - skull - 2), y + 0.35 * length, small / 2, small, AIR
                )
        small, top = self.nose
        if z < top:
            canvas.ellipse(x, y - 0.62 * length, small, 1.3 * small, AIR)


class _Canvas:
    """HU, signal and share of head of a slice; painting averages over a pixel's area."""

    def __init__(self, shape: tuple[int, ...], pixel: float) -> None:
        self.pixel = pixel
        self.hu, self.signal = np.full(shape, AIR[0]), np.full(shape, AIR[1])
        self.inside = np.zeros(shape)

    def fill(self, depth: Floats, tissue: tuple[float, float]) -> None:
        """Paint all below the surface, which is the head."""
        self.inside = self._paint(depth, tissue)

    def layer(
        self, depth: Floats, start: Floats | float, tissue: tuple[float, float]
    ) -> Floats | float:
        """Paint all from a depth on.

        Args:
            depth: Of each pixel below the skin, in mm, (X, Y).
            start: Where the layer begins, in mm below the skin.
            tissue: HU and MR signal.

        Returns:
            The start.
        """
        self._paint(depth - start, tissue)
        return start

    def ellipse(
        self, x: Floats, y: Floats, wide: float, long: float, tissue: tuple[float, float]
    ) -> None:
        """Paint an ellipse around the origin of the coordinates.

        Args:
            x: Of each pixel, in mm, (X, Y).
            y: Of each pixel, in mm, (X, Y).
            wide: Half axis along x, in mm.
            long: Half axis along y, in mm.
            tissue: HU and MR signal.
        """
        radius = np.sqrt((x / wide) ** 2 + (y / long) ** 2) + 1e-9
        far = np.sqrt(x * x + y * y) + 1e-9
        self._paint((1 - radius) * far / radius, tissue)

    def _paint(self, depth: Floats, tissue: tuple[float, float]) -> Floats:
        share: Floats = np.clip(depth / self.pixel + 0.5, 0.0, 1.0)
        self.hu += share * (tissue[0] - self.hu)
        self.signal += share * (tissue[1] - self.signal)
        return share


def _waves(cos: Floats, sin: Floats, weights: Floats) -> Floats:
    """Sum waves of 2 to 5 periods around the head, weighted from -1 to 1: from about -1 to 1."""
    total, real, imaginary = np.zeros_like(cos), cos, sin
    for order in range(4):
        real, imaginary = real * cos - imaginary * sin, real * sin + imaginary * cos
        total = total + weights[2 * order] * real + weights[2 * order + 1] * imaginary
    return total / 2


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def _bell(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw sums of uniform numbers, of mean 0 and variance 1: nearly normal."""
    a, b, c, d = rng.random((4, *shape))
    bell: Floats = (a + b + c + d - 2) * np.sqrt(3.0)
    return bell
