"""From volumes to the network's grid."""

import numpy as np
import pytest

from trainables.data.grid import Slices, overlaps, spaced, stacked, to_slices
from trainables.data.volumes import Volume


def volume(shape=(6, 8, 2), spacing=(1.0, 1.0, 5.0), seed=0, mask=True):
    rng = np.random.default_rng(seed)
    mr = rng.normal(300, 100, shape).astype(np.float32)
    ct = rng.uniform(-1000, 1500, shape).astype(np.float32)
    return Volume(mr, ct, rng.random(shape) < 0.7 if mask else None, spacing)


def z_score(mr):
    return (mr - mr.mean(dtype=float)) / mr.std(dtype=float)


def test_pixels_as_large_as_voxels_crop_and_pad_exactly():
    """6 x 8 voxels of 1 mm in a field of 8 x 8 mm: padded by one along x, whole along y."""
    slices = to_slices("a", subject := volume((6, 8, 2)), 8, 8.0)
    assert slices.mr.shape == slices.ct.shape == slices.mask.shape == (2, 8, 8)
    np.testing.assert_array_equal(slices.ct[:, 1:7], np.moveaxis(subject.ct, 2, 0))
    np.testing.assert_array_equal(slices.mask[:, 1:7], np.moveaxis(subject.mask, 2, 0))
    np.testing.assert_allclose(
        slices.mr[:, 1:7], np.moveaxis(z_score(subject.mr), 2, 0), rtol=1e-5, atol=1e-6
    )
    assert (slices.ct[:, [0, 7]] == -1000).all()
    assert not slices.mask[:, [0, 7]].any()
    np.testing.assert_allclose(slices.mr[:, [0, 7]], z_score(subject.mr).min(), rtol=1e-5)
    assert slices.lost == 0.0


def test_cropping_takes_the_centre():
    slices = to_slices("a", subject := volume((10, 8, 1)), 4, 4.0)
    np.testing.assert_array_equal(slices.ct[0], subject.ct[3:7, 2:6, 0])
    assert slices.lost == pytest.approx(1 - subject.mask[3:7, 2:6].sum() / subject.mask.sum())


@pytest.mark.parametrize(("voxels", "first"), [(9, 2), (7, 1), (5, 0)])
def test_an_odd_difference_starts_at_the_lower_voxel(voxels, first):
    shares = overlaps(voxels, 1.0, 4, 4.0)
    assert shares.shape == (4, voxels)
    np.testing.assert_array_equal(shares.argmax(axis=1), np.arange(first, first + 4))
    assert set(np.unique(shares)) == {0.0, 1.0}


@pytest.mark.parametrize("spacing", [np.float32(256 / 96), 256 / 96 * 0.99999, 256 / 96 * 1.00001])
def test_a_header_that_rounds_the_spacing_keeps_the_crop_exact(spacing):
    subject = volume((100, 90, 2), (float(spacing), float(spacing), 5.0))
    slices = to_slices("a", subject, 96, 256.0)
    np.testing.assert_array_equal(slices.ct[:, :, 3:93], np.moveaxis(subject.ct[2:98], 2, 0))
    assert slices.lost == pytest.approx(
        1 - subject.mask[2:98].sum() / subject.mask.sum(), abs=1e-12
    )


def test_pixels_that_are_larger_by_little_are_resampled():
    shares = overlaps(100, 1.0, 100, 101.0)
    assert ((shares > 0).sum(axis=1)[1:-1] > 1).all()


def test_what_resampling_loses_is_counted_by_area():
    ct = np.zeros((10, 10, 1), np.float32)  # 15 x 15 mm of tissue, 12 x 12 mm of them in the field
    mr = np.arange(100, dtype=np.float32).reshape(ct.shape)
    slices = to_slices("a", Volume(mr, ct, None, (1.5, 1.5, 1.0)), 3, 12.0)
    assert slices.lost == pytest.approx(1 - 144 / 225)


def test_larger_pixels_are_means_of_the_voxels_they_cover():
    slices = to_slices("a", subject := volume((8, 8, 1)), 4, 8.0)
    blocks = subject.ct[:, :, 0].reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(slices.ct[0], blocks, rtol=1e-4, atol=0.05)
    shares = subject.mask[:, :, 0].reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(slices.mask[0], shares >= 0.5)


def test_fractional_overlaps_conserve_what_lies_inside():
    """Each voxel inside the field gives away exactly its own area."""
    shares = overlaps(7, 1.3, 5, 20.0)  # 9.1 mm of image in the middle of 20 mm
    np.testing.assert_allclose(shares.sum(axis=0) * 20 / 5, 1.3)
    shares = overlaps(20, 1.0, 3, 10.0)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_unequal_spacing_is_made_equal():
    """The same square drawn with oblong voxels is a square on the grid."""
    ct = np.full((16, 8, 1), -1000, np.float32)  # 16 x 1 mm, 8 x 2 mm: 16 x 16 mm
    ct[4:12, 2:6] = 100
    mr = np.where(ct > 0, 1, 0).astype(np.float32)
    slices = to_slices("a", Volume(mr, ct, None, (1.0, 2.0, 3.0)), 16, 16.0)
    expected = np.full((16, 16), -1000)
    expected[4:12, 4:12] = 100
    np.testing.assert_allclose(slices.ct[0], expected, atol=1e-3)
    assert slices.mask is None


def test_the_z_score_is_of_the_whole_volume_whatever_is_cropped():
    subject = volume((12, 12, 3))
    full, cropped = to_slices("a", subject, 12, 12.0), to_slices("a", subject, 4, 4.0)
    np.testing.assert_array_equal(cropped.mr, full.mr[:, 4:8, 4:8])
    assert float(full.mr.mean()) == pytest.approx(0, abs=1e-5)
    assert float(full.mr.std()) == pytest.approx(1, rel=1e-5)


def test_without_a_mask_tissue_beyond_the_field_is_what_is_lost():
    ct = np.full((8, 8, 1), -1000, np.float32)
    ct[0:4, 2:6] = 0  # two of its four rows lie outside the field of 4 mm
    mr = np.arange(64, dtype=np.float32).reshape(8, 8, 1)
    assert to_slices("a", Volume(mr, ct, None, (1.0, 1.0, 1.0)), 4, 4.0).lost == 0.5


@pytest.mark.parametrize(
    ("count", "rows"), [(1, [5]), (3, [3, 5, 7]), (6, [2, 3, 4, 5, 6, 7]), (9, [2, 3, 4, 5, 6, 7])]
)
def test_slices_are_spaced_evenly_over_the_head(count, rows):
    mr = np.arange(10, dtype=np.float32)[:, None, None].repeat(4, axis=1).repeat(4, axis=2)
    mask = np.zeros(mr.shape, dtype=bool)
    mask[2:8, 1:3, 1:3] = True
    sample = spaced(Slices("s", mr, mr - 1000, mask, 0.0), count)
    assert sample.mr[:, 0, 0].tolist() == rows
    assert sample.mask.any(axis=(1, 2)).all()
    ct = np.where(mask, 0.0, -1000.0).astype(np.float32)
    assert spaced(Slices("s", mr, ct, None, 0.0), count).mr[:, 0, 0].tolist() == rows


def test_neighbours_of_the_first_and_last_slice_are_these_again():
    mr = np.arange(4, dtype=np.float32).reshape(4, 1, 1)
    assert stacked(mr, 1)[:, :, 0, 0].tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
    assert stacked(mr, 2)[0, :, 0, 0].tolist() == [0, 0, 0, 1, 2]
    assert stacked(mr, 0).shape == (4, 1, 1, 1)
