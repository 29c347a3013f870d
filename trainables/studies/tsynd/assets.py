"""The autoencoder of a run, and those of trials with another seed [tsynd, section 3.1].

An autoencoder is a random object: its seed affects what every trial learns. So it is a function of
images, settings and seed. The run's own is made before the first trial. A trial with another seed,
of a race or a confirmation, makes its own, which is cached for all trials of that seed. It encodes
the images that the trial trains on, which are others with another seed, too.
"""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from searchspace.errors import UserError
from trainables.classification.assets import read_pool, read_splits, to_tensors
from trainables.classification.study import Assets
from trainables.data.dataset import Dataset, Images
from trainables.data.splits import Splits
from trainables.door.arrays import open_arrays
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.generative.autoencoder import AutoencoderSettings, measure_reconstruction
from trainables.generative.frozen_autoencoder import (
    FrozenAutoencoder,
    obtain_autoencoder,
    read_autoencoder,
)
from trainables.runtime.errors import first_line
from trainables.runtime.files import write_atomically
from trainables.saved.frozen import DAMAGES
from trainables.studies.tsynd.settings import TSynDSettings
from trainables.study.study import Say

AUTOENCODER = "autoencoder.safetensors"
UNLABELLED = "unlabelled.npz"  # of older runs: they hold the training images twice
WEIGHTS = "autoencoder.json"  # the digest of its weights
REMEDY = "restore the file, or start a new run"
BATCH = 256  # images that are encoded at a time


@dataclass(frozen=True)
class Codes:
    """A frozen autoencoder, and the codes (N, D, h, w) of the training images in their order."""

    autoencoder: FrozenAutoencoder
    latents: Tensor


def make_autoencoder(
    settings: TSynDSettings, dataset: Dataset, splits: Splits, assets: Path, say: Say
) -> Assets:
    """Train the run's autoencoder, or take it from the cache, and write it for the trials.

    Args:
        settings: Of the run.
        dataset: Opened.
        splits: Of the dataset. The autoencoder sees all official training images except those of
            the ranking split.
        assets: Folder to write into.
        say: Receives the progress.
    """
    device = torch.device(settings.device)
    recipe = AutoencoderSettings(steps=settings.autoencoder_steps, seed=settings.seed)
    images = to_tensors(splits.take(dataset, "autoencoder"), device).images
    autoencoder = obtain_autoencoder(images, recipe, settings.cache, say)
    autoencoder.write(assets / AUTOENCODER)
    weights = autoencoder.weights_digest
    write_atomically(assets / WEIGHTS, json.dumps({"weights": weights}) + "\n")
    val = to_tensors(splits.take(dataset, "val"), device).images
    error = measure_reconstruction(autoencoder.model, val)
    line = (
        f"autoencoder: {len(images)} images, mean absolute error {error.mae:.3f}, "
        f"{error.psnr:.1f} dB on val, {error.codes_used} of {recipe.n_codes} codes in use"
    )
    return Assets(
        digests={"autoencoder": autoencoder.digest, "autoencoder_weights": weights},
        lines=(line,),
        details={"autoencoder_mae": error.mae, "autoencoder_psnr_db": error.psnr},
    )


def codes_of(assets: Path, settings: TSynDSettings, *, decodes: bool) -> Codes:
    """Return the autoencoder of a trial's seed, and the codes of the training images.

    Args:
        assets: Of the run.
        settings: With the trial's seed.
        decodes: Whether the trial decodes images; if not, it takes the run's autoencoder.
    """
    return _read_codes(assets, settings.device, settings.cache, settings.seed, decodes)


@lru_cache(maxsize=2)  # a worker's trials are of one seed, or of a few that take turns
def _read_codes(
    assets: Path,
    device_name: str,
    cache: Path,
    seed: int,
    decodes: bool,  # noqa: FBT001 - a key of the cache
) -> Codes:
    device = torch.device(device_name)
    autoencoder = _read_recorded(assets, device)
    if decodes and seed != autoencoder.settings.seed:
        autoencoder = _of_seed(autoencoder, assets, device, cache, seed)
    # Encoded once: the autoencoder never changes, and every step of every trial starts from these.
    batches = read_splits(assets, device_name, seed).train.images.split(BATCH)
    with torch.no_grad():
        latents = torch.cat([autoencoder.model.quantise(batch.float() / 255) for batch in batches])
    return Codes(autoencoder, latents)


def _read_recorded(assets: Path, device: torch.device) -> FrozenAutoencoder:
    """Read the run's autoencoder, whose weights must be the recorded ones.

    Raises:
        UserError: If they are not, or the file is damaged.
    """
    file, record = assets / AUTOENCODER, assets / WEIGHTS
    try:
        autoencoder = read_autoencoder(file, device)
        recorded = read_json(record)["weights"] if record.is_file() else None
    except DAMAGES as error:
        raise UserError(f"cannot read {file} ({first_line(error)}): {REMEDY}") from error
    if recorded not in {None, autoencoder.weights_digest}:  # older runs recorded none
        raise UserError(f"{file}: not the weights that the run was prepared with: {REMEDY}")
    return autoencoder


def _of_seed(
    run: FrozenAutoencoder, assets: Path, device: torch.device, cache: Path, seed: int
) -> FrozenAutoencoder:
    try:
        images = to_tensors(_pool(assets), device).images
    except FileNotFoundError:  # assets of a run that was prepared before trials had their own
        return run
    return obtain_autoencoder(images, replace(run.settings, seed=seed), cache, lambda _: None)


def _pool(assets: Path) -> Images:
    """Read what the autoencoder may see; older runs have it in a file of its own.

    Raises:
        FileNotFoundError: If the run is older than both.
    """
    file = inside(assets, UNLABELLED)
    if not file.is_file():
        return read_pool(assets)
    with open_arrays(file, limit=None) as arrays:
        pixels = arrays["images"]
    return Images(pixels, np.zeros(len(pixels), dtype=np.int64))
