"""The standard ensemble against the authors' where that runs, and beyond where it does not.

Both with fewer steps and queries than standard. At full length, too, both broke the same images of
the fixture at each of the three radii.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pyautoattack.autoattack import AutoAttack
from torch import nn

from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.presets import build_ensemble
from trainables.attacks.square import Square

STEPS, QUERIES = 25, 150


def shortened(task, sources=None):
    return {
        name: replace(attack, queries=QUERIES)
        if isinstance(attack, Square)
        else replace(attack, iterations=STEPS)
        for name, attack in build_ensemble("standard", task, sources).items()
    }


def authors(model, eps):
    oracle = AutoAttack(model, eps=eps, seed=0, device="cpu")
    oracle.apgd.n_iter = oracle.apgd_targeted.n_iter = oracle.fab.n_iter = STEPS
    oracle.square.n_queries = QUERIES
    return oracle


def first_classes(model, count):
    class Fewer(nn.Module):
        def forward(self, images):
            return model(images)[:, :count]

    return Fewer()


@pytest.mark.parametrize("eps", [0.02, 0.04])
def test_on_ten_classes_it_is_as_strong_as_the_authors(ten, eps):
    """At most one of 60 images withstands ours and not theirs."""
    model, x, y = ten.model, ten.images, ten.labels
    report = run_ensemble(model, x, y, "multi-class", shortened("multi-class"), (eps,), seed=0)
    with torch.random.fork_rng():
        reference, _ = authors(model, eps).run_standard_evaluation(x, y)
    reference_right = (model(reference).argmax(dim=1) == y).numpy()
    candidate_right = report.worst.correct[0]
    assert 3 < candidate_right.sum() < 57
    assert int((candidate_right & ~reference_right).sum()) <= 1
    assert int((reference_right & ~candidate_right).sum()) <= 3


@pytest.mark.parametrize("classes", [2, 3])
def test_on_fewer_classes_ours_runs_where_theirs_does_not(trained, classes):
    model, mask = first_classes(trained.model, classes).eval(), trained.labels < classes
    x, y = trained.images[mask], trained.labels[mask]
    correct = model(x).argmax(dim=1) == y
    x, y = x[correct], y[correct]
    with torch.random.fork_rng(), pytest.raises(IndexError):
        authors(model, 0.05).run_standard_evaluation(x, y)
    task = "binary" if classes == 2 else "multi-class"
    report = run_ensemble(model, x, y, task, shortened(task), (0.0, 0.05, 0.5), seed=0)
    accuracies = report.worst.curve("acc")
    assert 0 < accuracies[1] < accuracies[0] == 1
    assert accuracies[2] == 0


def test_volumes_are_attacked_by_all_four():
    """A bright cube in one of two corners; what is broken, and by whom, as in two dimensions."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 2
    images = 0.4 + 0.05 * torch.randn((80, 1, 6, 6, 6), generator=rng)
    images[labels == 0, :, :3, :3, :3] += 0.1
    images[labels == 1, :, 3:, 3:, 3:] += 0.1
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 216, 2)
        )
        optimiser = torch.optim.Adam(model.parameters(), 3e-3)
        for _ in range(40):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimiser.step()
    eps = (0.0, 0.02, 0.03, 0.05, 0.3)
    joint = run_ensemble(model, images, labels, "binary", shortened("binary"), eps, seed=0)
    counts = joint.worst.correct.sum(axis=1)
    assert counts[0] >= 76
    assert 0 < counts[2] < counts[0]
    assert counts[-1] == 0
    for name, attack in shortened("binary").items():
        single = run_ensemble(model, images, labels, "binary", {name: attack}, eps, seed=0)
        survivors = single.worst.correct.sum(axis=1)
        assert survivors[-1] < counts[0] / 2, f"{name} does next to nothing to volumes"
        assert not np.any(joint.worst.correct & ~single.worst.correct)
