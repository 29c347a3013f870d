"""The Gaussian has the mean and the variance of the latents of its class."""

import torch

from trainables.generative.gan_training import Labelled
from trainables.generative.latent_gaussian import COMPONENTS, LatentGaussian, fit_latent_gaussian
from trainables.models.autoencoder import VQVAE
from trainables.runtime.seeding import generator, seeded

CPU = torch.device("cpu")


def make_network():
    with seeded(CPU, 0):
        autoencoder = VQVAE(1, 28, 16, 4, 32).eval()
    return LatentGaussian(autoencoder, 2, (4, 7, 7))


def latents_of(network, label, count=4000):
    """Draw latents before they are quantised."""
    noise = torch.randn(count, network.dim, generator=generator(CPU, 1))
    along, apart = noise[:, :COMPONENTS], noise[:, COMPONENTS:]
    return network.means[label] + along @ network.components[label] + apart * network.rest[label]


def test_mean_variance_and_main_direction_are_those_of_the_class():
    network = make_network()
    scales = torch.linspace(0.1, 2, 4 * 7 * 7)
    common = torch.randn(40, 1, generator=generator(CPU, 2))
    apart = 0.2 * torch.randn(40, 4 * 7 * 7, generator=generator(CPU, 3))
    latents = (3 + common * scales + apart).view(40, 4, 7, 7)
    network.fit(1, latents)
    samples, flat = latents_of(network, 1), latents.flatten(1)
    assert torch.allclose(samples.mean(dim=0), flat.mean(dim=0), atol=0.15)
    assert torch.allclose(samples.var(dim=0), flat.var(dim=0), rtol=0.15, atol=0.02)
    correlation = torch.corrcoef(samples[:, [50, 190]].T)[0, 1]
    expected = torch.corrcoef(flat[:, [50, 190]].T)[0, 1]
    assert abs(correlation - expected) < 0.1
    assert not network.means[0].any()


def test_of_one_image_there_is_the_mean_alone():
    network = make_network()
    network.fit(0, torch.randn(1, 4, 7, 7))
    assert torch.isfinite(network.rest).all()
    assert not network.components[0].any()
    assert not network.rest[0].any()


def test_each_class_is_fitted_to_its_images_and_decoded_from_codes():
    images = torch.randint(0, 256, (20, 1, 28, 28), generator=generator(CPU, 4)).to(torch.uint8)
    labels = torch.arange(20) % 2
    with seeded(CPU, 0):
        autoencoder = VQVAE(1, 28, 16, 4, 32).eval()
    network = fit_latent_gaussian(autoencoder, Labelled(images, labels, 2))
    latents = autoencoder.encode(images.float() / 255).flatten(1)
    for label in (0, 1):
        assert torch.allclose(network.means[label], latents[labels == label].mean(dim=0), atol=1e-5)
    images = network(torch.zeros(2, network.dim), torch.tensor([0, 1]))
    codes = autoencoder.codebook(network.means.view(2, 4, 7, 7)).latents
    assert torch.allclose(images, autoencoder.decode(codes), atol=1e-6)
