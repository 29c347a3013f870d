"""Disturbances as perturbations: which there are, and that a turned head is judged as it lies."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.corruptions.mr import DISTURBANCES, disturb
from trainables.runtime.seeding import derive
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.robustness.disturbances import ROTATION, STRENGTHS, Turned, disturbance
from trainables.synthesis.slices import Split, SubjectSlices, to_normalised

CPU = torch.device("cpu")


def head(size=48):
    """A round head with an eccentric bone, whose MR is its normalised CT."""
    axis = np.arange(size) - (size - 1) / 2
    far = np.hypot(axis[:, None], axis[None, :])
    ct = np.where(far < 18, 40, -1000).astype(np.int16)
    ct[30:36, 20:26] = 800
    mr = to_normalised(torch.from_numpy(ct.astype(np.float32))).numpy().astype(np.float16)
    return SubjectSlices("round", mr[None], ct[None], (far < 18)[None])


def test_a_network_that_turns_with_the_head_errs_no_more():
    """And one that always predicts the upright head does."""
    split = Split((head(),))
    upright = split.batch([0], CPU)[1]

    class Upright(nn.Module):
        def forward(self, images):
            return upright.expand_as(images)

    turned = [disturbance(ROTATION, degrees, 0) for degrees in STRENGTHS[ROTATION]]
    errors = [
        [float(scores["mae_head"][0]) for scores in score_subjects(network, split, turned, CPU)]
        for network in (nn.Identity(), Upright())
    ]
    assert max(errors[0]) < 2
    assert errors[1][1] > errors[1][0] > 10


def test_all_else_leaves_the_truth_where_it_is():
    assert set(STRENGTHS) == {*DISTURBANCES, ROTATION}
    mr, ct = torch.rand(2, 1, 16, 16), torch.zeros(2, 1, 16, 16)
    numbers = torch.tensor([5, 6])
    perturb = disturbance("bias field", 0.4, 3)
    assert not isinstance(perturb, Turned)
    expected = disturb("bias field", mr, 0.4, derive(3, 5))
    assert torch.equal(perturb(mr, ct, numbers), expected)


@pytest.mark.parametrize("kind", STRENGTHS)
def test_neighbouring_slices_are_disturbed_as_well(kind):
    mr = torch.rand(2, 3, 16, 16)
    ct, numbers = torch.zeros(2, 1, 16, 16), torch.tensor([0, 1])
    disturbed = disturbance(kind, STRENGTHS[kind][-1], 0)(mr, ct, numbers)
    assert disturbed.shape == mr.shape
    changes = (disturbed - mr).abs().amax(dim=(0, 2, 3))
    assert (changes > 0).all()
