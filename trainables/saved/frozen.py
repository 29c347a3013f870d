"""Frozen models: made once for each input, settings and seed, cached, and read by every trial.

An autoencoder, a generator or a source network is a random object: another seed makes another one.
So a trial of another seed asks for the model of its own seed, and gets it from the cache where any
run has made it before. A cached file is a safetensors file whose metadata hold all else as JSON,
under the name of the kind, and the digest of the weights: the digest of the inputs does not say
what training made of them, and does not notice damage.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from trainables.door.opening import check_regular, replacement
from trainables.door.records import parse_json
from trainables.models.digests import tensors_digest
from trainables.study.study import Say

Model = TypeVar("Model")
WEIGHTS = "weights"  # the key of the metadata that holds their digest

# What reading a file can raise that is damaged or not ours: cut short, without our description, of
# another network.
DAMAGES = (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Content:
    """What a file holds of a model.

    Attributes:
        weights: Tensors by name.
        facts: JSON values by name, ``digest`` among them: what else builds the model again.
    """

    weights: Mapping[str, Tensor]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Kind(Generic[Model]):
    """A kind of frozen model: how it is called, and how it is written down.

    Attributes:
        name: The first part of the file's name: letters and hyphens.
        pack: Returns the content of a model.
        unpack: Builds the model of a content on a device, in eval mode, taking no gradients. It
            raises one of DAMAGES where the content is not that of such a model.
    """

    name: str
    pack: Callable[[Model], Content]
    unpack: Callable[[Content, torch.device], Model]


def digest_of(described: Mapping[str, Any], *inputs: Tensor) -> str:
    """Compute the SHA-256 of what a model is made from, in hexadecimal.

    Args:
        described: JSON values: the version of the code that makes the model, its settings and seed,
            and the shapes of the inputs, so that no two series of inputs have the same bytes.
        inputs: All that the model is trained on, such as images and labels.
    """
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for tensor in inputs:
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def write(kind: Kind[Model], model: Model, file: Path) -> None:
    """Write a model to a file, whole or not at all; the folder is made where it is missing.

    Args:
        kind: The model's.
        model: Any of that kind.
        file: Replaced where it exists.

    Raises:
        OSError: If the file cannot be written; or SafetensorError.
    """
    content = kind.pack(model)
    file.parent.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.cpu().contiguous() for name, tensor in content.weights.items()}
    # In one entry: safetensors writes several in any order, and equal models are equal files.
    facts = dict(content.facts) | {WEIGHTS: tensors_digest(weights)}
    metadata = {kind.name: json.dumps(facts)}
    with replacement(file) as part:
        part.write_bytes(save(weights, metadata))


def read(kind: Kind[Model], file: Path, device: torch.device) -> Model:
    """Read what `write` wrote.

    Args:
        kind: The model's.
        file: Where it lies.
        device: Where its tensors go.

    Raises:
        FileNotFoundError: If there is no such file.
        Exception: One of DAMAGES, if it is damaged or of another kind.
    """
    return kind.unpack(_read_content(kind.name, file, device), device)


def obtain(
    kind: Kind[Model],
    digest: str,
    make: Callable[[], Model],
    *,
    cache: Path,
    device: torch.device,
    say: Say,
) -> Model:
    """Take a model from the cache, or make it and put it there.

    Of two processes that ask for the same model at once, one makes it, and the other waits and
    reads it. A damaged file, or one of another digest under the same name, is made anew.

    Args:
        kind: The model's.
        digest: What `digest_of` computed from inputs, settings and seed.
        make: Makes the model whose facts hold this digest; called where the cache has none.
        cache: A folder; made where it is missing. One that cannot be written costs only the
            caching.
        device: Where the model goes.
        say: Takes a line that says where the model comes from.
    """
    file = cache / f"{kind.name}-{digest[:16]}.safetensors"
    model = _look_up(kind, digest, file, device)
    if model is None:
        with _locked(kind.name, file, say):
            model = _look_up(kind, digest, file, device)  # made by another process meanwhile
            if model is None:
                return _make(kind, make, file, say)
    say(f"{kind.name}: found in {cache}")
    return model


def _make(kind: Kind[Model], make: Callable[[], Model], file: Path, say: Say) -> Model:
    model = make()
    try:
        write(kind, model, file)
    except (OSError, SafetensorError) as error:  # the latter where safetensors cannot write
        say(f"{kind.name}: not cached in {file.parent}: {error}")
    return model


def _look_up(kind: Kind[Model], digest: str, file: Path, device: torch.device) -> Model | None:
    """Return the model of a file; None where it is missing, damaged or of another digest."""
    try:
        content = _read_content(kind.name, file, device)
        return kind.unpack(content, device) if content.facts["digest"] == digest else None
    except DAMAGES:
        return None


def _read_content(name: str, file: Path, device: torch.device) -> Content:
    check_regular(file)
    with safe_open(file, "pt", str(device)) as stored:
        metadata = stored.metadata()
        facts = parse_json(metadata[name].encode(), strict=False)
        weights = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118 - no dict
    digest = tensors_digest(weights)
    if facts.pop(WEIGHTS, digest) != digest:  # older files have none
        raise ValueError(f"{file}: its weights are not those that were written")
    return Content(weights, facts)


@contextmanager
def _locked(name: str, file: Path, say: Say) -> Iterator[None]:
    """Hold the lock of a file while it is made; the system frees it however the process dies.

    Where the folder allows no lock, the model is made without: two processes may then make it.
    """
    lock = FileLock(file.with_name(f".{file.stem}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{name}: another process makes it, waiting ...")
        lock.acquire()
    except (OSError, NotImplementedError):  # the latter where the file system has no locks
        pass
    try:
        yield
    finally:
        lock.release()
