"""All that a training goes on from, in one file and without pickle.

Tensors are stored as safetensors; what is around them, nested dicts and lists of numbers and texts,
as JSON beside them in the same file, in which a tensor's place holds its name.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from searchspace.errors import UserError

TENSOR, PAIRS = "#tensor", "#pairs"
STATE = "state"


def write_snapshot(file: Path, state: Mapping[str, Any]) -> None:
    """Replace a snapshot by a new one; a crash leaves either the old or the new.

    Args:
        file: Where; its folder exists.
        state: Nested dicts (keys are texts or whole numbers), lists and tuples (which come back as
            lists) of tensors, numbers (NaN and infinities too), texts, truth values and None.

    Raises:
        OSError: If it cannot be written.
        TypeError: If something else is among them.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_flatten(state, tensors))
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(save(tensors, {STATE: text}))
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def read_snapshot(file: Path) -> dict[str, Any]:
    """Read what `write_snapshot` wrote, tensors on the CPU.

    Raises:
        UserError: If it is missing, damaged or cut short.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            text = (opened.metadata() or {})[STATE]
        state = _restore(json.loads(text), tensors)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise UserError(f"the checkpoint {file} is damaged ({first})") from None
    return dict(state)


def _flatten(value: Any, tensors: dict[str, Tensor]) -> Any:  # noqa: ANN401 - as documented
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Tensor():
            name = str(len(tensors))
            # A copy: two names of one memory, such as tied weights, are refused by safetensors.
            tensors[name] = value.detach().cpu().contiguous().clone()
            return {TENSOR: name}
        case Mapping():
            if all(isinstance(key, str) and not key.startswith("#") for key in value):
                return {key: _flatten(item, tensors) for key, item in value.items()}
            return {PAIRS: [[_key(key), _flatten(item, tensors)] for key, item in value.items()]}
        case list() | tuple():
            return [_flatten(item, tensors) for item in value]
    raise TypeError(f"a checkpoint cannot hold a {type(value).__name__}")


def _key(key: object) -> str | int:
    if isinstance(key, str | int):
        return key
    raise TypeError(f"a checkpoint cannot hold the key {key!r}")


def _restore(value: Any, tensors: dict[str, torch.Tensor]) -> Any:  # noqa: ANN401
    match value:
        case {"#tensor": str(name)}:
            return tensors[name]
        case {"#pairs": list(pairs)}:
            return {key: _restore(item, tensors) for key, item in pairs}
        case dict():
            return {key: _restore(item, tensors) for key, item in value.items()}
        case list():
            return [_restore(item, tensors) for item in value]
    return value
