"""The device on which a trial computes, and the precision in which it trains."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, TypeVar, final

import torch

from searchspace.errors import UserError
from searchspace.names import lookup

Network = TypeVar("Network", bound=torch.nn.Module)
LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}  # by the dimensions of weights
Autocast = Callable[[], AbstractContextManager[Any]]


def resolve_device(name: str) -> torch.device:
    """Turn ``auto``, ``cpu``, ``cuda`` or ``cuda:1`` into a device.

    Raises:
        UserError: If the name is unknown or the machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, colon, index = name.partition(":")
    lookup({"auto": 0, "cpu": 0, "cuda": 0}, kind, "device")
    if colon and not (kind == "cuda" and index.isdecimal()):
        raise UserError(f"device '{name}' does not exist: write auto, cpu, cuda or cuda:1")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise UserError(f"device '{name}' is not there: torch sees {count} CUDA devices; try cpu")
    return torch.device(name)


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """Turn ``auto``, ``fp32`` or ``bf16`` into the type in which training computes.

    ``auto`` is bf16 where the hardware computes in it. Weights are always kept in fp32, and
    whatever chooses, ranks or tests a network computes in it.

    Raises:
        UserError: If the name is unknown.
    """
    precisions = {"auto": None, "fp32": torch.float32, "bf16": torch.bfloat16}
    precision = lookup(precisions, name, "precision")
    if precision is not None:
        return precision
    return torch.bfloat16 if _computes_bf16(device) else torch.float32


def autocast(device: torch.device, precision: str) -> Autocast:
    """Return a maker of autocast contexts for a precision's name; for fp32 they change nothing."""
    enabled = resolve_precision(precision, device) != torch.float32
    return partial(torch.autocast, device.type, dtype=torch.bfloat16, enabled=enabled)


@final
class InPrecision(torch.nn.Module):
    """A network whose products are computed in a precision, and whose answers are fp32.

    Args:
        network: Not copied: what trains this module trains the network.
        precision: See `autocast`.
    """

    def __init__(self, network: torch.nn.Module, precision: Autocast) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the network's answers to images, in fp32 at least."""
        with self.precision():
            answers: torch.Tensor = self.network(images)
        return answers if answers.dtype == torch.float64 else answers.float()


def channels_last(network: Network) -> Network:
    """Lay out the weights of convolutions, and so their outputs, with channels innermost.

    On a CPU this is a few per cent to a quarter faster (benchmarks/README.md).
    """
    for weight in network.parameters():
        if weight.ndim in LAYOUTS:
            weight.data = weight.data.to(memory_format=LAYOUTS[weight.ndim])
    return network


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Set the number of torch's threads for a block, and restore it.

    The order of summation, and so the last digits of every later result, depends on this number.
    """
    previous = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(previous)


def _computes_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # On a CPU with AMX bf16 was measured to be 1.5 times as fast; AVX-512 alone was not measured.
    return bool(torch.cpu._is_amx_tile_supported())  # noqa: SLF001 - torch has no public function for it
