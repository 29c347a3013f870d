import pytest
import torch

from trainables.models.autoencoder import VQVAE, Codebook
from trainables.runtime.seeding import generator, seeded

CPU = torch.device("cpu")


@pytest.fixture
def codebook() -> Codebook:
    with seeded(CPU, 0):
        book = Codebook(n_codes=10, dim=4, commitment=0.25)
        book.codes.data.normal_()
    return book


@pytest.fixture
def latents() -> torch.Tensor:
    return torch.randn(3, 4, 5, 2, generator=generator(CPU, 1)).requires_grad_()


def nearest_by_hand(latents, codes):
    """Index of the nearest code at each position, in double precision, one by one."""
    indices = torch.empty(3, 5, 2, dtype=torch.int64)
    for n in range(3):
        for row in range(5):
            for column in range(2):
                gaps = codes.double() - latents[n, :, row, column].double()
                indices[n, row, column] = gaps.square().sum(1).argmin()
    return indices


@pytest.mark.parametrize(
    ("size", "channels", "side"), [(28, 1, 7), (64, 3, 8), (128, 1, 8), (224, 3, 14)]
)
def test_shapes(size, channels, side):
    model = VQVAE(channels, size)
    images = torch.rand(1, channels, size, size, generator=generator(CPU, 0))
    with torch.no_grad():
        decoded, latents, quantised = model(images)
    assert decoded.shape == images.shape
    assert latents.shape == quantised.latents.shape == (1, 16, side, side)
    assert quantised.indices.shape == (1, side, side)
    assert 0 <= float(decoded.min()) <= float(decoded.max()) <= 1


def test_parts_are_what_the_whole_does():
    with seeded(CPU, 0):
        model = VQVAE(1, 28)
    images = torch.rand(2, 1, 28, 28, generator=generator(CPU, 0))
    decoded, latents, quantised = model(images)
    assert torch.equal(model.encode(images), latents)
    assert torch.equal(model.quantise(images), quantised.latents)
    assert torch.equal(model.decode(quantised.latents), decoded)


def test_decoded_images_stay_in_range_wherever_latents_go():
    with seeded(CPU, 0):
        model = VQVAE(1, 28)
    latents = 1e3 * torch.randn(2, 16, 7, 7, generator=generator(CPU, 0))
    decoded = model.decode(latents).detach()
    assert (float(decoded.min()), float(decoded.max())) == (0, 1)


def test_codes_are_the_nearest(codebook, latents):
    quantised = codebook(latents)
    expected = nearest_by_hand(latents, codebook.codes)
    assert len(expected.unique()) > 5
    assert torch.equal(quantised.indices, expected)
    torch.testing.assert_close(
        quantised.latents, codebook.codes[expected].permute(0, 3, 1, 2).detach()
    )


def test_gradients_pass_straight_through(codebook, latents):
    weights = torch.randn(3, 4, 5, 2, generator=generator(CPU, 2))
    (codebook(latents).latents * weights).sum().backward()
    assert torch.equal(latents.grad, weights)
    assert codebook.codes.grad is None


def test_commitment_weighs_the_encoders_side_only(codebook, latents):
    """d/dz of beta |sg(c) - z|^2 and d/dc of |c - sg(z)|^2, by hand."""
    quantised = codebook(latents)
    quantised.loss.backward()
    chosen = codebook.codes[quantised.indices].permute(0, 3, 1, 2).detach()
    gaps = latents.detach() - chosen
    pull = 2 * gaps / gaps.numel()
    torch.testing.assert_close(latents.grad, 0.25 * pull)
    moved = torch.zeros_like(codebook.codes)
    moved.index_add_(0, quantised.indices.flatten(), -pull.permute(0, 2, 3, 1).reshape(-1, 4))
    torch.testing.assert_close(codebook.codes.grad, moved)
    assert float(quantised.loss.detach()) == pytest.approx(1.25 * float(gaps.square().mean()))


def test_revival_replaces_dead_codes_only(codebook, latents):
    before = codebook.codes.detach().clone()
    dead = torch.zeros(10, dtype=torch.bool)
    dead[[2, 3, 7]] = True
    codebook.revive(dead, latents, generator(CPU, 3))
    assert torch.equal(codebook.codes[~dead], before[~dead])
    outputs = latents.detach().permute(0, 2, 3, 1).reshape(-1, 4)
    for code in codebook.codes[dead]:
        assert bool((code == outputs).all(dim=1).any())
    assert codebook.codes.requires_grad


def test_revival_without_dead_codes_does_nothing(codebook, latents):
    before = codebook.codes.detach().clone()
    codebook.revive(torch.zeros(10, dtype=torch.bool), latents, generator(CPU, 3))
    assert torch.equal(codebook.codes, before)
