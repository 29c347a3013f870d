"""The digest of tensors: whatever tells them apart, in any order."""

import torch

from trainables.models.digests import tensors_digest


def test_a_digest_of_weights_sees_names_types_shapes_and_values():
    weights = {"a": torch.arange(4.0), "b": torch.tensor(1)}
    variants = [
        weights,
        {"a": weights["a"], "c": weights["b"]},
        {"a": weights["a"].reshape(2, 2), "b": weights["b"]},
        {"a": weights["a"].double(), "b": weights["b"]},
        {"a": torch.nextafter(weights["a"], torch.tensor(9.0)), "b": weights["b"]},
        {"a": weights["a"]},
    ]
    assert len({tensors_digest(variant) for variant in variants}) == len(variants)
    assert tensors_digest(dict(reversed(weights.items()))) == tensors_digest(weights)
