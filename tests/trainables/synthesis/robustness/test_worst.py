"""The worst of several attacks on each slice, by the error within its head."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.ensemble import CLEAN
from trainables.attacks.presets import build_synthesis_ensemble
from trainables.attacks.threat import mr_deviations
from trainables.runtime.seeding import derive
from trainables.synthesis import measurement
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.prediction import predict
from trainables.synthesis.robustness.errors import aim
from trainables.synthesis.robustness.worst import WorstOf

CPU = torch.device("cpu")
EPS = 0.2


@pytest.fixture(scope="module")
def split(heads):
    return heads.data.train


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, 1, 3, padding=1)
        )


@pytest.fixture(scope="module")
def ensemble(network):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        source = nn.Conv2d(1, 1, 3, padding=1)
    return aim(build_synthesis_ensemble("quick", 16, {"other": source}))


def head_errors(network, mr, split):
    """Sum |error| over each head, slice by slice, by another way: in NumPy, from the files."""
    predicted, errors = predict(network, mr), []
    for subject in split.subjects:
        for z in range(len(subject)):
            error = np.abs(predicted[len(errors)] - subject.ct[z].astype(np.float32))
            errors.append(error[np.asarray(subject.mask[z])].sum())
    return np.array(errors)


def test_each_slice_is_the_worst_of_what_the_attacks_make_of_it(network, split, ensemble):
    perturb = WorstOf(network, split, ensemble, EPS, seed=5)
    (mr, ct), numbers = split.batch(range(len(split)), CPU), torch.arange(len(split))
    errors = [head_errors(network, mr, split)]
    targets = torch.cat([ct, split.masks(numbers.tolist(), CPU).unsqueeze(1).float()], dim=1)
    for name, attack in ensemble.items():
        moved = attack(network, mr, targets, mr_deviations(EPS), derive(5, name), positions=numbers)
        errors.append(head_errors(network, moved, split))
    worst = perturb(mr, ct, numbers)
    np.testing.assert_allclose(
        head_errors(network, worst, split), np.max(errors, axis=0), rtol=1e-5
    )
    assert (worst - mr).abs().max() <= EPS + 1e-6
    winners = [perturb.winners[number] for number in range(len(split))]
    by = [errors[winner + 1][number] for number, winner in enumerate(winners)]
    np.testing.assert_allclose(by, np.max(errors, axis=0), rtol=1e-5)
    assert len(set(winners)) > 1  # no attack wins everywhere
    assert perturb.names == tuple(ensemble)


def test_a_subject_s_head_error_is_at_least_that_of_each_attack(
    network, split, ensemble, monkeypatch
):
    monkeypatch.setattr(measurement, "GROUP", 4)
    perturbations = [
        WorstOf(network, split, {name: attack}, EPS, seed=5) for name, attack in ensemble.items()
    ]
    *each, worst = score_subjects(
        network, split, [*perturbations, WorstOf(network, split, ensemble, EPS, seed=5)], CPU
    )
    for scores in each:
        assert (worst["mae_head"] >= scores["mae_head"] * (1 - 1e-6)).all()
    assert any((worst["mae_head"] > scores["mae_head"] * (1 + 1e-4)).any() for scores in each)


def test_where_nothing_does_harm_the_clean_slice_is_kept(split):
    class Constant(nn.Module):
        def forward(self, images):
            return 0 * images

    mr, ct = split.batch([0, 1], CPU)
    ensemble = aim({"pgd": build_synthesis_ensemble("quick")["pgd-clean"]})
    perturb = WorstOf(Constant(), split, ensemble, EPS, seed=0)
    assert torch.equal(perturb(mr, ct, torch.tensor([0, 1])), mr)
    assert perturb.winners == {0: CLEAN, 1: CLEAN}
