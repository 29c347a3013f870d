"""Generators from the cache, their digests, and images that do not depend on others."""

import pytest
import torch

from searchspace.errors import UserError
from trainables.generative import image_generator
from trainables.generative.gan_training import Labelled
from trainables.generative.image_generator import (
    BLOCK,
    GENERATOR,
    GeneratorSettings,
    obtain_generator,
)
from trainables.generative.recipes import GENERATORS
from trainables.runtime.seeding import generator
from trainables.saved.frozen import read, write

CPU = torch.device("cpu")
QUICK = GeneratorSettings(steps=2, width=4, autoencoder_steps=1)


@pytest.fixture
def data():
    images = torch.randint(0, 256, (20, 1, 28, 28), generator=generator(CPU, 0)).to(torch.uint8)
    return Labelled(images, torch.arange(20) % 2, 2)


def obtain(name, data, folder, settings=QUICK, say=lambda _: None):
    return obtain_generator(name, data, settings, folder, say)


@pytest.mark.parametrize("name", GENERATORS)
def test_what_is_read_back_draws_the_same_images(data, tmp_path, name):
    trained = obtain(name, data, tmp_path / "cache")
    write(GENERATOR, trained, tmp_path / "file")
    again = read(GENERATOR, tmp_path / "file", CPU)
    assert again.weights_digest == trained.weights_digest
    assert {**vars(again), "network": 0} == {**vars(trained), "network": 0}
    assert torch.equal(again.draw(1, 3, 7), trained.draw(1, 3, 7))


def test_it_is_trained_once(data, tmp_path, monkeypatch):
    first, lines = obtain("hinge", data, tmp_path), []
    monkeypatch.setattr(image_generator, "fit_gan", None)  # would fail if it were called
    second = obtain("hinge", data, tmp_path, say=lines.append)
    assert second.weights_digest == first.weights_digest
    assert lines == [f"generator: found in {tmp_path}"]
    assert [file.name for file in tmp_path.glob("*.snapshot*")] == []


def test_images_labels_and_settings_make_another_generator(data, tmp_path):
    digests = {obtain("hinge", data, tmp_path).digest, obtain("r1", data, tmp_path).digest}
    changed = data.images.clone()
    changed[0, 0, 0, 0] ^= 1
    for variant in (Labelled(changed, data.labels, 2), Labelled(data.images, 1 - data.labels, 2)):
        digests.add(obtain("hinge", variant, tmp_path).digest)
    seeded = GeneratorSettings(steps=2, width=4, seed=1)
    digests.add(obtain("hinge", data, tmp_path, seeded).digest)
    assert len(digests) == 5


def test_an_image_does_not_depend_on_how_many_are_drawn(data, tmp_path):
    drawer = obtain("hinge", data, tmp_path)
    first, rest = drawer.draw(0, 3, seed=5), drawer.draw(0, BLOCK + 6, seed=5)
    assert torch.equal(first, rest[:3])
    assert rest.shape == (BLOCK + 6, 1, 28, 28)
    assert rest.dtype == torch.uint8
    assert drawer.draw(0, 0, seed=5).shape == (0, 1, 28, 28)
    assert not torch.equal(first, drawer.draw(1, 3, seed=5))
    assert not torch.equal(first, drawer.draw(0, 3, seed=6))


def test_truncation_brings_images_together(data, tmp_path):
    drawer = obtain("hinge", data, tmp_path)
    untouched, truncated, point = (
        drawer.draw(0, 64, 1, truncation).float().std(dim=0).mean() for truncation in (1, 0.5, 0)
    )
    assert point == 0 < truncated < untouched


def test_colours_and_larger_images_are_drawn(tmp_path):
    images = torch.randint(0, 256, (16, 3, 64, 64), generator=generator(CPU, 0)).to(torch.uint8)
    data = Labelled(images, torch.arange(16) % 2, 2)
    assert obtain("hinge-attention", data, tmp_path).draw(0, 1, 0).shape == (1, 3, 64, 64)


def test_a_class_of_few_images_is_refused_in_one_line(data, tmp_path):
    labels = (torch.arange(20) < 3).long()
    with pytest.raises(UserError, match="3 of class 1: it needs 8 of each class") as error:
        obtain("hinge", Labelled(data.images, labels, 2), tmp_path)
    assert "\n" not in str(error.value)


def test_an_unknown_name_lists_close_ones(data, tmp_path):
    with pytest.raises(UserError, match="hinge"):
        obtain("hing", data, tmp_path)
