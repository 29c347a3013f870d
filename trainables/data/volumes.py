"""Pairs of MR and CT volumes on disk, one folder a subject, as NIfTI.

Opening a folder reads headers only; a subject's voxels are read when it is loaded.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from searchspace.errors import UserError

SUFFIXES = (".nii", ".nii.gz")
TOLERANCE_MM = 1e-3  # by which affines of one subject may differ
# A CT in HU holds air, so values below -200, none below what scanners pad with, and tissue above
# 0 up to metal. Images in [0, 1], [-1, 1], 0..255 or with 1000 or 1024 added hold none below -200.
LEAST_HU, AIR_HU, TISSUE_HU, MOST_HU = -4096.0, -200.0, 0.0, 32768.0

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
class Volume:
    """A subject's voxels, axes towards right, anterior, superior.

    Attributes:
        mr: float32 (X, Y, Z), as stored.
        ct: float32 (X, Y, Z), HU.
        mask: The head, (X, Y, Z); None where there is none.
        spacing: Millimetres between voxels, along each axis.
    """

    mr: npt.NDArray[np.float32]
    ct: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_] | None
    spacing: tuple[float, float, float]


class Subject(Protocol):
    """One of whom there is an MR and a CT."""

    @property
    def name(self) -> str:
        """What the subject is called; no other is called so."""

    def load(self) -> Volume:
        """Read or make the volume."""


@dataclass(frozen=True)
class FolderSubject:
    """A subject's files.

    Attributes:
        name: The folder's.
        mr: NIfTI file.
        ct: NIfTI file.
        mask: NIfTI file of the head, not 0 inside; or None.
    """

    name: str
    mr: Path
    ct: Path
    mask: Path | None

    def load(self) -> Volume:
        """Read the voxels.

        Raises:
            UserError: If a file is damaged, the MR or CT holds NaN, the MR is constant, the mask
                empty, or the CT not in HU: it must reach below -200 and above 0, and stay within
                -4096 and 32768.
        """
        image = _read(self, self.mr, _open)
        mr, ct = (self._voxels(file) for file in (self.mr, self.ct))
        if mr.min() == mr.max():
            raise self._fault(self.mr, f"is {mr.min():g} everywhere: it shows nothing")
        low, high = float(ct.min()), float(ct.max())
        if not (LEAST_HU <= low < AIR_HU and TISSUE_HU < high <= MOST_HU):
            raise self._fault(
                self.ct, f"runs from {low:g} to {high:g}, which is not HU: air is -1000, bone 1000"
            )
        mask = None
        if self.mask is not None:
            mask = self._voxels(self.mask) != 0
            if not mask.any():
                raise self._fault(self.mask, "is empty: leave it out or mark the head")
        spacing = voxel_sizes(image.affine).tolist()
        return Volume(mr, ct, mask, (spacing[0], spacing[1], spacing[2]))

    def check(self) -> None:
        """Check what the headers tell: dimensions, shapes and positions.

        Raises:
            UserError: With the subject, the file and what is wrong.
        """
        reference = None
        for file in filter(None, (self.mr, self.ct, self.mask)):
            image = _read(self, file, _open)
            if image.ndim != 3 or min(image.shape) < 1:
                raise self._fault(
                    file, f"has shape {image.shape}: expected voxels along three axes"
                )
            if (kind := image.get_data_dtype()).kind not in "iuf":
                raise self._fault(file, f"holds voxels of {kind}: expected real numbers")
            if not _places_voxels(image):
                raise self._fault(file, "has an affine that places no voxel: repair its header")
            if reference is None:
                reference = image
            elif image.shape != reference.shape:
                raise self._fault(
                    file, f"has shape {image.shape}, {self.mr.name} {reference.shape}: "
                    "register them to one grid"
                )  # fmt: skip
            elif not np.allclose(image.affine, reference.affine, rtol=0, atol=TOLERANCE_MM):
                raise self._fault(
                    file, f"has another affine than {self.mr.name}: register them to one grid"
                )

    def _voxels(self, file: Path) -> npt.NDArray[np.float32]:
        array = _read(self, file, lambda path: np.asarray(_open(path).get_fdata(dtype=np.float32)))
        if not np.isfinite(array).all():
            raise self._fault(file, "holds NaN or infinite voxels: fill them or leave it out")
        return array

    def _fault(self, file: Path, what: str) -> UserError:
        return UserError(f"subject '{self.name}': {file} {what}")


def open_folder(root: Path) -> tuple[FolderSubject, ...]:
    """Open a folder that holds one folder a subject, sorted by name; the layout of SynthRAD2023.

    Files are ``mr``, ``ct`` and optionally ``mask``, each ``.nii`` or ``.nii.gz``. Anything else is
    ignored: other files, hidden folders, and folders of other things only, such as the pictures in
    SynthRAD2023's ``overview``.

    Raises:
        UserError: If there are no subjects, or one lacks a file or has files that do not pair.
    """
    if not root.is_dir():
        raise UserError(f"there is no folder {root}: name one that holds a folder for each subject")
    try:
        folders = sorted(child for child in root.iterdir() if _may_be_subject(child))
    except OSError as error:
        raise UserError(f"cannot list {root}: {error.strerror or error}") from None
    if not folders:
        raise UserError(
            f"no subjects in {root}: expected folders that hold mr.nii.gz and ct.nii.gz"
        )
    subjects = tuple(_subject(folder) for folder in folders)
    for subject in subjects:
        subject.check()
    return subjects


def _may_be_subject(path: Path) -> bool:
    if not path.is_dir() or path.name.startswith("."):
        return False
    files = [file.name for file in path.iterdir()]
    # An empty folder may be one whose copying failed: `_subject` says what it lacks.
    return not files or any(name.endswith(SUFFIXES) for name in files)


def _subject(folder: Path) -> FolderSubject:
    parts: dict[str, Path | None] = {}
    for part in ("mr", "ct", "mask"):
        files = [file for suffix in SUFFIXES if (file := folder / f"{part}{suffix}").is_file()]
        if len(files) > 1:
            raise UserError(
                f"subject '{folder.name}': both {files[0].name} and {files[1].name} "
                f"in {folder}: remove one"
            )
        parts[part] = files[0] if files else None
    mr, ct = parts["mr"], parts["ct"]
    if mr is None or ct is None:
        missing = "mr" if mr is None else "ct"
        raise UserError(
            f"subject '{folder.name}' has no {missing}: expected {missing}.nii or "
            f"{missing}.nii.gz in {folder}"
        )
    return FolderSubject(folder.name, mr, ct, parts["mask"])


def _open(file: Path) -> Any:  # noqa: ANN401 - nibabel is untyped
    """Open an image with axes towards right, anterior, superior; trailing axes of 1 are dropped."""
    image = nib.load(file)
    shape = image.shape
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or not _places_voxels(image):  # `check` says so
        return image
    if shape != image.shape:
        squeezed = np.asanyarray(image.dataobj).reshape(shape)
        image = image.__class__(squeezed, image.affine, image.header)
    return nib.as_closest_canonical(image)


def _places_voxels(image: Any) -> bool:  # noqa: ANN401 - nibabel is untyped
    if not np.isfinite(image.affine).all():
        return False
    return not np.isnan(nib.io_orientation(image.affine)).any()  # NaN: two axes are one


def _read(subject: FolderSubject, file: Path, read: Callable[[Path], Result]) -> Result:
    try:
        return read(file)
    except BROKEN as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"subject '{subject.name}': {file} cannot be read ({first}): copy it anew"
        ) from None
