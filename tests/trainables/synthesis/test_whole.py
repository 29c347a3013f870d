"""Whole volumes: what the network saw goes back to where it came from."""

import json
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from trainables.data.grid import from_slices, to_grid, to_slices
from trainables.data.phantoms.heads import phantom_subjects
from trainables.data.volumes import Volume
from trainables.saved.checkpoint import Heads, UNetCard
from trainables.synthesis.whole import grid_error, native_mae, synthesise


class Same(nn.Module):
    """Predicts the normalised MR as normalised CT."""

    def forward(self, images):
        return images


class Listening(nn.Module):
    """Keeps what it is fed, and predicts its middle slice."""

    def forward(self, images):
        self.fed = images.numpy().copy()
        return images[:, images.shape[1] // 2][:, None]


def means(values, axis, voxel_mm, card):
    """Section "What a network is fed" of docs/robmednas.md: means over pixels, along one axis."""
    count, width = values.shape[axis], card["field_mm"] / card["size"] / voxel_mm
    start = (count - card["size"]) // 2 if width == 1 else (count - width * card["size"]) / 2
    edges = start + width * np.arange(card["size"] + 1)
    sums = np.insert(np.cumsum(values, axis), 0, 0, axis)
    at = [np.interp(edges, np.arange(count + 1), line) for line in np.moveaxis(sums, axis, -1)
          .reshape(-1, count + 1)]  # fmt: skip
    shape = np.moveaxis(sums, axis, -1).shape[:-1]
    return np.moveaxis(np.diff(at, axis=-1).reshape(*shape, -1) / width, -1, axis)


def fed_by_the_docs(mr, spacing, card):
    """Section "What a network is fed" of docs/robmednas.md, steps 2 to 4; `card` is JSON."""
    mr = mr.astype(np.float64)
    counts, edges = np.histogram(mr, 256)
    middles, below = (edges[1:] + edges[:-1]) / 2, np.cumsum(counts)[:-1]
    low = np.cumsum(counts * middles)[:-1] / below
    high = ((counts * middles).sum() - low * below) / (mr.size - below)
    tissue = mr[mr > edges[1 + np.argmax(below * (mr.size - below) * (high - low) ** 2)]]
    percentiles = np.percentile(tissue, (5, 50, 95))
    centre, scale = {
        "whole": (mr.mean(), mr.std()),
        "tissue": (tissue.mean(), tissue.std()),
        "percentiles": (percentiles[1], (percentiles[2] - percentiles[0]) / 3.29),
    }[card["normalisation"]]
    normal = (mr - centre) / scale
    pixels = means(means(normal - normal.min(), 0, spacing[0], card), 1, spacing[1], card)
    slices = np.moveaxis(pixels + normal.min(), 2, 0)
    reach = card["neighbours"]
    rows = np.arange(len(slices))[:, None] + np.arange(-reach, reach + 1)
    return slices[rows.clip(0, len(slices) - 1)]


@pytest.mark.parametrize("normalisation", ["whole", "tissue", "percentiles"])
@pytest.mark.parametrize("side", [1.0, 4.0, 1.7, 6.0])  # of a voxel; pixels are 4 mm
def test_what_the_docs_say_is_what_a_network_is_fed(normalisation, side):
    mr = phantom_subjects(1, 50, 3, 256.0, 0)[0].load().mr[:, :47]
    fields = card(size=64, field_mm=256.0, normalisation=normalisation, neighbours=1)
    network = Listening()
    outcome = synthesise(network, fields, mr, (side, side, 3.0))
    written = json.loads(fields.model_dump_json())
    expected = fed_by_the_docs(mr, (side, side), written)
    np.testing.assert_allclose(network.fed, expected, atol=2e-4)
    if side == 4:  # pixels are voxels: 50 x 47 of 64 x 64
        hu = expected[:, 1, 7:57, 9:56] * written["scale_hu"] + written["centre_hu"]
        stored = np.clip(np.moveaxis(hu, 0, 2), -1024, 3071)
        np.testing.assert_allclose(outcome.ct, stored, atol=1.1)


def test_a_card_says_where_that_is_written_and_the_section_is_there():
    title = card().preprocessing.split("'")[1]
    docs = Path(__file__).parents[3] / "docs" / "robmednas.md"
    assert f"### {title}\n" in docs.read_text(encoding="utf-8")


def card(**values):
    fields = {"architecture": "plain 4 8", "kernels": "square", "size": 16, "field_mm": 16.0}
    return UNetCard(**fields | values)


def volume(shape=(20, 12, 3)):
    return np.random.default_rng(0).random(shape).astype(np.float32)


def test_where_pixels_are_voxels_the_way_there_and_back_is_exact():
    """Cropped along one axis, padded along the other."""
    values, spacing = volume(), (1.0, 1.0, 3.0)
    back = from_slices(to_grid(values, spacing, 16, 16.0, -9.0), values.shape, spacing, 16.0, -7.0)
    np.testing.assert_array_equal(back[2:18], values[2:18])
    assert (np.concatenate([back[:2], back[18:]]) == -7).all()


def test_a_ramp_survives_coarser_pixels():
    ramp = np.broadcast_to(np.arange(32, dtype=np.float32)[:, None, None], (32, 32, 2)).copy()
    spacing = (1.0, 1.0, 1.0)
    back = from_slices(to_grid(ramp, spacing, 16, 32.0, 0.0), ramp.shape, spacing, 32.0, 0.0)
    np.testing.assert_allclose(back[1:-1], ramp[1:-1], atol=1e-4)


def test_hu_are_whole_within_what_scanners_store_and_air_outside():
    mr = volume()
    outcome = synthesise(Same(), card(scale_hu=1e5), mr, (1.0, 1.0, 1.0))
    assert outcome.ct.dtype == np.int16
    assert (outcome.ct.min(), outcome.ct.max()) == (-1024, 3071)
    assert (outcome.ct[0] == -1000).all()


def test_what_the_card_says_of_hu_is_what_is_done():
    mr = volume((16, 16, 1))
    normal = (mr - mr.mean()) / mr.std()
    outcome = synthesise(Same(), card(centre_hu=100.0, scale_hu=50.0), mr, (1.0, 1.0, 1.0))
    np.testing.assert_allclose(outcome.ct, 100 + 50 * normal, atol=0.51)


def test_a_volume_without_contrast_is_refused():
    with pytest.raises(ValueError, match="everywhere"):
        synthesise(Same(), card(), np.ones((4, 4, 1), np.float32), (1.0, 1.0, 1.0))


def test_a_head_beyond_the_field_and_another_contrast_are_said():
    mr = np.zeros((40, 40, 2), np.float32)
    mr[4:36, 4:36] = 1 + 0.1 * volume((32, 32, 2))
    (note,) = synthesise(Same(), card(), mr, (1.0, 1.0, 1.0)).notes
    assert "75% of its tissue lies outside the field of 16 mm" in note
    fitting = card(size=40, field_mm=40.0)
    assert synthesise(Same(), fitting, mr, (1.0, 1.0, 1.0)).notes == ()
    (note,) = synthesise(
        Same(), card(size=40, field_mm=40.0, tissue=3.0), mr, (1.0, 1.0, 1.0)
    ).notes
    assert "another contrast" in note


def test_the_error_is_that_of_the_mask_or_of_the_head_that_the_ct_shows():
    truth = np.full((8, 8, 1), -1000, np.float32)
    truth[2:6, 2:6] = 40
    ct = np.zeros(truth.shape, np.int16)
    mask = np.zeros(truth.shape, bool)
    mask[0] = True
    assert native_mae(ct, truth, mask) == 1000
    assert native_mae(ct, truth, None) == 40


def test_a_perfect_network_is_off_where_pixels_are_coarser_than_voxels():
    ct = np.full((32, 32, 1), -1000, np.float32)
    ct[8:24, 8:24] = 40
    ct[9:23:2, 8:24] = 1040  # stripes of one voxel, which pixels of two cannot show
    subject = Volume(mr=ct + 1001, ct=ct, mask=ct > -500, spacing=(1.0, 1.0, 1.0))
    errors = [grid_error(subject, to_slices("s", subject, size, 32.0), 32.0) for size in (32, 16)]
    assert errors[0] == 0
    assert errors[1] > 200


def test_a_border_as_bright_as_tissue_is_named():
    mr = np.zeros((16, 16, 2), dtype=np.float32)
    mr[4:12, 4:12] = 100 + 20 * volume((8, 8, 2))
    assert synthesise(Same(), card(), mr, (1.0, 1.0, 1.0)).notes == ()
    (note,) = synthesise(Same(), card(), mr.max() - mr, (1.0, 1.0, 1.0)).notes
    assert note.startswith("100% of its border is as bright as tissue: an inverted contrast")


def test_a_grid_that_the_network_cannot_take_is_refused_and_a_coarse_one_named():
    with pytest.raises(ValueError, match="too coarse"):
        synthesise(Same(), card(), volume(), (5.0, 5.0, 5.0))
    notes = synthesise(Same(), card(), volume(), (3.0, 3.0, 5.0)).notes
    assert "coarser than those of training" in notes[0]


def test_a_head_of_another_size_than_those_of_training_is_among_the_notes():
    usual = Heads(left_right=None, extent_mm=(150.0, 190.0), quartiles=(-0.7, 0.0, 0.7))
    mr = phantom_subjects(1, 64, 1, 256.0, 0)[0].load().mr
    sizes = {"size": 64, "field_mm": 256.0}
    for heads, count in ((usual, 1), (None, 0)):
        notes = synthesise(Same(), card(heads=heads, **sizes), mr, (2.0, 2.0, 3.0)).notes
        assert sum("check the voxel size" in note for note in notes) == count
