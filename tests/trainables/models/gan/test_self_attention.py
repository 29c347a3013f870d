"""Attention that begins as nothing, and does not know where a position lies."""

import torch

from trainables.models.gan.self_attention import SelfAttention


def make(scale=0.0, *, spectral=False):
    torch.manual_seed(0)
    layer = SelfAttention(8, spectral=spectral)
    with torch.no_grad():
        layer.scale.fill_(scale)
    return layer


def test_untrained_it_changes_nothing():
    maps = torch.randn(2, 8, 4, 4)
    assert torch.equal(make()(maps), maps)


def test_moving_blocks_of_positions_moves_the_outputs():
    """Keys are pooled over blocks of 2 x 2, so whole blocks are permuted."""
    layer, maps = make(1.0), torch.randn(2, 8, 4, 4)
    rolled = torch.roll(maps, shifts=(2, 2), dims=(2, 3))
    expected = torch.roll(layer(maps), shifts=(2, 2), dims=(2, 3))
    assert torch.allclose(layer(rolled), expected, atol=1e-5)
    assert not torch.allclose(layer(maps), maps)


def test_it_is_the_formula():
    layer, maps = make(0.5), torch.randn(1, 8, 4, 4)
    query, key, value, mix = (
        part.weight[:, :, 0, 0] for part in (layer.query, layer.key, layer.value, layer.mix)
    )
    pixels = maps[0].flatten(1)

    def pooled(values):
        blocks = [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
        return torch.stack([values[:, block].amax(dim=1) for block in blocks], dim=1)

    weights = ((query @ pixels).T @ pooled(key @ pixels)).softmax(dim=1)
    context = pooled(value @ pixels) @ weights.T
    expected = pixels + 0.5 * (mix @ context)
    assert torch.allclose(layer(maps)[0].flatten(1), expected, atol=1e-5)
