"""Slices on disk, in the numbering that attacks and batches share."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from searchspace.errors import UserError
from trainables.data.grid import Slices, spaced, stacked
from trainables.synthesis.slices import (
    Split,
    SubjectSlices,
    read_split,
    to_hu,
    to_normalised,
    write_split,
)

CPU = torch.device("cpu")


def subject(name: str, depth: int, mark: float, mask: bool = True) -> Slices:
    mr = np.full((depth, 4, 4), mark, dtype=np.float32) + np.arange(depth)[:, None, None]
    ct = np.full((depth, 4, 4), 40.4, dtype=np.float32)
    ct[:, 0] = -1000
    return Slices(name, mr, ct, np.ones((depth, 4, 4), bool) if mask else None, 0.0)


@pytest.fixture
def split(tmp_path):
    write_split(tmp_path, [subject("a", 3, 0), subject("b", 1, 10), subject("c", 2, 20)], {})
    return read_split(tmp_path)


def test_slices_keep_their_subject_and_order(split):
    assert len(split) == 6
    mr, ct = split.batch([0, 2, 3, 5], CPU)
    assert mr.shape == ct.shape == (4, 1, 4, 4)
    assert mr[:, 0, 0, 0].tolist() == [0, 2, 10, 21]
    assert to_hu(ct)[0, 0, :, 0].tolist() == pytest.approx([-1000, 40, 40, 40])


def test_a_network_may_see_neighbours_also_of_the_slices_that_are_left_out(tmp_path):
    whole = subject("a", 5, 0)
    whole = replace(whole, stack=stacked(whole.mr, 1))
    write_split(tmp_path, [spaced(whole, 2)], {})
    (member,) = read_split(tmp_path).subjects
    mr, ct = Split((member,)).batch([0, 1], CPU)
    assert (mr.shape, ct.shape) == ((2, 3, 4, 4), (2, 1, 4, 4))
    assert mr[:, :, 0, 0].tolist() == [[0, 1, 2], [2, 3, 4]]
    assert member.mr[:, 0, 0].tolist() == [1, 3]
    assert Split((member,)).widest(1).batch([0], CPU)[0][0, :, 0, 0].tolist() == [0, 1, 2]
    np.save(tmp_path / "0000_stack.npy", np.zeros((3, 3, 4, 4), np.float16))
    with pytest.raises(UserError, match="is not of the shape of"):
        read_split(tmp_path)


def test_a_slice_beyond_the_last_is_an_error(split):
    with pytest.raises(IndexError):
        split.batch([6], CPU)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, [(0, "a"), (3, "b"), (4, "c")]),  # a larger subject is never cut
        (3, [(0, "a"), (3, "bc")]),
        (4, [(0, "ab"), (4, "c")]),
        (99, [(0, "abc")]),
    ],
)
def test_groups_hold_whole_subjects(split, limit, expected):
    groups = [
        (start, "".join(member.name for member in group)) for start, group in split.groups(limit)
    ]
    assert groups == expected


def test_the_papers_normalisation_maps_its_range_onto_one_around_zero():
    assert to_normalised(torch.tensor([-1000.0, 250.0, 1500.0])).tolist() == [-0.5, 0.0, 0.5]
    assert to_hu(torch.tensor([-0.5, 0.0, 0.5])).tolist() == [-1000.0, 250.0, 1500.0]


def test_arrays_are_mapped_and_not_loaded(split):
    assert all(isinstance(member.mr, np.memmap) for member in split.subjects)


def test_the_digest_depends_on_every_array(tmp_path):
    digests = set()
    for number, (mark, mask) in enumerate([(0, True), (1, True), (0, False)]):
        slices = subject("a", 2, mark, mask)
        digests.add(write_split(tmp_path / str(number), [slices], {}))
    assert len(digests) == 3  # without a mask the head is what the CT shows, which is less


def test_a_subject_without_a_head_is_refused(tmp_path):
    air = Slices("x", np.zeros((1, 4, 4), np.float32), np.full((1, 4, 4), -1000.0), None, 0.0)
    with pytest.raises(UserError, match="subject 'x' shows no head"):
        write_split(tmp_path, [air], {})


def test_the_same_mr_under_two_names_is_refused_even_in_two_splits(tmp_path):
    owners = {}
    write_split(tmp_path / "train", [subject("a", 2, 0)], owners)
    with pytest.raises(UserError, match="'a' and 'b' have the same MR"):
        write_split(tmp_path / "val", [subject("b", 2, 0)], owners)


@pytest.mark.parametrize("hu", [32767.4, 32767.6, 32768.0, 40000.0])
def test_metal_beyond_int16_is_kept_as_the_densest(tmp_path, hu):
    metal = subject("a", 1, 0)
    metal.ct[0, 2, 2] = hu
    write_split(tmp_path, [metal], {})
    ct = read_split(tmp_path).subjects[0].ct
    assert (ct.min(), ct.max()) == (-1000, 32767)


def test_slices_above_and_below_the_head_are_left_out_and_gaps_within_it_stay():
    mask = np.zeros((6, 2, 2), bool)
    mask[[1, 3]] = True
    numbers = np.arange(24).reshape(6, 2, 2)
    subject = SubjectSlices("s", numbers.astype(np.float16), numbers.astype(np.int16), mask)
    trimmed = Split((subject,)).trimmed().subjects[0]
    assert len(trimmed) == 3
    assert np.array_equal(trimmed.ct, numbers[1:4])
    assert trimmed.mr.base is not None  # a view
    empty = SubjectSlices("e", subject.mr, subject.ct, np.zeros_like(mask))
    assert len(empty.trimmed()) == 6
