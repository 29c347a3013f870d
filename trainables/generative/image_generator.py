"""Generators of images by name: made once for images, settings and seed, cached, drawn from."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.generative.autoencoder import AutoencoderSettings, make_autoencoder
from trainables.generative.frozen_autoencoder import obtain_autoencoder
from trainables.generative.gan_training import GANSettings, Labelled, fit_gan
from trainables.generative.latent_gaussian import LatentGaussian, fit_latent_gaussian
from trainables.generative.recipes import GENERATORS, LATENT_GAUSSIAN, RECIPES
from trainables.models.digests import tensors_digest
from trainables.models.gan.generator import Generator, PerClass
from trainables.runtime.device import threads
from trainables.runtime.seeding import generator as make_rng
from trainables.saved.frozen import Content, Kind, digest_of, obtain
from trainables.saved.shapes import check_size
from trainables.study.study import Say

VERSION = 2  # raise when a network or its training changes: old cache entries are then not taken
THREADS = 1  # fixed, so that weights do not depend on how many cores there are
BLOCK = 64  # samples that are drawn at a time, always as many: their bytes depend on it
LEAST = 8  # images of a class


@dataclass(frozen=True, kw_only=True)
class GeneratorSettings:
    """How generators are trained.

    Attributes:
        steps: Of a GAN.
        width: Maps of a GAN's finest level.
        autoencoder_steps: Of the VQ-VAE of the latent Gaussian.
        seed: Of all random numbers.
    """

    steps: int = 2000
    width: int = 16
    autoencoder_steps: int = 800
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class ImageGenerator:
    """A trained generator, and what it was made from.

    Attributes:
        name: A key of `recipes.GENERATORS`.
        network: Maps noise (N, dim) and classes (N,) to images (N, C, H, W) in [0, 1]; in eval
            mode, taking no gradients.
        channels: Of its images.
        size: Of its images, in pixels.
        n_classes: Number of classes.
        settings: How it was trained.
        digest: SHA-256 of training images, labels and settings, in hexadecimal.
    """

    name: str
    network: nn.Module
    channels: int
    size: int
    n_classes: int
    settings: GeneratorSettings
    digest: str

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal."""
        return tensors_digest(self.network.state_dict())

    @property
    def dim(self) -> int:
        """Numbers of noise behind an image."""
        return int(self.network.dim)  # type: ignore[arg-type]  # each network has it

    def draw(self, label: int, count: int, seed: int, truncation: float = 1.0) -> Tensor:
        """Draw images of a class.

        Image i depends on class, seed, truncation and i alone: more images begin with the same.

        Args:
            label: The class.
            count: How many.
            seed: Of the noise.
            truncation: The noise is multiplied by it: below 1 images are more typical, and less
                varied.

        Returns:
            (count, C, H, W) uint8, on the generator's device.
        """
        blocks = [
            self.decode(truncation * self.noise(label, block, seed), label)
            for block in range(-(-count // BLOCK))
        ]
        if not blocks:
            device = next(self.network.parameters()).device
            shape = (0, self.channels, self.size, self.size)
            return torch.empty(shape, dtype=torch.uint8, device=device)
        return torch.cat(blocks)[:count]

    def noise(self, label: int, block: int, seed: int) -> Tensor:
        """Draw the noise of a block of images of a class, (BLOCK, dim).

        Args:
            label: The class.
            block: Its number, from 0.
            seed: Of the noise.
        """
        device = next(self.network.parameters()).device
        rng = make_rng(device, seed, "gan-noise", label, block)
        return torch.randn((BLOCK, self.dim), generator=rng, device=device)

    @torch.no_grad()
    def decode(self, noise: Tensor, label: int) -> Tensor:
        """Turn noise (N, dim) into images of a class, (N, C, H, W) uint8."""
        labels = torch.full((len(noise),), label, dtype=torch.int64, device=noise.device)
        images: Tensor = self.network(noise, labels)
        return (images * 255).round().to(torch.uint8)


def obtain_generator(
    name: str, data: Labelled, settings: GeneratorSettings, cache: Path, say: Say
) -> ImageGenerator:
    """Take the generator of these images and this seed from the cache, or train it and put it in.

    An interrupted training goes on from a snapshot beside the file.

    Args:
        name: A key of `recipes.GENERATORS`.
        data: The training images, and no others.
        settings: How it is trained, the seed included.
        cache: A folder; made where it is missing. One that cannot be written costs only the
            caching.
        say: Takes lines about the progress.

    Raises:
        UserError: If the name is unknown, or a class has fewer than `LEAST` images.
        DivergedError: If its losses are no numbers.
    """
    lookup(GENERATORS, name, "generator")
    check_counts(data)
    described = {"version": VERSION, "name": name, "shape": list(data.images.shape)}
    digest = digest_of(described | asdict(settings), data.images, data.labels)

    def make() -> ImageGenerator:
        with threads(THREADS):
            network = _fit(name, data, settings, cache, digest, say)
        return ImageGenerator(
            name=name,
            network=_freeze(network),
            channels=data.images.shape[1],
            size=data.images.shape[2],
            n_classes=data.n_classes,
            settings=settings,
            digest=digest,
        )

    return obtain(GENERATOR, digest, make, cache=cache, device=data.images.device, say=say)


def check_counts(data: Labelled) -> None:
    """Refuse a class with fewer than `LEAST` images, of which no generator learns anything.

    Raises:
        UserError: In one line that names the classes by their number.
    """
    counts = torch.bincount(data.labels, minlength=data.n_classes).tolist()
    lacking = [f"{count} of class {label}" for label, count in enumerate(counts) if count < LEAST]
    if lacking:
        raise UserError(
            f"the training images are too few for a generator, {', '.join(lacking)}: it needs "
            f"{LEAST} of each class; take a greater fraction"
        )


def _fit(
    name: str, data: Labelled, settings: GeneratorSettings, cache: Path, digest: str, say: Say
) -> nn.Module:
    if name == LATENT_GAUSSIAN:
        recipe = AutoencoderSettings(steps=settings.autoencoder_steps, seed=settings.seed)
        autoencoder = obtain_autoencoder(data.images, recipe, cache, say)
        return fit_latent_gaussian(autoencoder.model, data)
    gan = GANSettings(steps=settings.steps, width=settings.width, seed=settings.seed)
    snapshot = cache / f".{GENERATOR.name}-{digest[:16]}.snapshot"
    return fit_gan(name, RECIPES[name], data, gan, say, snapshot if cache.is_dir() else None)


def _freeze(network: nn.Module) -> nn.Module:
    return network.eval().requires_grad_(requires_grad=False)


def _pack(generator: ImageGenerator) -> Content:
    facts = {
        "name": generator.name,
        "channels": generator.channels,
        "size": generator.size,
        "n_classes": generator.n_classes,
        "settings": asdict(generator.settings),
        "digest": generator.digest,
    }
    return Content(generator.network.state_dict(), facts)


def _unpack(content: Content, device: torch.device) -> ImageGenerator:
    facts = dict(content.facts)
    settings = GeneratorSettings(**facts.pop("settings"))
    name, size = str(facts["name"]), int(facts["size"])

    def build() -> nn.Module:
        with torch.random.fork_rng(devices=[]):  # of the initial weights, which are replaced
            return _build(name, facts["channels"], size, facts["n_classes"], settings)

    check_size(build, [tensor.shape for tensor in content.weights.values()])
    network = build().to(device)
    network.load_state_dict(content.weights)
    return ImageGenerator(network=_freeze(network), settings=settings, **facts)


def _build(
    name: str, channels: int, size: int, n_classes: int, settings: GeneratorSettings
) -> nn.Module:
    """Build the untrained network of a generator."""
    if name == LATENT_GAUSSIAN:
        autoencoder = make_autoencoder(channels, size, AutoencoderSettings())
        device = next(autoencoder.parameters()).device
        image = torch.zeros((1, channels, size, size), device=device)
        shape = tuple(autoencoder.encode(image).shape[1:])
        return LatentGaussian(autoencoder, n_classes, shape)
    recipe = RECIPES[name]

    def generator(classes: int) -> Generator:
        return Generator(channels, size, classes, width=settings.width, attention=recipe.attention)

    if recipe.per_class and n_classes > 1:
        return PerClass(generator(1) for _ in range(n_classes))
    return generator(n_classes)


GENERATOR = Kind("generator", _pack, _unpack)
