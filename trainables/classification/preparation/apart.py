"""Test images are apart from those by which earlier runs chose what a run starts from.

The splits of a dataset are official and the same in all runs, but a file can be rearranged. So
images of two runs are compared by their pixels, of which every run keeps digests of 8 bytes.

A set may have 200 000 images, and what a run starts from is written into its plan. That is the name
of the set alone, a SHA-256; its digests lie in this user's cache under this name. Where both runs
have the same training and validation images, which is the rule, the name says all.

Official splits may share images. A test image that is also a training or validation image of the
same run is no finding here: it is recorded as a near copy, and test is scored with and without it.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from searchspace.errors import UserError
from trainables.classification.assets import ARRAYS, LEFT_OUT, SPLITS, TRIAL_SPLITS, pixels_of
from trainables.data.copies.contents import PixelDigests, pixel_digests
from trainables.data.splits import SplitName, Splits
from trainables.door.arrays import map_array, open_arrays, write_array
from trainables.door.paths import inside
from trainables.runtime.files import cannot_write
from trainables.runtime.folders import cache_folder

FOLDER = "served"  # of the cache: digests of the images that served in runs


def used_items(assets: Path) -> tuple[str, ...]:
    """Return the name of the set of images that could train, choose or rank in a run.

    Its digests are kept in this user's cache.

    Args:
        assets: Of the run.

    Raises:
        UserError: If the images are missing or damaged, or the cache cannot be written to.
    """
    served = _served(assets)
    name = _name(served)
    if _kept(name) is None:
        folder = cache_folder() / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_array(folder / f"{name}.npy", served)
        except OSError as error:
            raise cannot_write(folder, error) from error
    return (name,)


def check_apart(assets: Path, items: Collection[str]) -> None:
    """Refuse test images that were used before.

    Args:
        assets: Of the run that keeps them as test.
        items: Of `used_items` of the runs that it starts from.

    Raises:
        UserError: If there is one, or it is not known what a run used.
    """
    served, test = _served(assets), pixels_of(assets)["test"]
    names = set(items) - {_name(served)}
    used = np.zeros(len(test), np.bool_)
    for name in sorted(names):
        earlier = _kept(name)
        if earlier is None:
            raise UserError(
                f"what a run that this one starts from used is not known here (set {name[:12]}): "
                "name that run with --warm-start, or search without its configs"
            )
        used |= np.isin(test, earlier)
    used &= ~np.isin(test, served)
    if used.any():
        raise UserError(
            f"{np.count_nonzero(used)} of {len(test)} test images of this run trained, chose or "
            "ranked in a run that it starts from: give the dataset as that run had it, or do "
            "without its configs (--warm-start, --tuned)"
        )


def check_model(
    assets: Path, model: Path, option: str, *, allow_unknown: bool = False
) -> str | None:
    """Refuse a saved classifier that trained, or chose its epoch, on what ranks or is test here.

    What is made with it would carry these images into training. A classifier whose images are not
    known is refused, too, unless the user vouches for it by another option.

    Args:
        assets: Of the run.
        model: Folder of the classifier: of a trial, or the best of a run or of a confirmation.
        option: That names the model, for messages.
        allow_unknown: Whether the user gave ``--allow-unknown-`` and the option's name.

    Returns:
        A sentence where it is not known on what it trained, for the record.

    Raises:
        UserError: If an image is in both, or it is not known whether one is.
    """
    origin = _origin(model.resolve())
    if origin is None:
        unknown = f"on which images {model} trained is not known"
        allowance = f"--allow-unknown-{option.removeprefix('--')}"
        if not allow_unknown:
            raise UserError(
                f"{unknown}, so that {option} may carry ranking or test images into training: name "
                "it where its run has it (RUN/best, RUN/trials/t001), or, if you know that none of "
                f"them is among its images, add {allowance}"
            )
        return (
            f"{unknown}, which {allowance} allows: what ranks and what is test here must not be "
            f"among them, or {option} carries them into training"
        )
    own, used = (
        np.concatenate([_pixels(folder, "autoencoder"), _pixels(folder, "val")])
        for folder in (assets, origin)
    )
    used = np.setdiff1d(used, own)  # what the run itself has twice is a near copy
    for split in ("ranking", "test"):
        count = np.count_nonzero(np.isin(_pixels(assets, split), used))
        if count:
            raise UserError(
                f"{model} trained, or chose its epoch, on {count} {split} images of this run: give "
                f"the --seed and --fraction of its run, or another {option}"
            )
    return None


def _origin(model: Path) -> Path | None:
    """Return the assets of the run whose trial, or best, a model is; None where that is not known.

    Trainings of a confirmation lie deeper in the folder of their run, and train on its assets. A
    copy that was put elsewhere says nothing of where it comes from, in the folder of a run neither;
    and what a record beside it says is no path to follow.
    """
    if model.name != "best" and model.parent.name != "trials":
        return None
    assets = [folder / "assets" for folder in model.parents]
    origin = next((folder for folder in assets if (folder / SPLITS).is_file()), None)
    return origin if origin is not None and pixels_of(origin) else None


def _pixels(assets: Path, split: SplitName) -> PixelDigests:
    """Return the digests of the images of a split of a run."""
    splits = Splits.load(inside(assets, SPLITS))
    digests: PixelDigests = pixels_of(assets)[splits.origin(split)][getattr(splits, split)]
    return digests


def _served(assets: Path) -> PixelDigests:
    """Return the digests of all images that may train, choose or rank, rising."""
    recorded = pixels_of(assets)
    parts = [recorded["train"], recorded["val"]] if recorded else _of_images(assets)
    return np.unique(np.concatenate(parts))


def _of_images(assets: Path) -> list[PixelDigests]:
    try:
        with open_arrays(inside(assets, ARRAYS), limit=None) as arrays:
            parts = [pixel_digests(arrays[f"{split}_images"]) for split in TRIAL_SPLITS]
        if (assets / LEFT_OUT).is_file():
            with open_arrays(inside(assets, LEFT_OUT), limit=None) as arrays:
                parts.append(pixel_digests(arrays["images"]))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: restore it, or search again") from None
    return parts


def _name(served: PixelDigests) -> str:
    return hashlib.sha256(served.astype("<u8").tobytes()).hexdigest()


def _kept(name: str) -> PixelDigests | None:
    """Read the digests of a set from the cache; None where they are not there as they were."""
    try:
        served = map_array(inside(cache_folder(), FOLDER, f"{name}.npy"))
    except (OSError, UserError):
        return None
    return served if served.dtype == np.uint64 and _name(served) == name else None
