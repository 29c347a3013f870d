import pytest
import torch
from torch import nn

from trainables.models.modes import frozen, weights_of, with_weights


@pytest.fixture
def model() -> nn.Module:
    """A model in mixed modes, one parameter of which takes no gradient."""
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    model.train()
    model[1].eval()
    model[0].bias.requires_grad = False
    return model


def flags(model: nn.Module) -> tuple[list[bool], list[bool]]:
    return [m.training for m in model.modules()], [p.requires_grad for p in model.parameters()]


def test_inside_everything_is_still(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with frozen(model):
        assert flags(model) == ([False] * 4, [False] * 4)
        images = torch.ones(2, 3, requires_grad=True)
        model(images).sum().backward()
        assert images.grad is not None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_every_flag_is_restored_one_by_one(model):
    before = flags(model)
    with frozen(model), frozen(model):
        pass
    assert flags(model) == before == ([True, True, False, True], [True, False, True, True])


def test_flags_are_restored_after_an_exception(model):
    before = flags(model)
    with pytest.raises(RuntimeError, match="out of memory"), frozen(model):
        raise RuntimeError("out of memory")
    assert flags(model) == before


def test_other_weights_are_there_for_a_while_and_the_current_ones_return():
    model = nn.BatchNorm1d(2)
    stored = weights_of(model)
    model.weight.data += 1  # what was copied does not change with the model
    current = weights_of(model)
    with with_weights(model, stored):
        assert model.weight.tolist() == [1.0, 1.0]
        model(torch.randn(4, 2))  # moves the running mean, a buffer
    for name, value in model.state_dict().items():
        assert torch.equal(value, current[name]), name
