"""Weights of networks that a study trains beside its trials, as a kind of frozen model."""

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.saved.frozen import Content, Kind


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of a network, and what they were made from.

    Attributes:
        values: By name.
        digest: Of what they were made from.
    """

    values: dict[str, Tensor]
    digest: str


def weights_kind(name: str) -> Kind[Weights]:
    """Return the kind of frozen model that holds weights alone.

    Args:
        name: The first part of the file's name: letters and hyphens.
    """
    return Kind(name, _pack, _unpack)


def _pack(model: Weights) -> Content:
    return Content(model.values, {"digest": model.digest})


def _unpack(content: Content, device: torch.device) -> Weights:
    values = {name: tensor.to(device) for name, tensor in content.weights.items()}
    return Weights(values, str(content.facts["digest"]))
