"""Descent that stays near a reference, stage by stage: PESG, and Adam with the same pull [aucm].

PDSCA is PESG with steps on a second loss in between [pdsca].
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, final

import torch
from torch import Tensor

Kind = Literal["pesg", "adam"]
ReferencePoint = Literal["start", "zero"]
CLIP = 1.0  # greatest entry of a gradient under PESG, as in LibAUC
NEW = 0.9  # weight of the new gradient in PESG's direction: what it calls momentum
NEW_POINT = 0.9  # weight of the new point in PDSCA's mean of points


@final
class Proximal:
    """An optimiser that adds ``epoch_decay (v - reference)`` to the gradient of each variable v.

    PESG is gradient descent on clipped gradients; its direction is the gradient at first, then 0.1
    of the old direction and 0.9 of the new gradient. The reference is where v starts, and from each
    `end_stage` on the mean of the stage's iterates. Statistics of batch norm are not averaged.

    Args:
        variables: That are minimised over.
        kind: ``pesg``, or ``adam``, so that loss and optimiser can be told apart.
        lr: Step size.
        epoch_decay: Pull towards the reference.
        weight_decay: Pull towards zero.
        reference_point: Of the first stage: ``start``, as PESG is defined, or ``zero``, near which
            LibAUC's code draws it. With a strong epoch decay, zero pulls all weights in.
    """

    def __init__(
        self,
        variables: Iterable[Tensor],
        *,
        kind: Kind,
        lr: float,
        epoch_decay: float,
        weight_decay: float,
        reference_point: ReferencePoint = "start",
    ) -> None:
        self.variables = list(variables)
        self.kind, self.epoch_decay, self.weight_decay = kind, epoch_decay, weight_decay
        self.optimiser: torch.optim.Optimizer
        if kind == "adam":
            self.optimiser = torch.optim.Adam(self.variables, lr=lr, weight_decay=weight_decay)
        else:
            self.optimiser = torch.optim.SGD(
                self.variables,
                lr=lr,
                weight_decay=weight_decay,
                momentum=1 - NEW,
                dampening=1 - NEW,
            )
        starts = [variable.detach().clone() for variable in self.variables]
        zeros = [torch.zeros_like(start) for start in starts]
        self.references = starts if reference_point == "start" else zeros
        self.sums = [torch.zeros_like(start) for start in starts]  # of the stage's iterates
        self.steps = 0  # of the stage
        self.means: dict[int, Tensor] = {}  # of points that `inner_step` led to, by variable

    @property
    def lr(self) -> float:
        """The learning rate now."""
        rate: float = self.optimiser.param_groups[0]["lr"]
        return rate

    def zero_grad(self) -> None:
        """Drop all gradients."""
        self.optimiser.zero_grad(set_to_none=True)

    @torch.no_grad()
    def step(self) -> None:
        """Move the variables once, along their gradients and the pull."""
        self._pull()
        self.optimiser.step()
        self._count()

    @torch.no_grad()
    def inner_step(self) -> None:
        """Move the variables along the gradients of a second loss, to the mean of such points.

        PDSCA takes it on cross-entropy, and a `step` on the AUC margin next. The mean is the point
        at first, then 0.1 of the old mean and 0.9 of the new point.
        """
        self._pull()
        for index, variable in enumerate(self.variables):
            if variable.grad is None:
                continue
            slope = variable.grad.add(variable, alpha=self.weight_decay)
            point = variable - self.lr * slope
            mean = torch.lerp(self.means.get(index, point), point, NEW_POINT)
            self.means[index] = mean
            variable.copy_(mean)
        self._count()

    @torch.no_grad()
    def end_stage(self, factor: float) -> None:
        """Divide the learning rate by a factor; the mean of the iterates is the new reference."""
        for group in self.optimiser.param_groups:
            group["lr"] /= factor
        if self.steps == 0:
            return
        self.references = [total / self.steps for total in self.sums]
        self.sums = [torch.zeros_like(total) for total in self.sums]
        self.steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Return moments, references and the stage so far."""
        return {
            "optimiser": self.optimiser.state_dict(),
            "references": self.references,
            "sums": self.sums,
            "steps": self.steps,
            "means": self.means,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the value of `state_dict`."""
        self.optimiser.load_state_dict(state["optimiser"])
        for name in ("references", "sums"):
            pairs = zip(self.variables, state[name], strict=True)
            setattr(self, name, [value.detach().clone().to(variable) for variable, value in pairs])
        self.steps = state["steps"]
        means = state.get("means", {})  # checkpoints of earlier versions have none
        self.means = {
            index: mean.detach().clone().to(self.variables[index]) for index, mean in means.items()
        }

    def _pull(self) -> None:
        """Clip the gradients under PESG, and add the pull towards the reference."""
        for variable, reference in zip(self.variables, self.references, strict=True):
            if variable.grad is None:
                continue
            if self.kind == "pesg":
                variable.grad.clamp_(-CLIP, CLIP)
            if self.epoch_decay:
                variable.grad.add_(variable - reference, alpha=self.epoch_decay)

    def _count(self) -> None:
        """Add the point that a step led to, to the sum of its stage."""
        for total, variable in zip(self.sums, self.variables, strict=True):
            total.add_(variable)
        self.steps += 1
