"""One NIfTI or MetaImage file, read for what it is: compressed or not, its checksum, units, axes.

Whether a file is compressed is told by its first bytes, not by its name. nibabel stops at the last
voxel and never reads the checksum of gzip, which comes after it; here the whole file is read.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError
from nibabel.orientations import (
    apply_orientation,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)
from nibabel.spatialimages import HeaderDataError

from searchspace.errors import UserError
from trainables.data.metaimage import is_metaimage, read_array, read_header
from trainables.runtime.errors import first_line
from trainables.runtime.files import cannot_write, replacement

GZIP = b"\x1f\x8b"
HEAD_BYTES = 540  # of NIfTI-2; NIfTI-1 has 348
# A file whose content was not fetched: what it begins with, and the command that fetches it.
POINTERS = {b"version https://git-lfs": "git lfs pull", b"/annex/objects/": "git annex get"}
# The codes of NIfTI's field xyzt_units, in mm. Most files without a code count mm.
UNITS = {0: ("no unit", 1.0), 1: ("metres", 1e3), 2: ("mm", 1.0), 3: ("microns", 1e-3)}
CANONICAL = np.array([[0, 1], [1, 1], [2, 1]])  # towards right, anterior, superior
UNIT_BITS = 7  # the other bits are the unit of time
LEAST_MM, MOST_MM = 0.01, 100.0  # beyond these, along X or Y, the unit is not what the header says

BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    OverflowError,
    ValueError,
    ImageFileError,
    HeaderDataError,
)
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the voxels of a file lie; axes towards right, anterior, superior.

    Attributes:
        shape: Voxels along each axis.
        affine: From voxel numbers to mm, (4, 4).
    """

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres from one voxel to the next, along each axis."""
        x, y, z = voxel_sizes(self.affine).tolist()
        return x, y, z

    def distance(self, reference: "Grid") -> float:
        """Return the longest way, in mm, from a voxel of this grid to the same one of another."""
        corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(self.shape) - 1)
        apart = np.c_[corners, np.ones(len(corners))] @ (self.affine - reference.affine).T
        return float(np.linalg.norm(apart[:, :3], axis=1).max())


def _named(read: Callable[[Path], Result]) -> Callable[[Path], Result]:
    """Make every error of a reader one line that begins with the file."""

    @wraps(read)
    def reader(file: Path) -> Result:
        try:
            return read(file)
        except UserError:
            raise
        except BROKEN as error:
            raise UserError(f"{file} cannot be read ({first_line(error)}): copy it anew") from None

    return reader


@_named
def read_grid(file: Path) -> Grid:
    """Read where the voxels lie from a file's header; no voxel is read.

    Trailing axes of one voxel are dropped, and a picture of two axes gets a third.

    Raises:
        UserError: If the file cannot be read, or holds no real numbers along three axes, or its
            affine or unit places no voxel.
    """
    if is_metaimage(file):
        header = read_header(file)
        if not _places_voxels(header.affine):
            raise UserError(f"{file} has directions that place no voxel: repair its header")
        return _closest(header.shape, header.affine)
    head = _head(file)
    kind = _kind(head).header_class
    header = kind(head[: kind.template_dtype.itemsize])
    stored = header.get_data_shape()
    shape = _squeezed(stored)
    if len(shape) != 3 or min(shape) < 1:
        raise UserError(f"{file} has shape {stored}: expected voxels along three axes")
    if (dtype := header.get_data_dtype()).kind not in "iuf":
        raise UserError(f"{file} holds voxels of {dtype}: expected real numbers")
    affine = header.get_best_affine()
    if not _places_voxels(affine):
        raise UserError(f"{file} has an affine that places no voxel: repair its header")
    return _closest(shape, _in_millimetres(affine, header, file))


def _closest(shape: tuple[int, ...], affine: npt.NDArray[np.float64]) -> Grid:
    """Order the axes towards right, anterior, superior."""
    orientation = io_orientation(affine)
    x, y, z = (shape[axis] for axis in np.argsort(orientation[:, 0]))
    return Grid((x, y, z), affine @ inv_ornt_aff(orientation, shape))


@_named
def read_voxels(file: Path) -> npt.NDArray[np.float32]:
    """Read all voxels, (X, Y, Z) towards right, anterior, superior.

    Raises:
        UserError: If the file is damaged, also where only its checksum tells, or holds NaN.
    """
    image = _image(file)
    if (shape := _squeezed(image.shape)) != image.shape:
        squeezed = np.asanyarray(image.dataobj).reshape(shape)
        image = image.__class__(squeezed, image.affine, image.header)
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes infinite
        array = np.asarray(nib.as_closest_canonical(image).get_fdata(dtype=np.float32))
    if not np.isfinite(array).all():
        raise UserError(f"{file} holds NaN or infinite voxels: fill them or leave it out")
    return array


def write_like(file: Path, values: npt.NDArray[np.int16], reference: Path) -> None:
    """Write voxels with shape, axes, affine and units of another file, whole or not at all.

    Args:
        file: ``.nii.gz``.
        values: (X, Y, Z) towards right, anterior, superior, as `read_voxels` returns them.
        reference: The file whose grid the voxels have.

    Raises:
        UserError: If the reference cannot be read, or the file cannot be written.
    """
    model = _image(reference)
    axes = io_orientation(model.affine)
    stored = apply_orientation(values, ornt_transform(CANONICAL, axes)).reshape(model.shape)
    image = nib.nifti1.Nifti1Image(stored.astype(np.int16), model.affine)
    for set_form, form in ((image.set_sform, "sform_code"), (image.set_qform, "qform_code")):
        set_form(model.affine, int(model.header[form]) or 1)
    image.header["xyzt_units"] = model.header["xyzt_units"]
    try:
        with replacement(file) as part:
            part.write_bytes(gzip.compress(image.to_bytes(), compresslevel=5))
    except OSError as error:
        raise cannot_write(file, error) from error


@_named
def _image(file: Path) -> Any:  # noqa: ANN401 - nibabel is untyped
    """Read a file as nibabel does; a MetaImage as the NIfTI that it would be."""
    if is_metaimage(file):
        head = read_header(file)
        values = read_array(head).astype(np.float32)
        image = nib.nifti1.Nifti1Image(values, head.affine)
        image.header.set_xyzt_units("mm")
        return image
    body = _body(file)
    image = _kind(body).from_bytes(body)
    stored = image.dataobj
    expected = stored.offset + prod(stored.shape) * stored.dtype.itemsize
    if len(body) < expected:
        raise EOFError(f"it ends after {len(body)} of {expected} bytes")
    return image


@_named
def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        UserError: If it cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@_named
def check_body(file: Path) -> None:
    """Read a file to its end.

    Raises:
        UserError: If it is damaged.
    """
    if is_metaimage(file):
        read_array(read_header(file))
    else:
        _body(file)


def _head(file: Path) -> bytes:
    """Read the first bytes, unpacked."""
    with file.open("rb") as stream:
        start = stream.read(len(GZIP))
        stream.seek(0)
        if start != GZIP:
            return _fetched(stream.read(HEAD_BYTES), file)
        with gzip.GzipFile(fileobj=stream) as unpacked:
            return unpacked.read(HEAD_BYTES)


def _body(file: Path) -> bytes:
    """Read all bytes, unpacked; where they are packed, their number and checksum are compared."""
    body = file.read_bytes()
    return gzip.decompress(body) if body.startswith(GZIP) else _fetched(body, file)


def _fetched(body: bytes, file: Path) -> bytes:
    """Return the bytes of a file that holds more than a pointer to its content."""
    for start, command in POINTERS.items():
        if body.startswith(start):
            raise UserError(f"{file} only points to its content: fetch it with '{command}'")
    if not body:
        raise EOFError("it is empty")
    return body


def _kind(body: bytes) -> Any:  # noqa: ANN401 - nibabel is untyped
    """Return nibabel's class of images, NIfTI-1 or 2, by the size that the header states.

    Raises:
        EOFError: If the file ends within the header.
    """
    stated = [int.from_bytes(body[:4], order) for order in ("little", "big")]
    kind = nib.Nifti2Image if HEAD_BYTES in stated else nib.Nifti1Image
    if len(body) < kind.header_class.template_dtype.itemsize:
        raise EOFError(f"it ends after {len(body)} bytes, within the header")
    return kind


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    return (*shape, 1) if len(shape) == 2 else shape


def _places_voxels(affine: npt.NDArray[np.float64]) -> bool:
    if not np.isfinite(affine).all():
        return False
    return not np.isnan(io_orientation(affine)).any()  # NaN: two axes are one


def _in_millimetres(
    affine: npt.NDArray[np.float64],
    header: Any,  # noqa: ANN401 - nibabel is untyped
    file: Path,
) -> npt.NDArray[np.float64]:
    """Turn an affine into mm by the unit of the header.

    Raises:
        UserError: If the unit is none, or makes voxels that no scanner has.
    """
    code = int(header["xyzt_units"]) & UNIT_BITS
    if code not in UNITS:
        raise UserError(
            f"{file} counts in a unit of code {code}, which NIfTI lacks: set xyzt_units to mm (2)"
        )
    name, factor = UNITS[code]
    scaled = affine if factor == 1 else np.diag([factor, factor, factor, 1.0]) @ affine
    x, y, _ = voxel_sizes(scaled)
    if min(x, y) < LEAST_MM or max(x, y) > MOST_MM:
        raise UserError(
            f"{file} has voxels of {x:.3g} x {y:.3g} mm, as its header counts in {name}: correct "
            "xyzt_units or the affine"
        )
    return scaled
