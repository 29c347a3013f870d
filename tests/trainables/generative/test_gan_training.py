"""Training a GAN: classes, the average, interruption, and losses that are no numbers."""

import copy

import pytest
import torch

from trainables.generative import gan_training
from trainables.generative.gan_training import DivergedError, Game, GANSettings, Labelled, fit_gan
from trainables.generative.recipes import AVERAGE, RECIPES
from trainables.models.gan.generator import PerClass
from trainables.runtime.seeding import generator

CPU = torch.device("cpu")
TINY = GANSettings(steps=4, width=4, dim=6)


@pytest.fixture
def data():
    images = torch.randint(0, 256, (18, 1, 14, 14), generator=generator(CPU, 0)).to(torch.uint8)
    labels = (torch.arange(18) % 6 == 0).long()  # 3 of 18
    return Labelled(images, labels, 2)


def quiet(_line):
    pass


def weights(network):
    return torch.cat([value.flatten().double() for value in network.state_dict().values()])


def test_every_class_is_as_likely_whatever_its_size(data):
    images, labels = data.draw(2000, generator(CPU, 1))
    assert labels.float().mean() == pytest.approx(0.5, abs=0.05)
    pixels = (images * 255).round().to(torch.uint8)
    for label in (0, 1):
        contents = {bytes(image.flatten().tolist()) for image in pixels[labels == label]}
        expected = {bytes(image.flatten().tolist()) for image in data.of_class(label).images}
        assert contents == expected


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_and_the_same_seed_gives_the_same_weights(data, name):
    first = weights(fit_gan(name, RECIPES[name], data, TINY, quiet))
    second = weights(fit_gan(name, RECIPES[name], data, TINY, quiet))
    assert torch.equal(first, second)
    assert torch.isfinite(first).all()


def test_another_seed_gives_others_and_global_randomness_is_left_alone(data):
    before = torch.random.get_rng_state()
    first, second = (
        weights(
            fit_gan("hinge", RECIPES["hinge"], data, GANSettings(steps=1, width=4, seed=s), quiet)
        )
        for s in (0, 1)
    )
    assert not torch.equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_network_for_each_class_sees_that_class_alone(data):
    changed = Labelled(data.images.clone(), data.labels, 2)
    changed.images[data.labels == 1] = 0
    first, second = (
        fit_gan("dcgan", RECIPES["dcgan"], images, TINY, quiet) for images in (data, changed)
    )
    assert isinstance(first, PerClass)
    same = [
        torch.equal(weights(a), weights(b))
        for a, b in zip(first.generators, second.generators, strict=True)
    ]
    assert same == [True, False]


def test_the_average_of_the_weights_is_that_of_the_steps(data):
    game = Game(RECIPES["hinge"], data, TINY)
    expected = copy.deepcopy(game.generator.start.weight.detach())
    for _ in range(3):
        game.play()
        expected = AVERAGE * expected + (1 - AVERAGE) * game.generator.start.weight.detach()
    assert torch.allclose(game.average.start.weight, expected, atol=1e-7)


def test_statistics_of_the_average_are_its_own(data):
    game = Game(RECIPES["hinge"], data, TINY)
    for _ in range(3):
        game.play()
    average = game.averaged_generator()
    noise, labels = game._noise(512, generator(CPU, 5))
    with torch.no_grad():
        inputs = torch.cat([noise, average.embedding(labels)], dim=1)
        maps = average.start(inputs).unflatten(1, (-1, average.side, average.side))
    norm = average.layers[0]
    assert torch.allclose(norm.running_mean, maps.mean(dim=(0, 2, 3)), atol=0.05)


def test_the_generator_plays_at_every_fifth_step_of_wgan_gp(data):
    game = Game(RECIPES["wgan-gp"], data, TINY)
    before = weights(game.generator)
    for _ in range(4):
        game.play()
    batch_norm_aside = game.generator.start.weight.detach().clone()
    game.play()
    assert len(before)
    assert not torch.equal(batch_norm_aside, game.generator.start.weight)


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(data, tmp_path, monkeypatch):
    monkeypatch.setattr(gan_training, "SNAPSHOT_EVERY", 2)
    recipe, file, lines = RECIPES["r1"], tmp_path / "snapshot", []
    uninterrupted = weights(fit_gan("r1", recipe, data, TINY, quiet))
    play, count = Game.play, [0]

    def stop(game):
        if count[0] == 3:
            raise KeyboardInterrupt
        count[0] += 1
        return play(game)

    monkeypatch.setattr(Game, "play", stop)
    with pytest.raises(KeyboardInterrupt):
        fit_gan("r1", recipe, data, TINY, quiet, file)
    monkeypatch.setattr(Game, "play", play)
    assert torch.equal(
        weights(fit_gan("r1", recipe, data, TINY, lines.append, file)), uninterrupted
    )
    assert "goes on at step 2 of 4" in lines[0]
    assert not file.exists()


def test_a_damaged_snapshot_is_begun_anew(data, tmp_path):
    file = tmp_path / "snapshot"
    file.write_bytes(b"cut short")
    uninterrupted = weights(fit_gan("hinge", RECIPES["hinge"], data, TINY, quiet))
    assert torch.equal(
        weights(fit_gan("hinge", RECIPES["hinge"], data, TINY, quiet, file)), uninterrupted
    )


def test_a_loss_that_is_no_number_stops_in_one_line(data, monkeypatch):
    monkeypatch.setattr(Game, "play", lambda game: (float("nan"), 0.0))
    with pytest.raises(DivergedError, match="the generator hinge diverged") as error:
        fit_gan("hinge", RECIPES["hinge"], data, TINY, quiet)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_ring_of_modes_is_covered():
    """Eight kinds of images, one bright pixel each: a collapsed generator makes one of them."""
    corners = [(2, 2), (2, 7), (2, 11), (7, 2), (7, 11), (11, 2), (11, 7), (11, 11)]
    images = torch.zeros(8, 1, 14, 14, dtype=torch.uint8)
    for image, (row, column) in zip(images, corners, strict=True):
        image[0, row - 1 : row + 2, column - 1 : column + 2] = 255
    data = Labelled(images.repeat(16, 1, 1, 1), torch.zeros(128, dtype=torch.int64), 1)
    recipe = RECIPES["hinge"]
    network = fit_gan("hinge", recipe, data, GANSettings(steps=300, width=8), quiet)
    noise = torch.randn(256, network.dim, generator=generator(CPU, 3))
    with torch.no_grad():
        samples = network(noise, torch.zeros(256, dtype=torch.int64))
    distances = torch.cdist(samples.flatten(1), images.flatten(1).float() / 255)
    assert len(distances.argmin(dim=1).unique()) >= 6
