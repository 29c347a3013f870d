"""What every registered attack must do."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from trainables.attacks.registry import ATTACKS, build_attack
from trainables.attacks.threat import ThreatModel, pixels

NAMES = sorted(ATTACKS)


def small(attack):
    """Shorten an attack; the contract does not depend on its length."""
    short = {"steps": 3, "iterations": 5, "queries": 8}
    return type(attack)(**{name: short.get(name, value) for name, value in vars(attack).items()})


def make_model(channels, size, n_classes, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        pixels_in = channels * torch.Size(size).numel()
        return nn.Sequential(
            nn.Flatten(),
            nn.BatchNorm1d(pixels_in),
            nn.Linear(pixels_in, 6),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(6, n_classes),
        )


def make_data(channels, size, n_classes, count=5, seed=0):
    dice = torch.Generator().manual_seed(seed)
    images = torch.rand((count, channels, *size), generator=dice)
    images[0] = images[0].round()  # at the bounds
    return images, torch.randint(n_classes, (count,), generator=dice)


CASES = st.fixed_dictionaries(
    {
        "channels": st.sampled_from([1, 3]),
        "size": st.tuples(st.integers(1, 7), st.integers(1, 7)),
        "n_classes": st.sampled_from([2, 3, 5, 11]),
        "eps": st.floats(0, 1),
        "seed": st.integers(0, 2**31),
    }
)


def check_legal(name, channels, size, n_classes, eps, seed):
    model = make_model(channels, size, n_classes, seed)
    images, labels = make_data(channels, size, n_classes, seed=seed)
    attack = small(build_attack(name, "multi-class" if n_classes > 2 else "binary"))
    attacked = attack(model, images, labels, pixels(eps), seed)
    assert attacked.shape == images.shape
    assert attacked.dtype == images.dtype
    assert not attacked.requires_grad
    assert (attacked - images).abs().max() <= eps + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1


@pytest.mark.parametrize("name", NAMES)
@given(case=CASES)
@settings(max_examples=25)
def test_results_lie_inside_ball_and_bounds(name, case):
    check_legal(name, **case)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(9,), (3, 4, 2)], ids=["1-D", "3-D"])
def test_so_they_do_in_other_dimensions(name, size):
    check_legal(name, channels=2, size=size, n_classes=2, eps=0.1, seed=0)


@pytest.mark.parametrize("name", NAMES)
def test_an_unbounded_threat_model_is_kept(name):
    images, labels = make_data(1, (5, 5), 2)
    images = 6 * images - 3
    threat = ThreatModel(norm="linf", eps=0.2, low=None, high=None, unit="MR standard deviations")
    attack = small(build_attack(name, "binary"))
    attacked = attack(make_model(1, (5, 5), 2), images, labels, threat, seed=0)
    moved = (attacked - images).abs().flatten(1).amax(dim=1)
    assert moved.max() <= 0.2 + 1e-5
    if name != "fab":  # which goes no farther than the boundary
        assert moved.max() == pytest.approx(0.2, abs=1e-5)
    else:
        assert moved.max() > 0


@pytest.mark.parametrize("name", NAMES)
def test_model_inputs_and_global_random_state_stay_as_they_are(name):
    model = make_model(1, (5, 5), 3).train()
    model[1].eval()
    model[2].bias.requires_grad_(False)
    images, labels = make_data(1, (5, 5), 3)
    modes = [module.training for module in model.modules()]
    flags = [parameter.requires_grad for parameter in model.parameters()]
    state = {key: value.clone() for key, value in model.state_dict().items()}
    given_images, random_state = images.clone(), torch.random.get_rng_state()
    small(build_attack(name, "multi-class"))(model, images, labels, pixels(0.1), seed=0)
    assert [module.training for module in model.modules()] == modes
    assert [parameter.requires_grad for parameter in model.parameters()] == flags
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert torch.equal(images, given_images)
    assert torch.equal(torch.random.get_rng_state(), random_state)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_everything_and_the_batch_size_nothing(name):
    model, (images, labels) = make_model(1, (5, 5), 3).double(), make_data(1, (5, 5), 3, count=9)
    attack, images = small(build_attack(name, "multi-class")), images.double()
    with torch.no_grad():
        first = attack(model, images, labels, pixels(0.1), seed=7)
    assert torch.equal(first, attack(model, images, labels, pixels(0.1), seed=7))
    parts = type(attack)(**{**vars(attack), "batch_size": 2})
    batched = parts(model, images, labels, pixels(0.1), seed=7)
    torch.testing.assert_close(batched, first, rtol=0, atol=1e-9)


@pytest.mark.parametrize("task", ["multi-class", "multi-label"])
@pytest.mark.parametrize("name", NAMES)
def test_its_own_loss_is_driven_up(name, task):
    if task == "multi-label" and name == "fab":
        pytest.skip("needs one answer an image; evaluation gives it one label at a time")
    images, _ = make_data(1, (6, 6), 3, count=40)
    linear = make_model(1, (36,), 3)[2]  # without what follows it: no class wins everywhere
    model = nn.Sequential(nn.Flatten(), linear)
    labels = model(images).argmax(dim=1)  # all right, so that there is something to break
    if task == "multi-label":
        labels = (model(images) > 0).long()
    attack = build_attack(name, task)
    attacked = attack(model, images, labels, pixels(0.3), seed=0)
    after, before = (attack.loss(model(x), labels).mean() for x in (attacked, images))
    assert after > before
    if task == "multi-class":
        assert (model(attacked).argmax(dim=1) != labels).float().mean() > 0.2
