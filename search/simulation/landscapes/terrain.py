"""Made-up functions over a space: sums of effects, interplay, ruggedness and peaks."""

from dataclasses import dataclass
from typing import final

import numpy as np

from search.samplers.model.codes import Codec
from search.samplers.model.features import Floats

WIDTH = 3  # numbers that describe one parameter
WAVES = 64
PEAKS = 8


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How much of each kind of variation a function has, as weights; their squares add up.

    Attributes:
        single: Effects of single parameters.
        pairs: Effects of pairs.
        rugged: Waves over all parameters at once.
        peaks: Some bumps, far from each other.
    """

    single: float = 0.0
    pairs: float = 0.0
    rugged: float = 0.0
    peaks: float = 0.0


@final
class Terrain:
    """A function over a space with mean 0 and deviation 1, always the same for the same seed.

    Each parameter is described by a few numbers: an option by random ones, a number by cosines of
    its position, what is switched off by zeros. Everything else is made from these descriptions.

    Args:
        codec: Of the space whose points have a value.
        shape: What the function is made of.
        seed: Of all draws.
        sample: Codes of configs that fix mean and deviation, (N, P).
    """

    def __init__(self, codec: Codec, shape: Shape, seed: int, sample: Floats) -> None:
        generator = np.random.default_rng(seed)
        self._options = [
            generator.standard_normal((count, WIDTH)) if count else None for count in codec.options
        ]
        size = len(codec.options) * WIDTH
        self._single = generator.standard_normal(size)
        blocks = np.arange(size) // WIDTH
        pairs = generator.standard_normal((size, size))
        self._pairs = np.where(blocks[:, None] < blocks, pairs, 0.0)
        self._waves = generator.standard_normal((size, WAVES)) * 2.0 / np.sqrt(size)
        self._phases = generator.uniform(0, 2 * np.pi, WAVES)
        self._centres = self._describe(sample[:PEAKS])
        self._heights = np.linspace(1.0, 0.4, PEAKS)
        parts = self._parts(sample)
        weights = np.array([shape.single, shape.pairs, shape.rugged, shape.peaks])
        self._mean, self._deviation = parts.mean(axis=1), parts.std(axis=1)
        self._weights = weights / np.sqrt(np.square(weights).sum())
        self._scale = 1.0
        self._scale = float(self(sample).std())

    def __call__(self, codes: Floats) -> Floats:
        """Return the value of each config, (N,), from its codes, (N, P)."""
        parts = (self._parts(codes) - self._mean[:, None]) / self._deviation[:, None]
        return np.asarray(self._weights @ parts / self._scale)

    def _parts(self, codes: Floats) -> Floats:
        description = self._describe(codes)
        gaps = (
            np.square(description).sum(axis=1)[:, None]
            + np.square(self._centres).sum(axis=1)
            - 2 * description @ self._centres.T
        ) / self._centres.shape[1]
        return np.stack(
            [
                description @ self._single,
                ((description @ self._pairs) * description).sum(axis=1),
                np.cos(description @ self._waves + self._phases).sum(axis=1),
                (self._heights * np.exp(-gaps)).max(axis=1),
            ]
        )

    def _describe(self, codes: Floats) -> Floats:
        columns = []
        for column, options in enumerate(self._options):
            code = codes[:, column]
            active = ~np.isnan(code)
            filled = np.where(active, code, 0.0)
            if options is not None:
                description = options[filled.astype(int)]
            else:
                frequencies = np.arange(1, WIDTH + 1)
                description = np.cos(np.pi * filled[:, None] * frequencies) * 2 / frequencies
            columns.append(description * active[:, None])
        return np.concatenate(columns, axis=1)
