"""What a backward pass needs to keep, counted without computing anything."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.models.modes import frozen


def kept_for_backward(
    compute: Callable[[Tensor], Tensor], models: nn.Module, inputs: Tensor
) -> int:
    """Count the numbers that a gradient by the inputs needs, parameters left out.

    Where model and inputs are on torch's ``meta`` device, nothing is computed.

    Args:
        compute: From the inputs to whatever is differentiated, through the models.
        models: Taken in eval mode, without gradients for their parameters.
        inputs: Images, volumes or codes, (N, ...), float32.
    """
    tensors = [*models.parameters(), *models.buffers()]
    weights = {id(tensor.untyped_storage()) for tensor in tensors}
    storages: dict[int, torch.UntypedStorage] = {}  # in a dict, so that no id is used again

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[id(storage)] = storage
        return tensor

    with frozen(models), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        compute(inputs.detach().requires_grad_())
    size = sum(storage.nbytes() for key, storage in storages.items() if key not in weights)
    return size // inputs.element_size()
