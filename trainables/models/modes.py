"""A network as an attack or an ascent sees it: in eval mode, its parameters without gradients."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Hold a model in eval mode without gradients for its parameters; restore every flag."""
    training = {module: module.training for module in model.modules()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.eval()
    for parameter in trained:
        parameter.requires_grad = False
    try:
        yield
    finally:
        for module, flag in training.items():
            module.training = flag
        for parameter in trained:
            parameter.requires_grad = True
