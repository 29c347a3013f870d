"""A network for a while in another state: frozen as an attack sees it, or with other weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn


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


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Copy the weights and buffers of a model, which goes on changing its own."""
    return {name: value.clone() for name, value in model.state_dict().items()}


@contextmanager
def with_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Load weights into a model; the current ones return when the block ends."""
    current = weights_of(model)
    model.load_state_dict(weights)
    try:
        yield
    finally:
        model.load_state_dict(current)
