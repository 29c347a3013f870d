from dataclasses import replace

import numpy as np
import pytest
import torch
from masked_synthesis import UNSTEADY, pathologies
from torch import nn

from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.study.examination import Exam
from trainables.synthesis.constant import constant_error
from trainables.synthesis.native import Native
from trainables.synthesis.robustness.disturbances import STRENGTHS
from trainables.synthesis.robustness.examination import (
    SIGMAS,
    VOXELS,
    VOXELS_ATTACKED,
    examine_synthesis,
)
from trainables.synthesis.slices import Split, SubjectSlices, to_hu

CPU = torch.device("cpu")
EPS = (0.0, 0.1, 0.3)
SIZE = 8


class Slope(nn.Module):
    """Predicts the MR itself as normalised CT."""

    def forward(self, images):
        return images


def heads(count):
    """Make subjects of one slice, whose CT is what `Slope` predicts of their MR, and 100 HU."""
    random = np.random.default_rng(0)
    subjects = []
    for number in range(count):
        mr = (0.2 * random.random((1, SIZE, SIZE))).astype(np.float16)
        predicted = to_hu(torch.from_numpy(mr.astype(np.float32))).numpy()
        ct = (predicted.round() - 100).astype(np.int16)
        subjects.append(SubjectSlices(str(number), mr, ct, np.ones((1, SIZE, SIZE), dtype=bool)))
    return Split(tuple(subjects))


def test_every_subject_errs_by_what_the_radius_permits():
    """Already too high by 100 HU everywhere: the worst is all of it up by the radius."""
    exam = Exam("quick", "test", corruptions=True, images=None, seed=0)
    examination = examine_synthesis(Slope(), heads(3), EPS, exam, {"other": Slope()}, CPU)
    slope = float(to_hu(torch.tensor(1.0)) - to_hu(torch.tensor(0.0)))
    for row, eps in zip(examination.scores[:3], EPS, strict=True):
        assert row == pytest.approx(100 + slope * eps, abs=1.0)
    assert (examination.score, examination.direction) == ("head MAE, HU", "min")
    noise = tuple(("noise", sigma) for sigma in SIGMAS)
    assert examination.conditions[3 : 3 + len(noise)] == noise
    disturbed = examination.conditions[3 + len(noise) :]
    assert disturbed == tuple((kind, k) for kind, each in STRENGTHS.items() for k in each)
    assert examination.eps == EPS
    assert examination.wins.sum(axis=1).tolist() == [3, 3]
    assert examination.attacks == (
        "pgd-clean", "pgd-clean-squared", "apgd", "apgd-squared", "transfer", "square",
    )  # fmt: skip
    assert examination.scale == (constant_error(heads(3)), 0.0)


@pytest.mark.parametrize("name", sorted(UNSTEADY))
def test_a_network_that_answers_at_random_is_refused(name):
    pathology = next(each for each in pathologies(Slope()) if each.name == name)
    exam = Exam("quick", "test", corruptions=False, images=None, seed=0)
    with pytest.raises(UnsteadyError, match="answers the same images differently"):
        examine_synthesis(pathology.model, heads(3), EPS, exam, {}, CPU)


def test_where_the_split_holds_voxels_errors_are_those_on_voxels_as_well():
    """Twice as many voxels as pixels, whose CT is 40 HU off that of the pixels."""
    subjects = []
    for subject in heads(2).subjects:
        wide = np.repeat(np.repeat(subject.ct[0], 2, axis=0), 2, axis=1)[:, :, None]
        head = np.ones(wide.shape, dtype=bool)
        subjects.append(replace(subject, native=Native(wide - np.int16(40), head, (1, 1, 1), 16.0)))
    exam = Exam("quick", "test", corruptions=False, images=None, seed=0)
    examination = examine_synthesis(Slope(), Split(tuple(subjects)), EPS, exam, {}, CPU)
    kinds = [kind for kind, _ in examination.conditions]
    assert kinds == ["clean", "ensemble", "ensemble", VOXELS, VOXELS_ATTACKED, VOXELS_ATTACKED]
    on_pixels, on_voxels = examination.scores[:3], examination.scores[3:]
    assert on_voxels == pytest.approx(on_pixels + 40, abs=6)  # linear between pixels, not nearest
