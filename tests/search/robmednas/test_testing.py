"""What is done to the test subjects' MR, and how they are scored."""

from types import SimpleNamespace

import pytest
import torch

from search.robmednas import testing as module
from search.robmednas.testing import Condition, score


def test_a_clean_image_is_left_alone():
    assert Condition("clean", 0.0).perturb(None, None, seed=0) is None


def test_noise_has_its_strength_and_depends_on_seed_and_slice_alone():
    mr, numbers = torch.zeros(1, 1, 64, 64), torch.tensor([3])

    def noise(strength, seed, numbers=numbers):
        return Condition("noise", strength).perturb(None, None, seed)(mr, None, numbers)

    assert float(noise(0.2, 0).std()) == pytest.approx(0.2, rel=0.05)
    assert torch.equal(noise(0.2, 0), noise(0.2, 0))
    assert not torch.equal(noise(0.2, 0), noise(0.2, 1))
    assert not torch.equal(noise(0.2, 0), noise(0.2, 0, torch.tensor([4])))


def test_every_network_condition_subject_and_score_has_a_row(monkeypatch):
    split = SimpleNamespace(subjects=[SimpleNamespace(name="s1"), SimpleNamespace(name="s2")])
    results = [{"mae": [1.0, 2.0], "dice": [0.1, 0.2]}, {"mae": [3.0, 4.0], "dice": [0.3, 0.4]}]
    monkeypatch.setattr(module, "score_subjects", lambda *_arguments, **_options: results)
    rows = score({"Baseline": None}, split, [Condition("clean", 0.0), Condition("noise", 0.1)], 0)
    assert len(rows) == 8
    assert rows[1] == {
        "row": "Baseline", "kind": "clean", "strength": 0.0, "subject": "s2", "score": "mae",
        "value": 2.0,
    }  # fmt: skip
    assert [row["value"] for row in rows if row["kind"] == "noise"] == [3.0, 4.0, 0.3, 0.4]
