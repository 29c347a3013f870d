"""MetaImage files, ``.mha`` and ``.mhd``, as SynthRAD2025 comes in them; needs no SimpleITK.

A header in text gives size, spacing, origin and the direction of each axis, towards left,
posterior, superior; then come the voxels, the first axis fastest, maybe packed by zlib. An ``.mhd``
names a file beside it that holds the voxels.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError

SUFFIXES = (".mha", ".mhd")
HEADER_BYTES = 2**16
LOCAL = "LOCAL"
TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
YES = "true"


@dataclass(frozen=True, eq=False)
class Header:
    """What a file says before its voxels.

    Attributes:
        shape: Voxels along each axis, three.
        affine: From voxel numbers to mm towards right, anterior, superior, (4, 4).
        dtype: Of a voxel.
        packed: Whether the voxels are packed by zlib.
        source: The file that holds the voxels.
        start: Bytes of that file before them.
    """

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64]
    dtype: np.dtype[np.generic]
    packed: bool
    source: Path
    start: int


def is_metaimage(file: Path) -> bool:
    """Tell by its name whether a file is a MetaImage."""
    return file.name.lower().endswith(SUFFIXES)


def read_header(file: Path) -> Header:
    """Read what a file says of its voxels; none of them is read.

    Raises:
        UserError: If it is no MetaImage of real numbers along two or three axes, in mm.
        OSError: If it cannot be read.
        ValueError: If a number of it is none.
    """
    with file.open("rb") as stream:
        start = stream.read(HEADER_BYTES)
    fields, end = _fields(start)
    if "ElementDataFile" not in fields or "DimSize" not in fields:
        raise UserError(
            f"{file} is no MetaImage: it does not say its size, or where its voxels are"
        )
    kind = fields.get("ElementType", "")
    channels = int(fields.get("ElementNumberOfChannels", "1"))
    if kind not in TYPES or channels != 1:
        raise UserError(f"{file} holds {channels} x {kind or 'nothing'}: expected real numbers")
    if fields.get("DistanceUnits", "mm") not in {"mm", "?"}:
        raise UserError(f"{file} counts {fields['DistanceUnits']}: expected mm")
    if int(fields.get("HeaderSize", "0")) != 0:
        raise UserError(f"{file} skips a part of its data: save it without HeaderSize")
    sizes = tuple(int(size) for size in fields["DimSize"].split())
    if len(sizes) not in {2, 3} or min(sizes) < 1:
        raise UserError(f"{file} has shape {sizes}: expected voxels along three axes")
    order = ">" if fields.get("BinaryDataByteOrderMSB", "").lower() == YES else "<"
    source, offset = _source(file, fields["ElementDataFile"], end)
    x, y, z = (*sizes, 1)[:3]
    return Header(
        shape=(x, y, z),
        affine=LPS_TO_RAS @ _affine(fields, len(sizes)),
        dtype=np.dtype(order + TYPES[kind]),
        packed=fields.get("CompressedData", "").lower() == YES,
        source=source,
        start=offset,
    )


def read_array(header: Header) -> npt.NDArray[np.generic]:
    """Read all voxels as they are stored, (X, Y, Z) along the file's own axes.

    Raises:
        OSError: If the file cannot be read.
        EOFError: If it ends too early.
        zlib.error: If what is packed is damaged.
    """
    with header.source.open("rb") as stream:
        stream.seek(header.start)
        body = stream.read()
    expected = prod(header.shape) * header.dtype.itemsize
    if header.packed:
        unpacker = zlib.decompressobj()
        body = unpacker.decompress(body, expected)
        if len(body) == expected and not unpacker.eof:
            unpacker.decompress(unpacker.unconsumed_tail, 1)  # reads the checksum
    if len(body) < expected:
        raise EOFError(f"it ends after {len(body)} of {expected} bytes")
    return np.frombuffer(body, header.dtype, prod(header.shape)).reshape(header.shape, order="F")


def _fields(start: bytes) -> tuple[dict[str, str], int]:
    """Read the lines of a header; the line that says where the voxels are is its last."""
    fields: dict[str, str] = {}
    position = 0
    while "ElementDataFile" not in fields:
        end = start.find(b"\n", position)
        line, equals, value = start[position:end].partition(b"=")
        if end < 0 or not equals:
            return {}, 0
        fields[line.strip().decode("latin-1")] = value.strip().decode("utf-8", "replace")
        position = end + 1
    return fields, position


def _source(file: Path, name: str, end: int) -> tuple[Path, int]:
    """Return the file of the voxels, which lies beside its header, and where they begin."""
    if name == LOCAL:
        return file, end
    if Path(name).name != name or name in {"", "..", "LIST"}:
        raise UserError(f"{file} says that its voxels are in '{name}': name one file beside it")
    return file.parent / name, 0


def _affine(fields: Mapping[str, str], count: int) -> npt.NDArray[np.float64]:
    """Return the affine towards left, posterior, superior; each axis has a row of directions."""

    def numbers(names: tuple[str, ...], default: npt.ArrayLike) -> npt.NDArray[np.float64]:
        texts = (fields[name] for name in names if name in fields)
        text = next(texts, None)
        return np.array(default if text is None else text.split(), dtype=np.float64)

    spacing = numbers(("ElementSpacing", "ElementSize"), np.ones(count))
    origin = numbers(("Offset", "Position", "Origin"), np.zeros(count))
    rows = numbers(("TransformMatrix", "Rotation", "Orientation"), np.eye(count))
    affine = np.eye(4)
    affine[:count, :count] = (rows.reshape(count, count) * spacing.reshape(count, 1)).T
    affine[:count, 3] = origin.reshape(count)
    return affine
