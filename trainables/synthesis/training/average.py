"""The running mean of a network's weights, which predicts better than the last weights do."""

from typing import final

from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from trainables.models.modes import weights_of


@final
class Average:
    """An exponential mean over the steps of training, of weights and buffers.

    Early steps are forgotten sooner: after t steps at most (1 + t) / (10 + t) stays.

    Attributes:
        weights: The mean, by name.
        steps: How many were averaged.
    """

    def __init__(self, network: nn.Module, share: float) -> None:
        """Begin with a network's weights.

        Args:
            network: In training.
            share: Of the mean that stays at each step, from 0 up to, not including, 1.
        """
        self.weights, self.steps, self._share = weights_of(network), 0, share

    def update(self, network: nn.Module) -> None:
        """Take up the weights after a step."""
        self.steps += 1
        share = min(self._share, (1 + self.steps) / (10 + self.steps))
        means, values = [], []
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                means.append(self.weights[name])
                values.append(value)
            else:
                self.weights[name].copy_(value)
        get_ema_multi_avg_fn(share)(means, values, self.steps)

    def load(self, weights: dict[str, Tensor], steps: int) -> None:
        """Go on from a mean that was stored."""
        self.weights, self.steps = weights, steps
