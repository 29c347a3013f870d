import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from trainables.classification.assets import read_data
from trainables.data.phantoms.lesions import load
from trainables.generative import autoencoder as training
from trainables.generative.autoencoder import (
    AutoencoderSettings,
    fit_autoencoder,
    make_autoencoder,
    measure_reconstruction,
)
from trainables.generative.progress import LINES
from trainables.models.autoencoder import VQVAE, Codebook
from trainables.runtime.seeding import seeded

CPU = torch.device("cpu")
QUICK = AutoencoderSettings(width=16, dim=4, n_codes=32, steps=4, batch_size=8)


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.from_numpy(load(28).train.pixels[:64]).permute(0, 3, 1, 2).contiguous()


def silent(_: str) -> None:
    pass


def weights(model: VQVAE) -> torch.Tensor:
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def test_a_few_steps_reconstruct_images_it_was_not_trained_on(prepared, autoencoder):
    """Against the network before training, and against painting each image in its own mean."""
    held_out = read_data(prepared.assets, CPU).val.images
    with seeded(CPU, autoencoder.settings.seed, "autoencoder"):
        untrained = make_autoencoder(1, 28, autoencoder.settings)
    before = measure_reconstruction(untrained, held_out)
    after = measure_reconstruction(autoencoder.model, held_out)
    pixels = held_out.float() / 255
    flat = float((pixels - pixels.mean(dim=(1, 2, 3), keepdim=True)).abs().mean())
    assert after.mae < 0.8 * flat < before.mae
    assert after.psnr > before.psnr + 4
    assert after.codes_used > 30


def test_the_same_seed_gives_the_same_weights(images):
    first, again = (fit_autoencoder(images, QUICK, silent) for _ in range(2))
    second = fit_autoencoder(images, replace(QUICK, seed=1), silent)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(second))


def test_global_randomness_is_left_alone(images):
    before = torch.random.get_rng_state()
    fit_autoencoder(images, QUICK, silent)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_batches_are_drawn_from_the_given_images_only(images):
    """Two images that are far apart, and others of the same seed: nothing else can be learnt."""
    first, second = (
        fit_autoencoder(images[:2], QUICK, silent),
        fit_autoencoder(images[2:4], QUICK, silent),
    )
    assert not torch.equal(weights(first), weights(second))


def test_unused_codes_are_revived_at_times_but_not_late(images, monkeypatch):
    """Every 4 steps of 20, in the first three quarters: after steps 4, 8 and 12."""
    monkeypatch.setattr(training, "REVIVE_EVERY", 4)
    revived, revive = [], Codebook.revive
    used = []
    forward = Codebook.forward

    def watch(self, latents):
        quantised = forward(self, latents)
        used.append(set(quantised.indices.flatten().tolist()))
        return quantised

    def spy(self, dead, latents, generator):
        revived.append((len(used), set(torch.nonzero(~dead).flatten().tolist())))
        revive(self, dead, latents, generator)

    monkeypatch.setattr(Codebook, "forward", watch)
    monkeypatch.setattr(Codebook, "revive", spy)
    fit_autoencoder(images, replace(QUICK, steps=20), silent)
    assert [step for step, _ in revived] == [4, 8, 12]
    for step, alive in revived:
        assert alive == set().union(*used[step - 4 : step])


def test_revival_fills_the_codebook(images, monkeypatch):
    settings = replace(QUICK, steps=40)
    monkeypatch.setattr(training, "REVIVE_EVERY", 1000)
    without = measure_reconstruction(fit_autoencoder(images, settings, silent), images)
    monkeypatch.setattr(training, "REVIVE_EVERY", 4)
    with_revival = measure_reconstruction(fit_autoencoder(images, settings, silent), images)
    assert with_revival.codes_used > without.codes_used


def test_progress_is_told(images):
    said: list[str] = []
    fit_autoencoder(images, replace(QUICK, steps=20), said.append)
    assert len(said) == LINES
    assert said[-1].startswith("autoencoder: step 20 of 20")


def test_the_learning_rate_falls_along_a_cosine():
    rates = [training._cosine(step / 4) for step in range(5)]
    assert rates == pytest.approx([1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125), 0])


def test_reconstruction_is_measured_as_defined(autoencoder, images):
    """Against NumPy over all images at once, whatever the batch size."""
    reconstruction = measure_reconstruction(autoencoder.model, images, batch_size=10)
    pixels = images.float() / 255
    with torch.no_grad():
        decoded, _, quantised = autoencoder.model(pixels)
    errors = (decoded - pixels).double().numpy()
    codes = autoencoder.model.codebook.codes.detach().double().numpy()
    occurring = codes[quantised.indices.flatten().numpy()]
    assert reconstruction.mae == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert reconstruction.psnr == pytest.approx(-10 * math.log10((errors**2).mean()), rel=1e-5)
    assert reconstruction.codes_used == len(np.unique(quantised.indices.numpy()))
    assert reconstruction.latent_std == pytest.approx(
        math.sqrt(occurring.var(axis=0).mean()), rel=1e-4
    )
