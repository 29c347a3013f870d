"""A trained model in the forms that others load, each checked to answer the same."""

import importlib.util
import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from trainables.door.opening import copy_tree, remove_file
from trainables.door.paths import inside
from trainables.runtime.seeding import generator
from trainables.saved.checkpoint import CARD, WEIGHTS, load_network

PROGRAM, ONNX = "model.pt2", "model.onnx"
NEEDED = ("onnx", "onnxscript", "onnxruntime")  # for ONNX: the extra `export`
BATCH = 3
TOLERANCE = 1e-4  # of the largest answer: other kernels add in another order


def export(model: Path, out: Path) -> dict[str, str]:
    """Write a saved model as safetensors, torch.export's program and ONNX.

    Every form takes any number of images, and is run on some that were drawn at random.

    Args:
        model: Folder that `trainables.saved.checkpoint.save_model` wrote.
        out: Folder that all is written into.

    Returns:
        By form: the file, or why there is none. Nothing where the folder holds no network.

    Raises:
        ValueError: If a form answers otherwise than the model.
    """
    copy_tree(model, out)
    if not (model / WEIGHTS).is_file():
        return {}
    network, shape = load_network(out)
    rng = generator(torch.device("cpu"), 0, "export")
    images = torch.rand((BATCH, *shape), generator=rng)
    with torch.no_grad():
        expected = network(images)
    forms = {"safetensors": WEIGHTS, "card": CARD}
    forms["torch.export"] = _program(network, images, expected, inside(out, PROGRAM))
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        forms["onnx"] = f"not written: {', '.join(missing)} not installed (extra: export)"
    else:
        forms["onnx"] = _onnx(network, images, expected, inside(out, ONNX))
    return forms


def _program(network: nn.Module, images: Tensor, expected: Tensor, file: Path) -> str:
    batch = torch.export.Dim("batch")
    program = torch.export.export(network, (images,), dynamic_shapes=({0: batch},))
    torch.export.save(program, file)
    with torch.no_grad():
        _check(torch.export.load(file).module()(images[:1]), expected[:1], file)
    return file.name


def _onnx(network: nn.Module, images: Tensor, expected: Tensor, file: Path) -> str:
    import onnxruntime  # noqa: PLC0415 - an extra

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own use of what is deprecated
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network,
            (images,),
            file,
            input_names=["images"],
            output_names=["answers"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (answers,) = session.run(None, {"images": images[:1].numpy()})
    _check(torch.from_numpy(answers), expected[:1], file)
    return file.name


def _check(answers: Tensor, expected: Tensor, file: Path) -> None:
    """Refuse a form that answers otherwise; of a network that answers 0, any other number."""
    error = float((answers - expected).abs().max())
    if not error <= TOLERANCE * float(expected.abs().max()):
        remove_file(file)
        raise ValueError(f"{file.name} answers otherwise than the model, by up to {error:.2g}")
