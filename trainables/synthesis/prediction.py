"""What a network predicts, in HU."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats32
from trainables.synthesis.slices import to_hu

Track = Callable[[Sequence[Tensor]], Iterable[Tensor]]


def predict(network: nn.Module, mr: Tensor, batch_size: int = 32, track: Track = iter) -> Floats32:
    """Predict CT in eval mode, without gradients.

    Args:
        network: Predicts normalised CT from MR; its mode is restored.
        mr: (n, C, S, S).
        batch_size: Slices that the network sees at a time; affects only the memory.
        track: Passes batches on, and may show how far they are.

    Returns:
        HU, (n, S, S).

    Raises:
        FloatingPointError: If a value is not finite, which a mean over regions would hide.
    """
    with frozen(network), torch.no_grad():
        batches = [to_hu(network(batch).float()) for batch in track(mr.split(batch_size))]
    hu: Floats32 = torch.cat(batches).squeeze(1).cpu().numpy()
    if not np.isfinite(hu).all():
        raise FloatingPointError("the network predicts values that are not finite")
    return hu
