"""A stranger's model is data: loading it follows no link, runs no code, takes bounded memory."""

import json
import os
import struct

import pytest
import torch
from forgeries import DEEP, ESCAPES
from peak import MEMORY_MIB, peak_mib

from search.robmednas.synthesise import find_model
from searchspace.errors import UserError
from trainables.saved.checkpoint import (
    CARD,
    WEIGHTS,
    ModelCard,
    UNetCard,
    load_classifier,
    load_unet,
    save_model,
)

CLASSIFIER = {
    "classifier": "cnn", "channels": 1, "shape": (28, 28), "task": "binary",
    "classes": ("a", "b"), "dropout": 0.0,
}  # fmt: skip
UNET = {"architecture": "1000x8 | 1000x8", "kernels": "square", "size": 32, "field_mm": 256.0}


def text(name, content):
    def forge(model, outside):
        data = content if isinstance(content, bytes) else content.encode()
        (model / name).write_bytes(data)

    return forge


def link(name):
    def forge(model, outside):
        (model / name).unlink()
        (model / name).symlink_to(outside / "line.txt")

    return forge


def pipe(name):
    def forge(model, outside):
        (model / name).unlink()
        os.mkfifo(model / name)

    return forge


def folder(name):
    def forge(model, outside):
        (model / name).unlink()
        (model / name).mkdir()

    return forge


def card(**fields):
    def forge(model, outside):
        values = json.loads((model / CARD).read_text())
        (model / CARD).write_text(json.dumps(values | fields))

    return forge


def weights(header, body=b""):
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return text(WEIGHTS, struct.pack("<Q", len(data)) + data + body)


def pickled(model, outside):
    torch.save({"body": torch.zeros(2)}, model / WEIGHTS)


HUGE = [0, 2**40]
TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
FORGERIES = {
    **{f"{name}: a link": link(name) for name in (CARD, WEIGHTS)},
    **{f"{name}: a pipe": pipe(name) for name in (CARD, WEIGHTS)},
    **{f"{name}: a folder": folder(name) for name in (CARD, WEIGHTS)},
    **{f"{name}: empty": text(name, "") for name in (CARD, WEIGHTS)},
    **{f"{name}: no text": text(name, b"\xff\xfe\x00") for name in (CARD, WEIGHTS)},
    "a card nested deeply": text(CARD, DEEP),
    "a card of two megabytes": text(CARD, '{"a": "' + "x" * 2**21 + '"}'),
    "a card of a list": text(CARD, "[]"),
    "a card with a field of escapes": card(**{ESCAPES: 1}),
    "weights that are a pickle": pickled,
    "a header of a terabyte": text(WEIGHTS, struct.pack("<Q", 2**40) + b"{}"),
    "a header that is no JSON": weights(b"{"),
    "a header nested deeply": weights(DEEP.encode()),
    "a tensor of terabytes": weights({"body": TENSOR | {"shape": [2**38], "data_offsets": HUGE}}),
    "a tensor before the file": weights({"body": TENSOR | {"data_offsets": [-8, 0]}}),
    "a tensor beyond numbers": weights({"body": TENSOR | {"shape": [2**62, 2**62]}}),
    "tensors one over the other": weights({"a": TENSOR, "b": TENSOR}, bytes(8)),
    "a type that is none": weights({"body": TENSOR | {"dtype": "O"}}, bytes(8)),
    "another network's tensors": weights({"body": TENSOR}, bytes(8)),
}  # fmt: skip
OF_CLASSIFIERS = {
    "a million channels": card(channels=10**6),
    "channels beyond numbers": card(channels=10**30),
    "an image of a gigabyte": card(shape=[30_000, 30_000]),
    "a million classes": card(classes=[str(number) for number in range(10**5)]),
    "an image of terabytes": card(shape=[10**6, 10**6]),
    "a classifier by path": card(classifier="os:system"),
    "a classifier by file": card(classifier="./evil.py:Net"),
}
OF_UNETS = {
    "a million filters": card(architecture="1000x1000000 | 1000x1000000"),
    "thousands of blocks": card(architecture=" ".join(["1000x8"] * 5000) + " | 1000x8"),
    "a grid of terabytes": card(size=10**6),
    "a field without end": card(field_mm=1e30),
    "a scale without end": lambda model, outside: (model / CARD).write_text(
        (model / CARD).read_text().replace("2500.0", "1e999")
    ),
    "an architecture of escapes": card(architecture=ESCAPES),
    "an architecture that is a list": card(architecture=["1000x8"]),
    "kernels by path": card(kernels="os:system"),
    "a norm that is none": card(norm="none of them"),
}


def check(load, model, canary):
    before, memory = canary(), peak_mib(reset=True)
    with pytest.raises(UserError) as error:
        load(model)
    assert "\n" not in str(error.value)
    assert peak_mib() - memory < MEMORY_MIB
    assert canary() == before


@pytest.fixture
def model(forged):
    """A folder in the place of the run's winner."""
    return forged / "best"


@pytest.mark.parametrize(("title", "forge"), {**FORGERIES, **OF_CLASSIFIERS}.items())
def test_a_forged_classifier_is_refused(title, forge, model, outside, canary):
    values = ModelCard(**CLASSIFIER)
    save_model(model, values.build(), values)
    (model.parent.parent / "evil.py").write_text("raise SystemExit('it ran')")
    forge(model, outside)
    check(load_classifier, model, canary)


@pytest.mark.parametrize(("title", "forge"), {**FORGERIES, **OF_UNETS}.items())
def test_a_forged_unet_is_refused(title, forge, model, outside, canary):
    values = UNetCard(**UNET)
    save_model(model, values.build(), values)
    forge(model, outside)
    check(lambda path: load_unet(find_model(path)), model, canary)


@pytest.mark.parametrize("name", ["best", "models", "final.json"])
def test_a_model_is_not_looked_for_behind_a_link(name, forged, outside, canary):
    values = UNetCard(**UNET)
    save_model(outside / "folder", values.build(), values)
    target = forged / name
    if target.is_dir():
        for file in target.iterdir():
            file.unlink()
        target.rmdir()
    target.symlink_to(outside / "folder")
    if name == "models":
        (forged / "final.json").write_text(json.dumps({"chosen": {"RobMedNAS-T": "x"}}))
        for file in (forged / "best").iterdir():
            file.unlink()
    check(find_model, forged, canary)


def test_the_models_themselves_are_loaded(model, outside):
    """Otherwise the rest would show nothing."""
    values = UNetCard(**UNET)
    save_model(model, values.build(), values)
    assert load_unet(find_model(model.parent))[1] == values
    values = ModelCard(**CLASSIFIER)
    save_model(model, values.build(), values)
    assert load_classifier(model)[1] == values
