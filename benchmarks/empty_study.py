"""A study whose trials do nothing, to time the engine around them."""

import time
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from searchspace.domains import Choice, Float
from searchspace.space import Param, Space
from trainables.study.about import About, Score, Threat
from trainables.study.examination import Exam, Examination
from trainables.study.report import Report, Rung
from trainables.study.settings import StudySettings
from trainables.study.study import Config, Directions, Facts, Reference, Say, Study
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
MODULE = "empty_study:EmptyStudy"  # with this folder on the path


class Settings(StudySettings):
    """What a trial reads, and how long it takes."""

    about: ClassVar[About] = About(
        name="empty",
        title="nothing",
        cites=(),
        inputs="nothing",
        threat=Threat(words="none", unit="none", bounds=None, axis="ε", suffix="", scale=1.0),
        scores={"value": Score(words="value", direction="max")},
        kept="value",
        level="chance",
    )

    assets: int = Field(default=0, ge=0)  # bytes
    device: str = "cpu"
    epochs: int = Field(default=1, ge=1)
    step_s: float = Field(default=0.0, ge=0)
    seed: int = 0

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return (Rung(self.epochs, "value"),)


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
        """Load nothing."""


class EmptyStudy(Study[Settings]):
    """Has no references, no limits and no models."""

    settings = Settings

    def space(self, settings: Settings) -> Space:
        return SPACE

    def metrics(self, settings: Settings) -> Directions:
        return {"value": "max"}

    def references(self, settings: Settings) -> tuple[Reference, ...]:
        return ()

    def complete(self, point: Config, settings: Settings) -> dict[str, Any]:
        return dict(point)

    def limits(self, config: Config, settings: Settings) -> dict[str, float]:
        return {}

    def floor(self, settings: Settings) -> None:
        return None

    def prepare(self, settings: Settings, assets: Path, say: Say) -> Facts:
        (assets / FILE).write_bytes(bytes(settings.assets))
        return Facts(digests={}, lines=(), default_metric="value")

    def build(self, config: Config, settings: Settings, assets: Path) -> Trainable:
        if settings.assets:
            (assets / FILE).read_bytes()
        return Empty(config, settings.step_s)

    def illustrate(self, models: object, assets: Path, settings: Settings) -> tuple[()]:
        return ()

    def open_test(self, settings: Settings, assets: Path, folder: Path, say: Say) -> None:
        raise NotImplementedError

    def examine(self, model: Path, data: Path, settings: Settings, exam: Exam) -> Examination:
        raise NotImplementedError
