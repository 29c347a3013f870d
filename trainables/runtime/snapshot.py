"""The state from which a training resumes, in one file and without pickle.

Tensors are stored as safetensors. The nested dicts and lists that hold them are stored as JSON in
the metadata of the same file, with each tensor's name in its place.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from searchspace.errors import UserError
from trainables.door.opening import check_regular, replacement
from trainables.door.records import parse_json
from trainables.runtime.errors import first_line

TENSOR, PAIRS = "#tensor", "#pairs"
STATE = "state"
DEPTH = 100  # of a state


def write_snapshot(file: Path, state: Mapping[str, Any]) -> None:
    """Write a state to a file; a crash leaves either the old snapshot or the new.

    Args:
        file: Path of the snapshot; its folder exists.
        state: Nested dicts (keys are texts or whole numbers), lists and tuples (which come back as
            lists) of tensors, numbers (NaN and infinities too), texts, truth values and None.

    Raises:
        OSError: If the file cannot be written.
        TypeError: If the state holds a value or a key of another type.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_flatten(state, tensors))
    with replacement(file, durable=True) as part:
        part.write_bytes(save(tensors, {STATE: text}))


def read_snapshot(file: Path) -> dict[str, Any]:
    """Read what `write_snapshot` wrote, tensors on the CPU.

    Raises:
        UserError: If the file is missing, damaged or cut short.
    """
    try:
        check_regular(file)
        with safe_open(file, framework="pt") as reader:
            tensors = {name: reader.get_tensor(name) for name in reader.keys()}  # noqa: SIM118
            text = (reader.metadata() or {})[STATE]
        state = _restore(parse_json(text.encode(), depth=DEPTH, strict=False), tensors)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise UserError(f"the checkpoint {file} is damaged ({first_line(error)})") from None
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
