"""Train a GAN on labelled images: step by step, from a snapshot where one was interrupted."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor, nn

from searchspace.errors import UserError
from trainables.door.opening import remove_file
from trainables.generative.diff_augment import diff_augment
from trainables.generative.progress import progress
from trainables.generative.recipes import AVERAGE, BATCH, Recipe
from trainables.losses.gan_losses import LOSSES, gradient_penalty, r1_penalty
from trainables.models.gan.discriminator import Discriminator
from trainables.models.gan.generator import Generator, PerClass
from trainables.runtime.device import channels_last
from trainables.runtime.seeding import derive, seeded
from trainables.runtime.seeding import generator as make_rng
from trainables.runtime.snapshot import read_snapshot, write_snapshot
from trainables.study.study import Say

SNAPSHOT_EVERY = 200  # steps
STATISTICS = 8  # batches from which the averaged generator's statistics are computed


class DivergedError(ArithmeticError):
    """The losses of a GAN are no numbers any more."""


@dataclass(frozen=True, kw_only=True)
class GANSettings:
    """How long a GAN trains, and how large it is.

    Attributes:
        steps: Of the discriminator, in all: networks of single classes share them.
        width: Maps of the generator's finest level; the discriminator has half as many more.
        dim: Of the noise.
        seed: Of initialisation, order, noise and augmentation.
    """

    steps: int = 2000
    width: int = 16
    dim: int = 64
    seed: int = 0


@dataclass(frozen=True)
class Labelled:
    """Images to train on.

    Attributes:
        images: (N, C, H, W) uint8, on the device to train on.
        labels: Classes from 0, (N,); each occurs.
        n_classes: Number of classes.
    """

    images: Tensor
    labels: Tensor
    n_classes: int

    def of_class(self, label: int) -> "Labelled":
        """Return the images of one class, as a set of one class."""
        images = self.images[self.labels == label]
        zeros = torch.zeros(len(images), dtype=torch.int64, device=images.device)
        return Labelled(images, zeros, 1)

    def draw(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw images in [0, 1] and their classes: every class is as likely as any other."""
        device = self.images.device
        labels = torch.randint(self.n_classes, (count,), generator=rng, device=device)
        order = self.labels.argsort(stable=True)
        counts = torch.bincount(self.labels, minlength=self.n_classes)
        starts = counts.cumsum(0) - counts
        uniform = torch.rand(count, generator=rng, device=device)
        offsets = (uniform * counts[labels]).long().clamp(max=counts[labels] - 1)
        return self.images[order[starts[labels] + offsets]].float() / 255, labels


def fit_gan(
    name: str,
    recipe: Recipe,
    data: Labelled,
    settings: GANSettings,
    say: Say,
    snapshot: Path | None = None,
) -> nn.Module:
    """Train a GAN, and return its averaged generator in eval mode.

    Args:
        name: Of the generator, for what is said.
        recipe: Networks, losses and regularisers.
        data: The training images, and no others.
        settings: How long, how large, the seed.
        say: Takes lines about the progress.
        snapshot: A file that an interrupted training goes on from; removed at the end. With a
            network for each class, each has a file of its own beside it.

    Raises:
        DivergedError: In one line, as soon as a loss is no number.
    """
    if not recipe.per_class or data.n_classes == 1:
        return _fit(name, recipe, data, settings, say, snapshot)
    networks = []
    for label, steps in enumerate(_shares(settings.steps, data.n_classes)):
        seed = derive(settings.seed, "gan-class", label)
        part = replace(settings, steps=steps, seed=seed)
        file = snapshot and snapshot.with_name(f"{snapshot.name}-{label}")
        title = f"{name}, class {label + 1} of {data.n_classes}"
        network = _fit(title, recipe, data.of_class(label), part, say, file)
        networks.append(network)
    return PerClass(networks).eval()


def _shares(steps: int, n_classes: int) -> list[int]:
    """Divide steps among classes, at least one each."""
    return [max(1, steps // n_classes + (label < steps % n_classes)) for label in range(n_classes)]


def _fit(
    name: str,
    recipe: Recipe,
    data: Labelled,
    settings: GANSettings,
    say: Say,
    snapshot: Path | None,
) -> Generator:
    game = Game(recipe, data, settings)
    if snapshot is not None and snapshot.is_file() and game.load(snapshot):
        say(f"{name}: goes on at step {game.step} of {settings.steps}")
    with progress(name, settings.steps, say) as tick:
        while game.step < settings.steps:
            losses = game.play()
            if not all(map(math.isfinite, losses)):
                raise DivergedError(
                    f"the generator {name} diverged: after step {game.step} of {settings.steps} "
                    f"its losses are {losses[0]:.3g} and {losses[1]:.3g}"
                )
            if snapshot is not None and game.step % SNAPSHOT_EVERY == 0:
                write_snapshot(snapshot, game.state())
            tick(game.step, f"losses {losses[0]:.2f} and {losses[1]:.2f}")
    if snapshot is not None:
        remove_file(snapshot)
    return game.averaged_generator()


@final
class Game:
    """Generator against discriminator, with the average of the generator's weights.

    Random numbers of a step follow from the seed and the number of the step, so that a game goes on
    as if it had not been interrupted.

    Args:
        recipe: Networks, losses and regularisers.
        data: The training images.
        settings: How large the networks are, and the seed.
    """

    def __init__(self, recipe: Recipe, data: Labelled, settings: GANSettings) -> None:
        self.recipe, self.data, self.settings = recipe, data, settings
        self.step = 0
        channels, size = data.images.shape[1:3]
        device = data.images.device
        with seeded(device, settings.seed, "gan-init"):
            self.generator = Generator(
                channels,
                size,
                data.n_classes,
                width=settings.width,
                dim=settings.dim,
                attention=recipe.attention,
            ).to(device)
            self.discriminator = Discriminator(
                channels,
                size,
                data.n_classes,
                width=settings.width * 3 // 2,
                norm=recipe.norm,
                attention=recipe.attention,
            ).to(device)
        for network in (self.generator, self.discriminator):
            channels_last(network)
        self.average = copy.deepcopy(self.generator).requires_grad_(requires_grad=False)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), lr=lr, betas=recipe.betas)
            for network, lr in (
                (self.generator, recipe.generator_lr),
                (self.discriminator, recipe.discriminator_lr),
            )
        ]
        self.losses = LOSSES[recipe.loss]
        self.generator_loss = 0.0

    def play(self) -> tuple[float, float]:
        """Train the discriminator, and at every turn the generator; return both losses."""
        rng = make_rng(self.data.images.device, self.settings.seed, "gan-step", self.step)
        loss = self._train_discriminator(rng)
        self.step += 1
        if self.step % self.recipe.turns == 0:
            self.generator_loss = self._train_generator(rng)
        return loss, self.generator_loss

    def state(self) -> dict[str, Any]:
        """Return what the game goes on from."""
        return {
            "step": self.step,
            "generator_loss": self.generator_loss,
            "networks": [network.state_dict() for network in self._networks()],
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }

    def load(self, snapshot: Path) -> bool:
        """Restore the state of a file; return False, and begin anew, where it is damaged."""
        begin = copy.deepcopy(self.state())
        try:
            self._load(read_snapshot(snapshot))
        except (UserError, KeyError, TypeError, ValueError, RuntimeError):
            self._load(begin)
            return False
        return True

    @torch.no_grad()
    def averaged_generator(self) -> Generator:
        """Return the averaged generator in eval mode, with statistics of its own weights.

        Running statistics that were copied from the generator in training belong to other weights.
        """
        average = self.average
        norms = [layer for layer in average.modules() if isinstance(layer, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all batches
        average.train()
        for number in range(STATISTICS):
            rng = make_rng(self.data.images.device, self.settings.seed, "gan-statistics", number)
            average(*self._noise(BATCH, rng))
        return average.eval()

    def _networks(self) -> tuple[nn.Module, ...]:
        return self.generator, self.discriminator, self.average

    def _load(self, state: dict[str, Any]) -> None:
        for network, weights in zip(self._networks(), state["networks"], strict=True):
            network.load_state_dict(weights)
        for optimiser, moments in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(moments)
        self.step, self.generator_loss = int(state["step"]), float(state["generator_loss"])

    def _noise(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw noise (count, dim) and classes (count,)."""
        device = self.data.images.device
        noise = torch.randn((count, self.settings.dim), generator=rng, device=device)
        labels = torch.randint(self.data.n_classes, (count,), generator=rng, device=device)
        return noise, labels

    def _seen(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Return images as the discriminator sees them."""
        return diff_augment(images, rng) if self.recipe.augment else images

    def _train_discriminator(self, rng: torch.Generator) -> float:
        (real, labels), noise = self.data.draw(BATCH, rng), self._noise(BATCH, rng)[0]
        with torch.no_grad():
            fake = self._seen(self.generator(noise, labels), rng)
        real = self._seen(real, rng)

        def score(images: Tensor) -> Tensor:
            scores: Tensor = self.discriminator(images, labels)
            return scores

        loss = self.losses.discriminator(score(real), score(fake))
        total = loss + self._penalty(score, real, fake, rng)
        _descend(self.optimisers[1], total)
        return float(total.detach())

    def _penalty(
        self, score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor:
        penalty = real.new_zeros(())
        if self.recipe.gradient_penalty:
            mixture = torch.rand(len(real), generator=rng, device=real.device)
            penalty = self.recipe.gradient_penalty * gradient_penalty(score, real, fake, mixture)
        if self.recipe.r1:
            penalty = penalty + self.recipe.r1 * r1_penalty(score, real)
        return penalty

    def _train_generator(self, rng: torch.Generator) -> float:
        noise, labels = self._noise(BATCH, rng)
        fake = self._seen(self.generator(noise, labels), rng)
        loss = self.losses.generator(self.discriminator(fake, labels))
        _descend(self.optimisers[0], loss)
        pairs = zip(self.average.parameters(), self.generator.parameters(), strict=True)
        with torch.no_grad():
            for mean, weight in pairs:
                mean.lerp_(weight, 1 - AVERAGE)
        return float(loss.detach())


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
