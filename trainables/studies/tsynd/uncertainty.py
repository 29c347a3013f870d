"""The uncertainty that TSynD maximises: of a classifier under Monte Carlo dropout, in nats."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

# (logits (N, K, C) under K dropout masks, multi_label) -> uncertainty (N,)
Uncertainty = Callable[[Tensor, bool], Tensor]


def mutual_information(logits: Tensor, multi_label: bool) -> Tensor:  # noqa: FBT001 - a fact of the data
    """Compute H(E_k p_k) - E_k H(p_k), the epistemic part [tsynd, section 3.1; batchbald].

    For a multi-label task the labels are independent Bernoulli variables and their information adds
    up. The paper's sum over a single sigmoid output would leave out the term of 1 - p; both
    outcomes are counted here.

    Args:
        logits: (N, K, C) under K dropout masks.
        multi_label: Whether the C logits are labels of their own, and not classes of one label.

    Returns:
        (N,), from 0 to log C (C log 2 for a multi-label task).
    """
    log_p = _log_probabilities(logits, multi_label)
    return _entropy(_log_mean(log_p)) - _entropy(log_p).mean(dim=1)


def entropy(logits: Tensor, multi_label: bool) -> Tensor:  # noqa: FBT001
    """Compute H(E_k p_k), the paper's alternative [tsynd, table 2].

    The paper writes the entropy of one deterministic prediction. Here it is that of the mean over
    the masks: the total uncertainty, of which the mutual information is a part. So the two measures
    use the same masks and differ in that alone.

    Arguments and result are those of `mutual_information`.
    """
    return _entropy(_log_mean(_log_probabilities(logits, multi_label)))


UNCERTAINTIES: Mapping[str, Uncertainty] = {"mi": mutual_information, "entropy": entropy}


def _log_probabilities(logits: Tensor, multi_label: bool) -> Tensor:  # noqa: FBT001
    """Return log-probabilities (N, K, variables, outcomes)."""
    logits = logits.float()
    if multi_label:
        return torch.stack([functional.logsigmoid(logits), functional.logsigmoid(-logits)], dim=-1)
    return functional.log_softmax(logits, dim=-1)[:, :, None]


def _log_mean(log_p: Tensor) -> Tensor:
    """Average probabilities over the masks, in logarithms: (N, variables, outcomes)."""
    return torch.logsumexp(log_p, dim=1) - math.log(log_p.shape[1])


def _entropy(log_p: Tensor) -> Tensor:
    """Sum the entropy over variables and outcomes, the last two dimensions."""
    return -(log_p.exp() * log_p).sum(dim=(-2, -1))
