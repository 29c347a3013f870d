"""Left and right, as the heads show them."""

import numpy as np
import pytest

from trainables.data.grid import to_slices
from trainables.data.volumes import open_folder
from trainables.synthesis.slices import Split, SubjectSlices
from trainables.synthesis.training.axes import asymmetries, find_left_right


def head(seed, *, exchanged=False):
    """A head that is symmetric along its first axis, with a nose along the second."""
    rng = np.random.default_rng(seed)
    ct = np.full((24, 24), -1000, np.int16)
    ct[6:18, 3:21] = 40
    ct[10:14, 3:8] = -1000 + rng.integers(0, 50)
    ct[6:18, 19:21] = 900
    mask = np.zeros((24, 24), bool)
    mask[6:18, 3:21] = True
    if exchanged:
        ct, mask = ct.T, mask.T
    return SubjectSlices(str(seed), ct[None].astype(np.float16), ct[None].copy(), mask[None].copy())


def split(count, exchanged):
    return Split(tuple(head(seed, exchanged=seed < exchanged) for seed in range(count)))


def test_a_head_differs_from_its_mirror_image_front_to_back_alone():
    subject = head(0)
    first, second = asymmetries(subject.ct[0].astype(np.float32), subject.mask[0])
    assert first == 0 < second


@pytest.mark.parametrize(
    ("count", "exchanged", "axis"),
    [(8, 0, "first"), (8, 5, "first"), (8, 6, "second"), (8, 8, "second"), (3, 3, "first")],
)
def test_headers_are_believed_unless_most_heads_say_otherwise(count, exchanged, axis):
    chosen, notes = find_left_right(split(count, exchanged), "auto")
    assert chosen == axis
    assert len(notes) == (axis == "second")
    if notes:
        assert notes[0].startswith(f"in {exchanged} of {count} subjects")


def test_what_the_user_says_stays():
    assert find_left_right(split(8, 8), "first") == ("first", ())


def test_phantom_heads_and_their_headers_agree(heads):
    assert find_left_right(heads.data.train, "auto")[0] == "first"


@pytest.mark.shared_data
def test_the_shared_slices_have_their_axes_exchanged(shared_data):
    """Their headers call front-to-back left-to-right."""
    subjects = []
    for subject in open_folder(shared_data / "mrct")[:12]:
        slices = to_slices(subject.name, subject.load(), 96, 256.0)
        ct = np.rint(slices.ct).astype(np.int16)
        subjects.append(SubjectSlices(subject.name, slices.mr.astype(np.float16), ct, slices.mask))
    assert find_left_right(Split(tuple(subjects)), "auto")[0] == "second"
