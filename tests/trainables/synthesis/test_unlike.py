"""An MR that is unlike those of training: what is refused, and what is said."""

import numpy as np
import pytest

from trainables.data.grid import standardise, to_grid
from trainables.data.phantoms.heads import phantom_subjects
from trainables.data.volumes import open_folder
from trainables.saved.checkpoint import UNetCard
from trainables.synthesis.slices import SubjectSlices
from trainables.synthesis.unlike import (
    check_grid,
    describe,
    measure_head,
    share_of_blocks,
    unlike,
    unlike_heads,
)

CARD = UNetCard(architecture="plain 4 8", kernels="square", size=64, field_mm=256.0)


def notes_of(mr):
    return unlike(mr, standardise(mr, "whole"), (4.0, 4.0, 3.0), CARD)


def noise(kind, shape=(64, 64, 3)):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, *shape))
    values = 100 + 20 * first if kind == "Gaussian" else 50 * np.hypot(first, second)
    return values.astype(np.float32)


@pytest.mark.parametrize("kind", ["Gaussian", "Rician"])
@pytest.mark.parametrize("shape", [(64, 64, 1), (40, 50, 3), (200, 220, 4)])
def test_noise_is_named(kind, shape):
    assert "its MR looks like noise" in notes_of(noise(kind, shape))[0]


@pytest.mark.parametrize("size", [40, 64, 128])
def test_a_head_is_no_noise_also_with_a_few_bright_voxels(size):
    mr = phantom_subjects(1, size, 3, 256.0, 0)[0].load().mr.copy()
    share = share_of_blocks(mr)
    assert share > 0.5
    mr[::20, ::20] = 50 * mr.max()
    assert share_of_blocks(mr) > 0.5


def test_of_tiny_slices_nothing_is_said_and_a_single_bright_voxel_is_no_head():
    assert np.isnan(share_of_blocks(noise("Rician", (20, 20, 3))))
    mr = np.zeros((64, 64, 1), np.float32)
    mr[5, 5] = 1
    assert share_of_blocks(mr) == 0


@pytest.mark.parametrize(
    ("shape", "spacing", "message"),
    [
        ((64, 64, 1), (40.0, 40.0, 1.0), "has voxels of 40 mm, the network pixels of 4 mm"),
        ((64, 64, 1), (1.0, 80.0, 1.0), "has voxels of 80 mm"),
        ((64, 64, 1), (0.1, 0.1, 1.0), "covers 6.4 x 6.4 mm, the network a field of 256 mm"),
    ],
)
def test_a_grid_that_shows_nothing_of_a_head_is_refused(shape, spacing, message):
    with pytest.raises(ValueError, match=message):
        check_grid(shape, spacing, CARD)


@pytest.mark.parametrize(
    ("shape", "spacing", "words"),
    [
        ((64, 64, 9), (4.0, 4.0, 5.0), None),
        ((32, 32, 9), (10.0, 10.0, 5.0), "coarser than those of training"),
        ((64, 256, 9), (1.0, 1.0, 5.0), "most of that is filled"),
        ((256, 256, 9), (1.0, 1.0, 50.0), "its slices are 50 mm apart"),
    ],
)
def test_a_grid_that_shows_less_is_named(shape, spacing, words):
    notes = check_grid(shape, spacing, CARD)
    assert len(notes) == (words is not None)
    assert words is None or words in notes[0]


PHANTOMS = [subject.load().mr for subject in phantom_subjects(4, 64, 3, 256.0, 0)]


def lopsided(seed):
    """A head that is its own mirror image along the first axis alone, with noise."""
    x, y = np.mgrid[:64, :64] - 31.5
    head = (x / 18) ** 2 + (y / 24) ** 2 < 1
    front = head & (y > 8) & (abs(x) < 7)
    noise = np.random.default_rng(seed).normal(size=(64, 64, 1))
    return (100.0 * head[:, :, None] + 100 * front[:, :, None] + 5 * noise).astype(np.float32)


def seen(mr, side=4.0, size=64):
    """Bring an MR onto the pixels of a network."""
    normal = standardise(mr, "whole")
    return to_grid(normal, (side, side, 3.0), size, 256.0, float(normal.min()))


def card_of(mrs, **fields):
    subjects = [
        SubjectSlices(str(number), mr.astype(np.float16), mr, mr > 0)
        for number, mr in enumerate(mrs)
    ]
    size = mrs[0].shape[-1]
    return CARD.model_copy(update={"size": size, "heads": describe(subjects, 256 / size), **fields})


def with_gamma(mr, power):
    return ((mr - mr.min()) / np.ptp(mr)) ** power


@pytest.mark.parametrize("left_right", ["first", "second"])
def test_a_head_whose_axes_are_exchanged_is_named(left_right):
    mrs = [lopsided(seed) for seed in range(4)]
    right, wrong = [seen(mr) for mr in mrs], [seen(mr.swapaxes(0, 1)) for mr in mrs]
    if left_right == "second":
        right, wrong = wrong, right
    card = card_of(right[:3])
    assert card.heads.left_right == left_right
    assert unlike_heads(right[3], card) == ()
    (note,) = unlike_heads(wrong[3], card)
    assert "left and right look exchanged with back and front" in note


def test_a_card_of_an_earlier_version_tells_the_axis_by_its_mirror_and_nothing_else():
    right, wrong = seen(lopsided(0)), seen(lopsided(0).swapaxes(0, 1))
    assert unlike_heads(wrong, CARD) == ()
    card = CARD.model_copy(update={"mirrored": "first"})
    assert unlike_heads(right, card) == ()
    assert "exchanged" in unlike_heads(wrong, card)[0]
    assert unlike_heads(seen(lopsided(0), 2.0), card) == ()


def test_phantoms_are_alike_along_both_axes_and_none_is_named():
    card = card_of([seen(mr) for mr in PHANTOMS])
    assert card.heads.left_right is None
    assert unlike_heads(seen(PHANTOMS[0].swapaxes(0, 1)), card) == ()


@pytest.mark.parametrize("side", [2.0, 2.8, 6.0])
def test_a_head_of_another_size_in_mm_is_named(side):
    card = card_of([seen(mr) for mr in PHANTOMS])
    assert any(
        "check the voxel size" in note for note in unlike_heads(seen(PHANTOMS[0], side), card)
    )


def test_the_extent_of_an_ellipse_is_its_diameter():
    x, y = np.mgrid[:128, :128] - 63.5
    head = ((x / 50) ** 2 + (y / 32) ** 2 < 1).astype(np.float32)
    measured = measure_head(head[None], 2.0)
    assert measured.extent_mm == pytest.approx(2 * 2 * np.sqrt(50 * 32), rel=0.01)
    assert measure_head(np.zeros_like(head[None]), 2.0) is None
    assert unlike_heads(np.zeros_like(head[None]), CARD) == ()


def test_other_grey_values_are_named():
    mrs = [seen(mr) for mr in PHANTOMS]
    card = card_of(mrs)
    assert unlike_heads(3 * mrs[0] + 7, card) == ()
    (note,) = unlike_heads(with_gamma(mrs[0], 6.0), card)
    assert "distributed otherwise" in note


@pytest.mark.shared_data
@pytest.mark.parametrize("trained", ["1BA", "1BB"])
def test_of_real_heads_none_that_is_right_is_named_and_those_that_are_wrong_are(
    shared_data, trained
):
    """Whichever of the two hospitals trained, of the heads of both."""
    subjects = open_folder(shared_data / "mrct")
    volumes = {subject.name: subject.load() for subject in subjects}
    mrs = {name: seen(volume.mr, 1.0) for name, volume in volumes.items()}
    card = card_of([mr for name, mr in mrs.items() if name.startswith(trained)][:32])
    assert card.heads.left_right == "second"
    assert [name for name, mr in mrs.items() if unlike_heads(mr, card)] == []
    for make, least in (
        (lambda volume: seen(volume.mr.swapaxes(0, 1), 1.0), 0.95),
        (lambda volume: seen(volume.mr, 0.6), 0.95),
        (lambda volume: seen(volume.mr, 1.5), 0.95),
        (lambda volume: seen(volume.ct, 1.0), 0.95),
    ):
        named = [bool(unlike_heads(make(volume), card)) for volume in volumes.values()]
        assert np.mean(named) >= least
