import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from trainables.generative import frozen_autoencoder
from trainables.generative.autoencoder import AutoencoderSettings, measure_reconstruction
from trainables.generative.frozen_autoencoder import obtain_autoencoder, read_autoencoder
from trainables.runtime.seeding import generator

CPU = torch.device("cpu")
QUICK = AutoencoderSettings(width=16, dim=4, n_codes=32, steps=2, batch_size=4)


@pytest.fixture
def images() -> torch.Tensor:
    rng = generator(CPU, 0)
    return torch.randint(0, 256, (12, 1, 28, 28), generator=rng).to(torch.uint8)


class Cache:
    """A cache folder, and how often an autoencoder was trained."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder = folder
        self.trained = 0
        self.said: list[str] = []
        fit = frozen_autoencoder.fit_autoencoder

        def counting(*arguments):
            self.trained += 1
            return fit(*arguments)

        monkeypatch.setattr(frozen_autoencoder, "fit_autoencoder", counting)

    def obtain(self, images, settings=QUICK):
        self.said.clear()
        return obtain_autoencoder(images, settings, self.folder, self.said.append)

    @property
    def file(self) -> Path:
        (file,) = self.folder.glob("*.safetensors")
        return file


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Cache:
    return Cache(tmp_path / "made" / "here", monkeypatch)


def same(first, second) -> bool:
    weights, expected_weights = first.model.state_dict(), second.model.state_dict()
    facts, expected = ({**vars(a), "model": None} for a in (first, second))
    return facts == expected and all(
        torch.equal(weights[name], expected_weights[name]) for name in weights
    )


def test_the_second_call_reads(cache, images):
    first = cache.obtain(images)
    assert not any("found" in line for line in cache.said)
    second = cache.obtain(images)
    assert cache.trained == 1
    assert cache.said == [f"autoencoder: found in {cache.folder}"]
    assert same(first, second)


def test_it_is_frozen_whether_made_or_read(cache, images):
    for autoencoder in (cache.obtain(images), cache.obtain(images)):
        assert not any(module.training for module in autoencoder.model.modules())
        assert not any(parameter.requires_grad for parameter in autoencoder.model.parameters())


def test_its_unit_is_that_of_the_training_images(cache, images):
    autoencoder = cache.obtain(images)
    assert autoencoder.latent_std == measure_reconstruction(autoencoder.model, images).latent_std


def test_only_the_whole_file_is_left_in_the_cache(cache, images):
    cache.obtain(images)
    visible = [path for path in cache.folder.iterdir() if not path.name.startswith(".")]
    assert visible == [cache.file]
    assert all(path.suffix == ".lock" for path in cache.folder.glob(".*"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("not found: 404" * 100)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def without_description(path: Path) -> None:
    save_file({"codes": torch.zeros(2)}, path)


def odd_description(path: Path) -> None:
    save_file({"codes": torch.zeros(2)}, path, {"autoencoder": "[1, 2"})


def of_other_settings(path: Path) -> None:
    save_file({"codes": torch.zeros(2)}, path, {"autoencoder": '{"settings": {"depth": 3}}'})


def of_another_network(path: Path) -> None:
    autoencoder = read_autoencoder(path, CPU)
    weights = {name: value[:1].clone() for name, value in autoencoder.model.state_dict().items()}
    with safe_open(path, "pt", "cpu") as file:
        save_file(weights, path, file.metadata())


@pytest.mark.parametrize(
    "damage",
    [cut, empty, text, without_description, odd_description, of_other_settings, of_another_network],
)
def test_a_damaged_file_is_made_anew(cache, images, damage):
    autoencoder = cache.obtain(images)
    damage(cache.file)
    again = cache.obtain(images)
    assert cache.trained == 2
    assert same(autoencoder, again)
    cache.obtain(images)
    assert cache.trained == 2


def test_a_file_of_other_data_under_this_name_is_not_taken(cache, images):
    """The name holds 16 digits of the digest; the file holds all."""
    autoencoder = cache.obtain(images)
    replace(autoencoder, digest=autoencoder.digest[:16] + "0" * 48).write(cache.file)
    assert same(cache.obtain(images), autoencoder)
    assert cache.trained == 2


@pytest.mark.parametrize("name", asdict(QUICK))
def test_every_setting_has_a_digest_of_its_own(cache, images, name):
    changed = replace(QUICK, **{name: getattr(QUICK, name) * 2 or 1})
    digests = {frozen_autoencoder._digest(images, settings) for settings in (QUICK, changed)}
    assert len(digests) == 2


def test_the_digest_is_that_of_caches_that_were_written_before(monkeypatch):
    """Of each version: two threads trained the first, whose weights could differ."""
    images = (torch.arange(96) % 251).reshape(2, 3, 4, 4).to(torch.uint8)
    expected = {
        1: "976c53cabbb132c68e2d46f25bafa2e69a00248ac06e0dbb9bd58b5bcfdc4327",
        2: "c1b0c4acf0d1fb431db4dc62823eaab1b47b70a66cf3feda131b1ebbc54cdcab",
    }
    assert max(expected) == frozen_autoencoder.VERSION
    for version, digest in expected.items():
        monkeypatch.setattr(frozen_autoencoder, "VERSION", version)
        assert frozen_autoencoder._digest(images, QUICK) == digest


def test_other_images_have_a_digest_of_their_own(cache, images):
    nearly = images.clone()
    nearly[5, 0, 3, 3] ^= 1
    variants = [images, nearly, images[:-1], images.flip(0), images.reshape(3, 4, 28, 28)]
    assert len({frozen_autoencoder._digest(variant, QUICK) for variant in variants}) == len(
        variants
    )


def test_another_version_of_the_code_trains_anew(cache, images, monkeypatch):
    cache.obtain(images)
    monkeypatch.setattr(frozen_autoencoder, "VERSION", frozen_autoencoder.VERSION + 1)
    cache.obtain(images)
    assert cache.trained == 2


def in_place_of_the_folder(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")


def above_the_folder(folder: Path) -> None:
    folder.parent.write_text("a file")


@pytest.mark.parametrize("obstacle", [in_place_of_the_folder, above_the_folder])
def test_a_cache_that_cannot_be_made_costs_only_the_caching(cache, images, obstacle):
    obstacle(cache.folder)
    autoencoder = cache.obtain(images)
    assert autoencoder.model.encode(images.float() / 255).shape == (12, 4, 7, 7)
    assert [line for line in cache.said if "not cached" in line] == cache.said[-1:]
    assert str(cache.folder) in cache.said[-1]
    assert "\n" not in cache.said[-1]


def test_a_cache_that_cannot_be_written_costs_only_the_caching(cache, images, monkeypatch):
    """Where safetensors itself cannot write: here, because a folder has the file's name."""
    digest = frozen_autoencoder._digest(images, QUICK)
    monkeypatch.setattr(os, "getpid", lambda: 77)
    (cache.folder / f".autoencoder-{digest[:16]}.safetensors.77").mkdir(parents=True)
    cache.obtain(images)
    assert "not cached" in cache.said[-1]


def test_what_is_no_autoencoder_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_autoencoder(tmp_path / "none", CPU)
