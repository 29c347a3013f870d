import numpy as np
import pytest
import torch
from torch import nn

from trainables.study.examination import Exam
from trainables.synthesis.constant import constant_error
from trainables.synthesis.robustness.examination import SIGMAS, examine_synthesis
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
    assert examination.conditions[3:] == tuple(("noise", sigma) for sigma in SIGMAS)
    assert examination.eps == EPS
    assert examination.wins.sum(axis=1).tolist() == [3, 3]
    assert examination.attacks == (
        "pgd-clean", "pgd-clean-squared", "apgd", "apgd-squared", "transfer", "square",
    )  # fmt: skip
    assert examination.scale == (constant_error(heads(3)), 0.0)
