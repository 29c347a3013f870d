"""A study whose trials do nothing, to time what is around them."""

import time
from pathlib import Path
from typing import Any

from pydantic import Field

from searchspace.domains import Choice, Float
from searchspace.space import Param, Space
from trainables.runtime.config import Frozen, parse
from trainables.study.report import Report, Rung
from trainables.study.study import Config, Directions, Facts, Reference, Say
from trainables.study.trial import Trainable

SPACE = Space(
    "empty",
    (
        Param("x", Float(-1.0, 1.0), "anything"),
        Param("lr", Float(1e-3, 1.0, log=True), "anything"),
        Param("kind", Choice(("a", "b", "c")), "anything"),
    ),
)


FILE = "assets.bin"


class Settings(Frozen):
    """Nothing is fixed but the device, and what a trial reads and takes."""

    assets: int = Field(default=0, ge=0)
    device: str = "cpu"
    epochs: int = Field(default=1, ge=1)
    step_s: float = Field(default=0.0, ge=0)
    seed: int = 0


class Empty(Trainable):
    """Reports a parabola."""

    def __init__(self, config: Config, step_s: float) -> None:
        super().__init__()
        self.step_s = step_s
        self.value = -(float(config["x"]) ** 2)

    def step(self) -> None:
        """Do nothing, for a while."""
        if self.step_s:  # sleeping for 0 s takes longer than that
            time.sleep(self.step_s)

    def evaluate(self, rung: Rung) -> Report:
        """Report at once."""
        return Report(self.epoch, {rung.metric: self.value})

    def save(self, folder: Path) -> None:
        """Save nothing."""

    def state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def load_state(self, state: Any) -> None:  # noqa: ANN401
        """Take nothing over."""


def parse_settings(values: Config) -> Settings:
    return parse(Settings, values)


def space(settings: Settings) -> Space:
    return SPACE


def metrics(settings: Settings) -> Directions:
    return {"value": "max"}


def prepare(settings: Settings, assets: Path, say: Say) -> Facts:
    (assets / FILE).write_bytes(bytes(settings.assets))
    return Facts(digests={}, lines=(), default_metric="value")


def build(config: Config, settings: Settings, assets: Path) -> Trainable:
    if settings.assets:
        (assets / FILE).read_bytes()
    return Empty(config, settings.step_s)


def references(settings: Settings) -> tuple[Reference, ...]:
    return ()


def complete(sample: Config, settings: Settings) -> dict[str, Any]:
    return dict(sample)


def limits(config: Config, settings: Settings) -> dict[str, float]:
    return {}


def ladder(settings: Settings) -> tuple[Rung, ...]:
    return (Rung(settings.epochs, "value"),)


def floor(settings: Settings) -> None:
    return None
