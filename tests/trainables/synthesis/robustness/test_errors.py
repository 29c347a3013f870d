"""What attacks raise: the reported error, and the squared one, each where the other misses."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.presets import build_synthesis_ensemble
from trainables.attacks.threat import mr_deviations
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.robustness.errors import ERRORS, aim, head_error, slice_error
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import SCALE_HU

CPU = torch.device("cpu")


def test_the_head_error_is_the_head_mae_that_is_reported(heads):
    split, network = heads.data.train, nn.Conv2d(1, 1, 3, padding=1)
    (scores,) = score_subjects(network, split, [None], CPU)
    mr, ct = split.batch(range(len(split)), CPU)
    masks = split.masks(range(len(split)), CPU).unsqueeze(1).float()
    with torch.no_grad():
        errors = SCALE_HU * head_error(network(mr), torch.cat([ct, masks], dim=1))
    counts = masks.flatten(1).sum(dim=1)
    rows = np.cumsum([0, *map(len, split.subjects)])
    for number, value in enumerate(scores["mae_head"]):
        part = slice(rows[number], rows[number + 1])
        mean = (errors[part] * counts[part]).sum() / counts[part].sum()
        assert float(mean) == pytest.approx(value, rel=1e-4)


def test_the_slice_error_ignores_the_head_and_a_slice_without_head_has_no_head_error():
    prediction = torch.tensor([[[[1.0, 3.0]]]])
    target = torch.tensor([[[[0.0, 0.0]], [[0.0, 0.0]]]])
    assert slice_error(prediction, target).tolist() == [5.0]
    assert head_error(prediction, target).tolist() == [0.0]


def test_gradient_attacks_raise_both_errors_and_the_others_the_reported_one():
    source = nn.Identity()
    aimed = aim(build_synthesis_ensemble("quick", 4, {"a": source}))
    assert list(aimed) == [
        "pgd-clean", "pgd-clean-squared", "apgd", "apgd-squared", "transfer-a", "square",
    ]  # fmt: skip
    assert [attack.loss for attack in aimed.values()] == [
        head_error, slice_error, head_error, slice_error, head_error, head_error,
    ]  # fmt: skip
    assert aimed["transfer-a"].attack.loss is head_error
    assert aimed["apgd"].batch_size == 4


class Decoy(nn.Module):
    """Answers to the MR outside the head with great errors, and within it with small ones.

    One number of the MR feeds both, in opposite directions: raising the squared error over the
    slice lowers the error within the head.
    """

    def forward(self, images):
        level = images.mean(dim=(1, 2, 3), keepdim=True)
        inside = torch.zeros_like(images)
        inside[..., 1:3, 1:3] = 1
        return (1 + level) * inside + (3 - level) * (1 - inside)


def test_an_attack_on_the_squared_error_alone_can_lower_what_is_reported():
    mr = torch.zeros(1, 1, 4, 4)
    masks = torch.zeros(1, 1, 4, 4)
    masks[..., 1:3, 1:3] = 1
    target = torch.cat([torch.zeros_like(mr), masks], dim=1)
    attacks = aim({"pgd": build_synthesis_ensemble("quick")["pgd-clean"]})
    errors = {
        name: float(head_error(Decoy()(attack(Decoy(), mr, target, mr_deviations(0.5), 0)), target))
        for name, attack in attacks.items()
    }
    assert errors["pgd"] == pytest.approx(1.5)
    assert errors["pgd-squared"] == pytest.approx(0.5)


def test_the_worst_of_both_is_at_least_each(heads):
    split = heads.data.train
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 1, 1))
    attacks = aim({"pgd": build_synthesis_ensemble("quick")["pgd-clean"]})
    assert len(attacks) == len(ERRORS)
    *single, both = (
        score_subjects(network, split, [WorstOf(network, split, chosen, 0.2, seed=0)], CPU)[0]
        for chosen in (*({name: attack} for name, attack in attacks.items()), attacks)
    )
    greatest = np.maximum(*(scores["mae_head"] for scores in single))
    assert (both["mae_head"] >= greatest * (1 - 1e-6)).all()
