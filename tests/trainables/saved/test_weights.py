"""Weights alone as a frozen model: they come back as they were."""

import torch

from trainables.saved.frozen import read, write
from trainables.saved.weights import Weights, weights_kind


def test_weights_come_back_with_their_digest(tmp_path):
    kind = weights_kind("some-source")
    values = {"layer.weight": torch.rand(3, 2), "count": torch.tensor(4)}
    write(kind, Weights(values, "abc"), tmp_path / "file.safetensors")
    model = read(kind, tmp_path / "file.safetensors", torch.device("cpu"))
    assert model.digest == "abc"
    assert set(model.values) == set(values)
    assert all(torch.equal(model.values[name], value) for name, value in values.items())
