"""A subject's CT on its own voxels: written, read, and what predictions score there."""

import json

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data.grid import to_slices
from trainables.data.volumes import Volume
from trainables.metrics.synthesis import head_mask, measure
from trainables.synthesis.native import read_native, write_native


def head(size=32, slices=2):
    """A ball of soft tissue with a shell of bone, in voxels of 1 mm, without a mask."""
    axes = np.indices((size, size, slices)) - (size - 1) / 2
    distance = np.hypot(axes[0], axes[1])
    ct = np.where(distance < size / 3, 40.0, -1000.0).astype(np.float32)
    ct[(distance < size / 3) & (distance > size / 3 - 2)] = 900.0
    return Volume(ct + 1000, ct, None, (1.0, 1.0, 2.0))


def test_what_was_written_is_read_with_a_computed_head(tmp_path):
    volume = head()
    write_native(tmp_path, 3, volume, 32.0)
    native = read_native(tmp_path, 3)
    assert np.array_equal(native.ct, volume.ct.astype(np.int16))
    assert native.spacing == (1.0, 1.0, 2.0)
    assert native.field_mm == 32.0
    assert np.array_equal(native.truth.head, head_mask(np.moveaxis(volume.ct, 2, 0)))
    assert read_native(tmp_path, 0) is None


def test_pixels_as_wide_as_voxels_lose_nothing_and_wider_ones_do(tmp_path):
    volume = head()
    write_native(tmp_path, 0, volume, 32.0)
    native = read_native(tmp_path, 0)
    errors = []
    for size in (32, 16, 8):
        perfect = to_slices("s", volume, size, 32.0).ct
        errors.append(measure(native.on_voxels(perfect), native.truth)["mae_head"])
    assert errors[0] == 0
    assert 0 < errors[1] < errors[2]


def test_damaged_files_are_one_line(tmp_path):
    write_native(tmp_path, 0, head(), 32.0)
    file = tmp_path / "0000_native.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(about | {"spacing": [1.0]}), encoding="utf-8")
    with pytest.raises(UserError, match="are damaged"):
        read_native(tmp_path, 0)
    file.write_text(json.dumps(about), encoding="utf-8")
    np.save(tmp_path / "0000_native_head.npy", np.ones((2, 2, 2), dtype=bool))
    with pytest.raises(UserError, match="not of one shape"):
        read_native(tmp_path, 0)
